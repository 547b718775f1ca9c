import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { asset } from '../../../../src/core/assets.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { configFiles } from '../../../../src/mta/powermta/config.ts';
import { assertGolden } from '../../../support/golden.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';
import { FULL_SCENARIO, PLAIN_SCENARIO, plannedMta, withHttp } from '../../../support/planned-mta.ts';

const knownDirectives = z
  .array(
    z.strictObject({
      name: z.string().min(1),
      in: z.array(z.string().min(1)).min(1),
      source: z.string().regex(/^ug \d/),
      mark: z.enum(['documented', 'observed', 'assumed']),
      says: z.string().min(1),
    }),
  )
  .parse(parse(readFileSync(asset('src', 'mta', 'powermta', 'directives.yaml'), 'utf8')));

/** Each directive of a configuration with the tag that it stands in; an expression stands for what has no name. */
function directivesIn(text: string): { name: string; place: string }[] {
  const open = ['global'];
  const found: { name: string; place: string }[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const place = open.at(-1) as string;
    const opening = /^<([a-z-]+)/.exec(line)?.[1];
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('</')) assert.equal(line, `</${open.pop()}>`);
    else if (opening !== undefined) {
      found.push({ name: opening, place });
      open.push(opening);
    } else if (line.startsWith('/')) assert.equal(place, 'bounce-category-patterns');
    else found.push({ name: line.split(' ')[0] as string, place });
  }
  assert.deepEqual(open, ['global']);
  return found;
}

const plans = {
  plain: await plannedMta(PLAIN_SCENARIO),
  full: withHttp(await plannedMta(FULL_SCENARIO), 'powermta'),
};

test('the configurations are as they were', () => {
  for (const [name, plan] of Object.entries(plans)) {
    const [config] = configFiles(plan);
    assertGolden(`test/golden/powermta-${name}.conf`, config?.text ?? '');
  }
});

test('every directive stands where the facts say that it may, and no fact is left unused', () => {
  const used = new Set<string>();
  for (const plan of Object.values(plans)) {
    for (const { name, text } of configFiles(plan)) {
      if (name.endsWith('.pem')) continue;
      for (const { name, place } of directivesIn(text)) {
        const known = knownDirectives.some((each) => each.name === name && each.in.includes(place));
        assert.ok(known, `${name} in ${place}`);
        used.add(`${name} in ${place}`);
      }
    }
  }
  const facts = knownDirectives.flatMap(({ name, in: places }) =>
    places.map((place) => `${name} in ${place}`),
  );
  assert.deepEqual(
    facts.filter((fact) => !used.has(fact)),
    [],
  );
  assert.equal(new Set(facts).size, facts.length, 'a fact is there twice');
});

test('passwords and keys are in files of their own', () => {
  const plan = plans.full;
  const files = configFiles(plan);
  assert.deepEqual(
    files.map(({ name, secret }) => [name, secret]),
    [
      ['config', false],
      ['smtp-certificate.pem', true],
      ['users', true],
      ['api-key', true],
    ],
  );
  assert.doesNotMatch(files[0]?.text ?? '', /s3cret|PRIVATE KEY|e6f1a0c2/);
  assert.equal(files[3]?.text, `http-api-key ${'e6f1a0c2'.repeat(5)}\n`);
  const { certificate } = plan.submission;
  assert.equal(files[1]?.text, `${certificate?.cert}${certificate?.key}`);
  assert.equal(
    files[2]?.text,
    '<smtp-user letters@sender.test>\n    password s3cret!\n    authentication-method password\n    source {auth}\n</smtp-user>\n',
  );
});

/** The lines of a configuration that begin with one of these words, without what stands around them. */
function linesOf(plan: MtaPlan, ...names: string[]): string[] {
  const [config] = configFiles(plan);
  return (config?.text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => names.includes(line.split(' ')[0] as string));
}

const sources = ['a', 'b', 'c'].map((vmta, index) => ({
  index,
  address: `198.18.128.${index + 1}`,
  helo: `${vmta}.sender.test`,
  vmta,
}));

