import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { Resolver } from 'node:dns/promises';
import { test } from 'node:test';
import { checkClient, checkMessage, organisationOf } from '../../../../fakes/isp/check-message.ts';
import type { DnsFailures } from '../../../../fakes/isp/lab-resolver.ts';
import { type Letter, SOURCE, SOURCE6, senderDns, writeLetter } from '../../../support/signed-mail.ts';

const MTA = 'mx.isp.test';
const ELSEWHERE = { address: '198.18.128.99', helo: 'nobody.test' };

/** Results on one line: `spf dkim(domain) dmarc/policy aligned`. */
async function results(
  mailFrom: string,
  letter: Letter,
  { source = SOURCE, failures }: { source?: typeof SOURCE; failures?: DnsFailures } = {},
): Promise<string> {
  const client = { ...source, sender: mailFrom, tls: true };
  const { spf, dkim, dmarc, aligned } = await checkMessage(
    senderDns(failures),
    client,
    await writeLetter(letter),
    MTA,
  );
  return [
    spf.result + (spf.open ? '!' : ''),
    dkim.result + (dkim.domain === '' ? '' : `(${dkim.domain})`),
    `${dmarc.result}/${dmarc.policy ?? '-'}`,
    aligned ? 'aligned' : '-',
  ].join(' ');
}

const by = (domain: string): Letter => ({ from: `news@${domain}`, signedBy: domain });
const unsigned = (domain: string): Letter => ({ from: `news@${domain}` });

/** DNS fails for questions that have this in them. */
const failing =
  (part: string, code: 'ESERVFAIL' | 'ETIMEOUT' = 'ESERVFAIL'): DnsFailures =>
  (name, type) =>
    `${type} ${name}`.includes(part) ? code : undefined;

test('SPF, DKIM, DMARC and alignment of messages that were really signed', async (t) => {
  const table: [
    about: string,
    mailFrom: string,
    letter: Letter,
    options: Parameters<typeof results>[2],
    expected: string,
  ][] = [
    ['all good', 'b@good.test', by('good.test'), {}, 'pass pass(good.test) pass/reject aligned'],
    [
      'all good over IPv6',
      'b@good.test',
      by('good.test'),
      { source: SOURCE6 },
      'pass pass(good.test) pass/reject aligned',
    ],
    ['a bounce: SPF is about HELO', '', by('good.test'), {}, 'none pass(good.test) pass/reject aligned'],
    ['SPF alone', 'b@good.test', unsigned('good.test'), {}, 'pass none pass/reject aligned'],
    [
      'DKIM alone, forwarded',
      'b@bare.test',
      by('good.test'),
      { source: ELSEWHERE },
      'none pass(good.test) pass/reject aligned',
    ],
    [
      'changed on its way',
      'b@good.test',
      { ...by('good.test'), spoilt: true },
      {},
      'pass fail(good.test) pass/reject aligned',
    ],
    [
      'changed, and from elsewhere',
      'b@good.test',
      { ...by('good.test'), spoilt: true },
      { source: ELSEWHERE },
      'fail fail(good.test) fail/reject -',
    ],
    [
      'signed by a domain without a key',
      'b@good.test',
      { from: 'x@good.test', signedBy: 'bare.test' },
      {},
      'pass fail(bare.test) pass/reject aligned',
    ],
    [
      'a subdomain is aligned if that is relaxed',
      'b@news.good.test',
      by('news.good.test'),
      {},
      'pass pass(news.good.test) pass/reject aligned',
    ],
    [
      'the organisation signs for a subdomain',
      'b@bare.test',
      { from: 'x@news.good.test', signedBy: 'good.test' },
      {},
      'none pass(good.test) pass/reject aligned',
    ],
    [
      'strict alignment fails, though the organisation is the same',
      'b@bounce.strict.test',
      { from: 'x@strict.test', signedBy: 'bounce.strict.test' },
      {},
      'pass pass(bounce.strict.test) fail/reject aligned',
    ],
    [
      'both pass for somebody else',
      'b@nodmarc.test',
      { from: 'x@good.test', signedBy: 'nodmarc.test' },
      {},
      'pass pass(nodmarc.test) fail/reject -',
    ],
    ['neither, policy none', 'b@watching.test', unsigned('watching.test'), {}, 'softfail none fail/none -'],
    [
      'neither, policy quarantine',
      'b@quarantine.test',
      unsigned('quarantine.test'),
      {},
      'softfail none fail/quarantine -',
    ],
    [
      'a DMARC record without a policy',
      'b@undecided.test',
      by('undecided.test'),
      {},
      'pass pass(undecided.test) none/- aligned',
    ],
    ['no DMARC', 'b@nodmarc.test', by('nodmarc.test'), {}, 'pass pass(nodmarc.test) none/- aligned'],
    ['nothing at all', 'b@bare.test', unsigned('bare.test'), {}, 'none none none/- -'],
    ['hard fail', 'b@hard.test', unsigned('hard.test'), {}, 'fail none none/- -'],
    [
      'everyone may send',
      'b@open.test',
      by('open.test'),
      { source: ELSEWHERE },
      'pass! pass(open.test) pass/none aligned',
    ],
    [
      'SPF of a service, included',
      'b@outsourced.test',
      unsigned('outsourced.test'),
      {},
      'pass none none/- aligned',
    ],
    [
      'an SPF record that nobody can read',
      'b@broken.test',
      unsigned('broken.test'),
      {},
      'permerror none none/- -',
    ],
    [
      'SPF can not be told',
      'b@good.test',
      unsigned('good.test'),
      { failures: failing('TXT good.test') },
      'temperror none fail/reject -',
    ],
    [
      'nor what it includes',
      'b@outsourced.test',
      unsigned('outsourced.test'),
      { failures: failing('TXT _spf.esp.test', 'ETIMEOUT') },
      'temperror none none/- -',
    ],
    [
      'the key can not be had',
      'b@bare.test',
      by('good.test'),
      { failures: failing('_domainkey') },
      'none temperror(good.test) fail/reject -',
    ],
    [
      'the policy can not be told',
      'b@good.test',
      by('good.test'),
      { failures: failing('_dmarc') },
      'pass pass(good.test) temperror/- aligned',
    ],
    [
      'DNS is dead',
      'b@good.test',
      by('good.test'),
      { failures: () => 'ETIMEOUT' },
      'temperror temperror(good.test) temperror/- -',
    ],
  ];
  for (const [about, mailFrom, letter, options, expected] of table) {
    await t.test(about, async () => assert.equal(await results(mailFrom, letter, options), expected));
  }
});

