import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IspLint, lintPatterns } from '../../../../src/lab/mta/pattern-lint.ts';
import { configFiles } from '../../../../src/mta/powermta/config.ts';
import { readConfig, valuesFor } from '../../../../src/mta/powermta/read-config.ts';
import { FULL_SCENARIO, PLAIN_SCENARIO, plannedMta } from '../../../support/planned-mta.ts';

const NOW = new Date('2026-11-28T12:00:00Z');

function lintOf(isp: string, text: string): IspLint {
  const found = lintPatterns(text, NOW).isps.find((each) => each.isp === isp);
  assert.ok(found);
  return found;
}

const ids = (replies: IspLint['missed']): string[] => replies.map(({ id }) => id);

/** Patterns for what ISPs said ten years ago, as they are still copied from place to place. */
const OF_OLD = `
<smtp-pattern-list errors>
    reply /HVU:B1/ mode=backoff
    reply /421 Message temporarily deferred/ mode=backoff
    reply /\\[GL01\\] Message from/ mode=backoff
    reply /\\[TS0[123]\\] Messages from/ mode=backoff
    reply /exceeded the rate limit/ mode=backoff
    reply /exceeded the connection limit/ mode=backoff
</smtp-pattern-list>
<domain *>
    smtp-pattern-list errors   # for everybody
</domain>
`;

test('a list of old knows nothing of what ISPs say today', () => {
  const { isps, notes } = lintPatterns(OF_OLD, NOW);
  assert.deepEqual(notes, []);
  assert.deepEqual(
    isps.map(({ isp, lists }) => [isp, lists]),
    [
      ['gmail', ['errors']],
      ['outlook', ['errors']],
      ['yahoo', ['errors']],
    ],
  );
  for (const { missed, throttling, worse, needless, advice } of isps) {
    assert.equal(missed.length, throttling);
    assert.deepEqual([worse, needless], [[], []]);
    assert.deepEqual(
      advice.map((sentence) => sentence.split(':')[0]),
      ['a queue that backs off stays slow', 'backoff is as fast as before'],
    );
  }
  const yahoo = lintOf('yahoo', OF_OLD);
  assert.ok(ids(yahoo.missed).includes('Y1'));
  assert.ok(!ids(yahoo.missed).includes('Y5'), 'TS01 is not said any more');
});

test('what windtunnel writes itself has nothing to find', async () => {
  for (const scenario of [PLAIN_SCENARIO, FULL_SCENARIO]) {
    const [config] = configFiles(await plannedMta(scenario));
    for (const { missed, worse, needless, advice, isp } of lintPatterns(config?.text ?? '', NOW).isps)
      assert.deepEqual([missed, worse, needless, advice], [[], [], [], []], isp);
  }
});

/** A configuration with these patterns for all domains. */
function config(...rules: string[]): string {
  return [
    '<smtp-pattern-list all>',
    ...rules.map((rule) => `reply ${rule}`),
    '</smtp-pattern-list>',
    '<domain *>',
    'smtp-pattern-list all',
    'backoff-to-normal-after 1h',
    'backoff-max-smtp-out 1',
    '</domain>',
  ].join('\n');
}

test('what a pattern does, by its actions and its place', () => {
  const all = lintOf('outlook', config()).missed.length;
  const table: { name: string; rules: string[]; o1: 'missed' | 'worse' | 'met'; needless?: string }[] = [
    { name: 'backoff', rules: ['/4\\.7\\.650/ mode=backoff'], o1: 'met' },
    { name: 'a deferred queue', rules: ['/4\\.7\\.650/ defer-queue'], o1: 'met' },
    {
      name: 'a source that rests',
      rules: ['/4\\.7\\.650/ disable-source-ip,reenable-after=1h'],
      o1: 'met',
    },
    { name: 'another mail host', rules: ['/4\\.7\\.650/ skip-mx'], o1: 'missed' },
    { name: 'a queue that is bounced', rules: ['/4\\.7\\.650/ bounce-queue'], o1: 'worse' },
    {
      name: 'the first of conflicting patterns',
      rules: ['/rate limited/ mode=normal', '/4\\.7\\.650/ mode=backoff'],
      o1: 'worse',
    },
    { name: 'any case', rules: ['/IP REPUTATION/ mode=backoff'], o1: 'met' },
    { name: 'one case', rules: ['/(?-i)IP REPUTATION/ mode=backoff'], o1: 'missed' },
    { name: 'the begin', rules: ['/^451 4.7.650 The mail server/ mode=backoff'], o1: 'met' },
    { name: 'a comment in the middle', rules: ['/4\\.7\\.650 # no longer/ mode=backoff'], o1: 'missed' },
    { name: 'all temporary refusals', rules: ['/^4/ mode=backoff'], o1: 'met', needless: 'O16' },
  ];
  for (const { name, rules, o1, needless } of table) {
    const { missed, worse, needless: also, throttling } = lintOf('outlook', config(...rules));
    const place = ids(missed).includes('O1') ? 'missed' : ids(worse).includes('O1') ? 'worse' : 'met';
    assert.equal(place, o1, name);
    assert.equal(ids(also).includes(needless ?? 'O16'), needless !== undefined, name);
    assert.equal(throttling, all, name);
  }
});

test('a reply that is broken into lines is matched across them', () => {
  const { missed } = lintOf(
    'gmail',
    config('/unusual rate of unsolicited mail originating from your IP/ mode=backoff'),
  );
  assert.ok(!ids(missed).includes('G2'));
  assert.ok(ids(missed).includes('G1'));
});

test('what can not be looked at is said', () => {
  const text = `include /etc/pmta/more\n${config('/a(?<=b*+)/ mode=backoff')}`;
  assert.deepEqual(lintPatterns(text, NOW).notes, [
    'line 1: /etc/pmta/more was not read',
    "line 3: /a(?<=b*+)/ can't be tried here",
  ]);
  const { lists, advice } = lintOf('gmail', '<domain gmail.com>\nsmtp-pattern-list away\n</domain>');
  assert.deepEqual([lists, advice], [['away'], ['the smtp-pattern-list away is not in this file']]);
  assert.deepEqual(lintOf('gmail', '').lists, []);
  assert.deepEqual(lintOf('gmail', '<domain *>\nsmtp-pattern-list ""\n</domain>').lists, []);
});

test('a domain has what is said nearest to it', () => {
  const read = readConfig(`
domain-macro top com, co.uk
<domain *>
    smtp-pattern-list all
    retry-after 10m
</domain>
<domain yahoo.$top>
    smtp-pattern-list yahoo
</domain>
<domain *.example.com>
    retry-after 1h
</domain>
<virtual-mta one>
    smtp-source-host 192.0.2.1 one.example.com
    <domain yahoo.com>
        smtp-pattern-list careful
    </domain>
</virtual-mta>
`);
  const table: [string, string, string[]][] = [
    ['yahoo.com', 'smtp-pattern-list', ['yahoo', 'careful']],
    ['yahoo.co.uk', 'smtp-pattern-list', ['yahoo']],
    ['yahoo.fr', 'smtp-pattern-list', ['all']],
    ['yahoo.com', 'retry-after', ['10m']],
    ['mail.example.com', 'retry-after', ['1h']],
    ['mail.example.com', 'smtp-pattern-list', ['all']],
    ['gmail.com', 'bounce-after', []],
  ];
  for (const [domain, directive, values] of table)
    assert.deepEqual(valuesFor(read, domain, directive), values, `${directive} of ${domain}`);
});