test("an ISP's limits are divided among its queues, and a pool's weights are turns", () => {
  const isp = {
    id: 'gmail',
    domains: ['gmail.com', 'googlemail.com'],
    hosts: ['gmail-smtp-in.l.google.com', 'alt1.gmail-smtp-in.l.google.com'],
    concurrency: 20,
    rate: 6,
    replies: [],
  };
  const limits = ['max-smtp-out', 'max-msg-rate', 'backoff-max-msg-rate', 'mx'];
  const pool = (weights: Record<string, number>): MtaPlan['defaultPool'] => ({
    name: 'letters',
    members: Object.entries(weights).map(([vmta, weight]) => ({ vmta, weight })),
  });
  const rollup = 'mx *.l.google.com gmail.rollup rollup-by-ip';
  const table: { name: string; plan: Partial<MtaPlan>; limits: string[]; members: string }[] = [
    {
      name: 'three virtual MTAs, one queue each for both domains',
      plan: { isps: [isp] },
      limits: [rollup, 'max-smtp-out 6', 'max-msg-rate 2/s', 'backoff-max-msg-rate 1/5s'],
      members: 'a b c',
    },
    {
      name: 'hosts without a common name: a queue for each domain',
      plan: { isps: [{ ...isp, hosts: ['mx.gmail.com', 'mx.google.com'] }] },
      limits: ['max-smtp-out 3', 'max-msg-rate 1/s', 'backoff-max-msg-rate 1/10s'],
      members: 'a b c',
    },
    {
      name: 'one connection at least; a rate in no whole numbers',
      plan: { isps: [{ ...isp, domains: ['gmail.com'], concurrency: 1, rate: 0.011 }] },
      limits: ['max-smtp-out 1', 'max-msg-rate 13/60m', 'backoff-max-msg-rate 1/60m'],
      members: 'a b c',
    },
    {
      name: 'no limits asked for',
      plan: { isps: [{ ...isp, concurrency: undefined, rate: undefined }] },
      limits: [rollup],
      members: 'a b c',
    },
    {
      name: 'weights',
      plan: { isps: [], defaultPool: pool({ a: 3, b: 1 }) },
      limits: [],
      members: 'a b a.2 a.3',
    },
    {
      name: 'weights that differ by a fraction',
      plan: { isps: [], defaultPool: pool({ a: 1, b: 1.5, c: 2.5 }) },
      limits: [],
      members: 'a b c a.2 b.2 c.2 b.3 c.3 c.4 c.5',
    },
    {
      name: 'weights beyond all turns',
      plan: { isps: [], defaultPool: pool({ a: 70, b: 1 }) },
      limits: [],
      members: ['a b', ...Array.from({ length: 69 }, (_, n) => `a.${n + 2}`)].join(' '),
    },
  ];
  for (const row of table) {
    const plan = mtaPlan({ sources, ...row.plan });
    // The macro's and the rollup's settings are the same.
    assert.deepEqual([...new Set(linesOf(plan, ...limits))], row.limits, row.name);
    const members = linesOf(plan, 'virtual-mta').map((line) => line.split(' ')[1]);
    assert.equal(members.join(' '), row.members, row.name);
  }
});

test('listeners, TLS towards the ISPs, waits', () => {
  const table: { name: string; plan: Parameters<typeof mtaPlan>[0]; lines: string[] }[] = [
    {
      name: 'all addresses, no TLS',
      plan: { tls: 'none', retry: [60e6, 300e6, 5400e6], expire: 4 * 86400e6 },
      lines: [
        'smtp-listener 0.0.0.0:25',
        'retry-after 1m,5m,90m',
        'retry-recipients-after 1m',
        'bounce-after 4d',
        'use-starttls no',
        'require-starttls no',
      ],
    },
    {
      name: 'loopback, on another port; TLS if offered; less than a second is one',
      plan: {
        submission: { listen: 'loopback', port: 2525 },
        tls: 'opportunistic',
        retry: [0.2e6],
        expire: 90e6,
      },
      lines: [
        'smtp-listener 127.0.0.1:2525',
        'retry-after 1s',
        'retry-recipients-after 1s',
        'bounce-after 90s',
        'use-starttls yes',
        'require-starttls no',
      ],
    },
    {
      name: 'nothing without TLS',
      plan: { tls: 'required', retry: [7200e6], expire: 86400e6 },
      lines: [
        'smtp-listener 0.0.0.0:25',
        'retry-after 2h',
        'retry-recipients-after 2h',
        'bounce-after 1d',
        'use-starttls yes',
        'require-starttls yes',
      ],
    },
  ];
  const names = [
    'smtp-listener',
    'retry-after',
    'retry-recipients-after',
    'bounce-after',
    'use-starttls',
    'require-starttls',
  ];
  for (const { name, plan, lines } of table) assert.deepEqual(linesOf(mtaPlan(plan), ...names), lines, name);
});

test('what PowerMTA can not do is refused, and not written as something else', () => {
  const user = (name: string, password: string): Parameters<typeof mtaPlan>[0] => ({
    submission: { users: [{ user: name, password }] },
  });
  const table: [Parameters<typeof mtaPlan>[0], RegExp][] = [
    [{ submission: { addresses: ['127.0.0.1', '::1'] } }, /not known to listen on ::1/],
    [{ retry: Array<number>(31).fill(60e6) }, /mta\.retry has 31 waits/],
    [user('two words', 'secret'), /the user "two words"/],
    [user('a>', 'secret'), /the user "a>"/],
    [user('', 'secret'), /the user ""/],
    [user('a', ''), /the user "a"/],
    [user('a', 'with#comment'), /the user "a"/],
    [user('a', 'two words'), /the user "a"/],
    [user('a', 'quo"te'), /the user "a"/],
    [user('a', "quo'te"), /the user "a"/],
    [user('a', 'back\\slash'), /the user "a"/],
    [user('a', 'grün'), /the user "a"/],
    [user('a', 'x\nrun-as-root yes'), /the user "a"/],
  ];
  for (const [plan, message] of table) {
    assert.throws(
      () => configFiles(mtaPlan(plan)),
      (error: unknown) =>
        error instanceof HarnessError && error.kind === 'invalid-scenario' && message.test(error.message),
      String(message),
    );
  }
});