test('who connects: reverse DNS, HELO, the domain of MAIL FROM', () => {
  const own = new Set(['mx.isp.test']);
  const client = { ...SOURCE, sender: 'b@good.test', tls: false };
  const found = { tls: false, ipv6: false, reverse: 'pass', ownHelo: false, mailDomain: 'exists' };
  const table: [change: Partial<typeof client>, failures: DnsFailures | undefined, expected: object][] = [
    [{}, undefined, found],
    [{ tls: true }, undefined, { ...found, tls: true }],
    [{ address: '2001:2:0:1::1' }, undefined, { ...found, ipv6: true }],
    [{ address: '2001:2:0:1:0:0:0:1' }, undefined, { ...found, ipv6: true }],
    [{ address: '198.18.128.99' }, undefined, { ...found, reverse: 'none' }],
    [{ helo: 'MX.isp.test' }, undefined, { ...found, ownHelo: true }],
    [{ sender: 'b@nowhere.test' }, undefined, { ...found, mailDomain: 'missing' }],
    [{ sender: 'b@GOOD.test' }, undefined, found],
    // It exists, in the zone of another.
    [{ sender: 'b@out1.good.test' }, undefined, found],
    [{ sender: '' }, undefined, found],
    [{}, failing('SOA'), { ...found, mailDomain: 'temperror' }],
    [{}, failing('PTR'), { ...found, reverse: 'temperror' }],
    [{}, failing('A out1'), { ...found, reverse: 'temperror' }],
  ];
  for (const [change, failures, expected] of table) {
    const result = checkClient(senderDns(failures), { ...client, ...change }, own);
    assert.deepEqual(result, expected, JSON.stringify(change));
  }
});

test('the domain in From must exist, and belongs to an organisation', async () => {
  const letter = await writeLetter({ from: 'a@deep.nowhere.co.uk' });
  const client = { ...SOURCE, sender: 'b@good.test', tls: true };
  const { fromDomain, organisation, fromExists } = await checkMessage(senderDns(), client, letter, MTA);
  assert.deepEqual(
    [fromDomain, organisation, fromExists],
    ['deep.nowhere.co.uk', 'nowhere.co.uk', 'missing'],
  );
  assert.deepEqual(['a.b.good.test', 'com', ''].map(organisationOf), ['good.test', 'com', '']);
});

test('checks never ask the real DNS', async () => {
  const asked: string[] = [];
  const hook = createHook({
    init: (_, type) => {
      if (/QUERYWRAP|GETADDRINFO|GETNAMEINFO|UDP|TCP/.test(type)) asked.push(type);
    },
  }).enable();
  try {
    await results('b@outsourced.test', by('good.test'));
    await results('b@unheard-of.example.com', by('gmail.com'), { source: ELSEWHERE });
    await results('', { from: 'a@example.org' }, { source: { ...SOURCE, helo: 'example.net' } });
    await results('b@good.test', by('good.test'), { failures: () => 'ETIMEOUT' });
    assert.equal(asked.join(), '');
    // So that it is known that the hook sees what a lookup does.
    const real = new Resolver();
    real.setServers(['127.0.0.1:1']);
    const lookup = real.resolve('example.org', 'TXT');
    real.cancel();
    await assert.rejects(lookup);
    assert.ok(asked.includes('QUERYWRAP'));
  } finally {
    hook.disable();
  }
});
