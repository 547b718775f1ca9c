import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowance, sustained } from '../../../../fakes/isp/allowance.ts';
import { decide } from '../../../../fakes/isp/policy.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { type ResolvedIsp, type ResolveOptions, resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { IspState } from '../../../../fakes/isp/state.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const SECOND = 1e6;
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

/** Messages accepted from a source that tries every `step` until `end`. */
function greedy(isp: ResolvedIsp, end: number, step: number, source = 0): number {
  const client = at(isp);
  let accepted = 0;
  for (let now = 0; now < end; now += step) {
    // A connection for each message, so that none is over its ration.
    const { connection } = client.connect(source, now);
    if (client.send(connection, now, `u${now}.0@x.test`).endsWith('-dot')) accepted++;
    client.close(connection, now);
  }
  return accepted;
}

/** Limits alone. */
const NO_FATES = {
  mailboxes: { unknown: 0, full: 0, disabled: 0 },
  penalties: 'off',
  reputation: 'off',
} as const;

for (const [name, limits, end, step, expected] of [
  // 20/s and a burst of 200: 200 at once, then 20 a second for ten seconds less a millisecond.
  ['gmail', {}, 10 * SECOND, 1000, 200 + 199],
  ['gmail', { 'ip-rate': '60/m' }, 60 * SECOND, 10_000, 10 + 59],
  ['yahoo', {}, 10 * SECOND, 1000, 100 + 99],
  ['outlook', {}, 10 * SECOND, 1000, 50 + 49],
  [
    'outlook',
    { 'ip-rate': { rate: '1000/s', burst: 1000 }, 'ip-hour': { count: 30, per: '1m' } },
    180 * SECOND,
    100_000,
    90,
  ],
  ['outlook', { 'ip-rate': '0/s' }, 10 * SECOND, 1000, 0],
] as const) {
  test(`a greedy sender at ${name} with ${JSON.stringify(limits)} gets exactly ${expected} in ${end / SECOND} s`, () => {
    const isp = resolveIsp(loadProfile(name), { scale: 1, overrides: { ...NO_FATES, limits } });
    assert.equal(greedy(isp, end, step), expected);
  });
}

test('at scale 60 a second holds what a minute holds', () => {
  const overrides = { ...NO_FATES, limits: { 'ip-rate': '20/m' } };
  const isp = resolveIsp(loadProfile('gmail'), { scale: 60, overrides });
  assert.equal(greedy(isp, 60 * SECOND, 1000), 3 + 20 * 60 - 1);
});

test('each limit speaks at its stage, for its key, and what is over it costs nothing', () => {
  const bucket = { rate: '1/h', burst: 1 };
  for (const [name, line, heard] of [
    ['source at the dot', limitLine('l', bucket), ['T-dot', 'T4', 'T-dot', 'T4']],
    [
      'source at MAIL',
      limitLine('l', { ...bucket, stage: 'mail', reply: 'T2' }),
      ['T-dot', 'T2', 'T-dot', 'T2'],
    ],
    [
      'source at RCPT',
      limitLine('l', { ...bucket, stage: 'rcpt', unit: 'recipients', reply: 'T3' }),
      ['T-dot', 'T3', 'T-dot', 'T3'],
    ],
    ['netblock', limitLine('l', { ...bucket, key: 'netblock' }), ['T-dot', 'T4', 'T4', 'T4']],
    ['sender domain', limitLine('l', { ...bucket, key: 'sender-domain' }), ['T-dot', 'T4', 'T4', 'T-dot']],
    ['whole ISP', limitLine('l', { ...bucket, key: 'isp' }), ['T-dot', 'T4', 'T4', 'T4']],
    [
      'connection',
      limitLine('l', { key: 'connection', kind: 'window', count: 1, stage: 'mail', reply: 'hangup' }),
      ['T-dot', 'hangup', 'T-dot', 'hangup'],
    ],
    [
      'mailbox',
      limitLine('l', { ...bucket, key: 'mailbox', stage: 'rcpt', unit: 'recipients', reply: 'T3' }),
      ['T-dot', 'T3', 'T3', 'T3'],
    ],
    ['bytes', limitLine('l', { rate: '1/h', burst: 1500, unit: 'bytes' }), ['T-dot', 'T4', 'T-dot', 'T4']],
  ] as const) {
    const client = at(testIsp([line]));
    const first = client.connect(0, 0, 9).connection;
    const second = client.connect(1, 0, 9).connection;
    const got = [
      client.send(first),
      client.send(first),
      client.send(second),
      client.send(second, 0, 'u1.0@isp.test', 'other.test'),
    ];
    assert.deepEqual(got, heard, name);
  }
});

test('a limit by DKIM domain counts what was signed, and nobody else', () => {
  const client = at(testIsp([limitLine('l', { rate: '1/h', burst: 1, key: 'dkim-domain' })]));
  assert.equal(client.state.readsSignatures, true);
  const { connection } = client.connect();
  const send = (domain?: string): string => {
    client.mail(connection);
    return client.dot(connection, 0, ['u@isp.test'], 1000, domain);
  };
  assert.deepEqual(
    [send('a.test'), send('a.test'), send('b.test'), send(), send(), send('a.test')],
    ['T-dot', 'T4', 'T-dot', 'T-dot', 'T-dot', 'T4'],
  );
  assert.equal(allowance(client.state, [0], 0), 2 / 3600);
});

test('rations of a transaction: recipients, and bytes as they are announced and as they come', () => {
  const ration = { key: 'transaction', kind: 'window' };
  const client = at(
    testIsp([
      limitLine('recipients', { ...ration, unit: 'recipients', count: 2, stage: 'rcpt', reply: 'T3' }),
      limitLine('announced', { ...ration, unit: 'bytes', count: 5000, stage: 'mail', reply: 'T8' }),
      limitLine('size', { ...ration, unit: 'bytes', count: 5000, reply: 'T7' }),
    ]),
  );
  const { connection } = client.connect();
  const transaction = (bytes: number, size?: number): string[] => [
    client.mail(connection, 0, 'a.test', size),
    ...['a', 'b', 'c'].map((name) => client.rcpt(connection, `${name}@isp.test`)),
    client.dot(connection, 0, ['a@isp.test', 'b@isp.test'], bytes),
  ];
  const recipients = ['T-rcpt', 'T-rcpt', 'T3'];
  for (let n = 0; n < 3; n++) assert.deepEqual(transaction(5000), ['T-mail', ...recipients, 'T-dot']);
  assert.deepEqual(transaction(5001), ['T-mail', ...recipients, 'T7']);
  assert.deepEqual([transaction(1, 5001)[0], transaction(1, 5000)[0]], ['T8', 'T-mail']);
});

test('sources in one network for IPv6 are counted as one', () => {
  const { state } = at(testIsp([limitLine('l', { rate: '10/s', burst: 1 })]));
  const prng = createPrng(1);
  for (const source of [0, 1])
    decide(
      state,
      { kind: 'connect', connection: source, source, client: '2001:2:0:1::/64', netblock: 'n' },
      0,
      prng,
    );
  const send = (connection: number): string =>
    decide(state, { kind: 'dot', connection, recipients: ['u@isp.test'], bytes: 1 }, 0, prng).kind;
  assert.deepEqual([send(0), send(1)], ['accept', 'refuse']);
  assert.equal(allowance(state, [0, 1], 0), 10);
  assert.equal(allowance(state, [0, 1, 2], 0), 20, 'one that has not connected is in a network of its own');
});

test('the second of two limits refuses before the first is charged', () => {
  const client = at(
    testIsp([
      limitLine('a', { rate: '1/s', burst: 10 }),
      limitLine('b', { rate: '1/h', burst: 1, key: 'sender-domain' }),
    ]),
  );
  const { connection } = client.connect();
  const heard = Array.from({ length: 15 }, () => client.send(connection));
  assert.deepEqual([heard[0], heard[1], heard[14]], ['T-dot', 'T4', 'T4']);
  // Fourteen refusals later nine are left in the first bucket.
  const others = Array.from({ length: 10 }, (_, n) =>
    client.send(connection, 0, 'u1.0@isp.test', `d${n}.test`),
  );
  assert.deepEqual(others, [...Array<string>(9).fill('T-dot'), 'T4']);
});

test('a cap on connections: refused at connect, or at MAIL where an idle connection holds no place', () => {
  const cap = { kind: 'concurrency', unit: 'connections', max: 2 };
  const early = at(testIsp([limitLine('cap', { ...cap, stage: 'connect', reply: 'T1' })]));
  assert.deepEqual(
    [0, 0, 0, 1].map((source) => early.connect(source).heard),
    ['T-greeting', 'T-greeting', 'T1', 'T-greeting'],
  );
  // The one that was refused held no place; each of the others gives one back, once.
  early.close(2);
  assert.equal(early.connect(0).heard, 'T1');
  early.close(0);
  assert.deepEqual([early.connect(0).heard, early.connect(0).heard], ['T-greeting', 'T1']);

  const late = at(testIsp([limitLine('cap', { ...cap, stage: 'mail', reply: 'T8' })]));
  const [a, b, c] = [0, 0, 0].map((source) => late.connect(source).connection) as [number, number, number];
  assert.deepEqual(
    [late.mail(c), late.mail(a), late.mail(b), late.mail(a)],
    ['T-mail', 'T-mail', 'T8', 'T-mail'],
  );
  late.close(c);
  assert.equal(late.mail(b), 'T-mail');
});

test('incidents begin and end on the microsecond, for the sources that they name', () => {
  const limits = { 'ip-rate': '0/s' };
  for (const [name, source, options, expected] of [
    ['for all', 0, { start: 10 * SECOND, end: 20 * SECOND, limits }, 'accept refuse refuse accept'],
    [
      'for this one',
      3,
      { start: 10 * SECOND, end: 20 * SECOND, sources: [3], limits },
      'accept refuse refuse accept',
    ],
    [
      'for another',
      3,
      { start: 10 * SECOND, end: 20 * SECOND, sources: [4], limits },
      'accept accept accept accept',
    ],
  ] as const) {
    const isp = resolveIsp(loadProfile('gmail'), { scale: 1, overrides: NO_FATES, incidents: [options] });
    const client = at(isp);
    const { connection } = client.connect(source);
    const moments = [10 * SECOND - 1, 10 * SECOND, 20 * SECOND - 1, 20 * SECOND + 50_000];
    const heard = moments.map((now) => (client.send(connection, now) === 'G-dot' ? 'accept' : 'refuse'));
    assert.equal(heard.join(' '), expected, name);
  }
});

test('whoever comes late finds what everybody finds: a bucket that an incident has emptied', () => {
  const limits = { x: { rate: '1/s', burst: 1 } };
  const incidents = [{ start: 5 * SECOND, end: 10 * SECOND, limits }];
  for (const [key, expected] of [
    ['source', 1 + 5],
    ['netblock', 1 + 5],
    ['sender-domain', 1 + 5],
    ['isp', 1 + 5],
    // A connection has not been there before.
    ['connection', 10],
  ] as const) {
    const isp = testIsp([limitLine('x', { key, rate: '10/s', burst: 10 })], [], { incidents });
    for (const came of [0, undefined]) {
      const client = at(isp);
      if (came !== undefined) client.deliver(came);
      const { connection } = client.connect(0, 10.5 * SECOND);
      let taken = 0;
      while (client.send(connection, 10.5 * SECOND) === 'T-dot') taken++;
      assert.equal(taken, expected, `${key}, came at ${came}`);
    }
  }
});

test('whoever comes late finds what a penalty has left', () => {
  const step = '{ for: 5s, limits: { x: 10% } }';
  const more = `penalties: { source: { on: [y], after: 1, per: 1m, forget: 1m, levels: [[${step}]], source: test, mark: assumed } }\n`;
  const lines = [
    limitLine('y', { key: 'connection', kind: 'window', count: 1, stage: 'mail', reply: 'T2' }),
    limitLine('x', { rate: '10/s', burst: 10 }),
  ];
  const client = at(testIsp(lines, [], {}, more));
  const first = client.connect(0, 0).connection;
  assert.deepEqual([client.mail(first, 0), client.mail(first, 0)], ['T-mail', 'T2']);
  let taken = 0;
  while (client.deliver(5.5 * SECOND) === 'T-dot') taken++;
  assert.equal(taken, 1 + 5);
});

test('the fate of a mailbox depends on seed, ISP and address alone', () => {
  const fates = (id: string, seed: number, addresses: readonly string[]): string => {
    const client = at(
      resolveIsp(loadProfile('gmail'), {
        id,
        scale: 1,
        overrides: {
          limits: { 'recipients-per-message': 1000 },
          mailboxes: { unknown: '10%', full: '10%', disabled: 0 },
        },
      }),
      createPrng(seed),
    );
    const { connection } = client.connect();
    return addresses.map((address) => client.rcpt(connection, address)).join(' ');
  };
  const addresses = Array.from({ length: 1000 }, (_, n) => `u${n}.0@gmail.com`);
  const told = fates('gmail', 42, addresses);
  assert.equal(
    fates(
      'gmail',
      42,
      addresses.map((a) => a.toUpperCase()),
    ),
    told,
  );
  assert.equal(
    fates('gmail', 42, [...addresses].reverse())
      .split(' ')
      .reverse()
      .join(' '),
    told,
  );
  assert.notEqual(fates('gmail', 43, addresses), told);
  assert.notEqual(fates('other', 42, addresses), told);
  const count = (id: string): number => told.split(' ').filter((heard) => heard === id).length;
  // Exact for this seed; 100 ± 28 (three standard deviations) for any.
  assert.deepEqual([count('G15'), count('G17'), count('G-rcpt')], [87, 107, 806]);
});

test('after the dot one reply stands for all: a refusal only if nobody can be delivered', () => {
  const isp = resolveIsp(loadProfile('yahoo'), {
    scale: 1,
    overrides: { mailboxes: { unknown: '50%', full: 0, disabled: 0 } },
  });
  const client = at(isp);
  const { connection } = client.connect();
  const addresses = Array.from({ length: 20 }, (_, n) => `u${n}.0@yahoo.com`);
  const alone = (address: string): string => client.dot(connection, 0, [address]);
  const dead = addresses.filter((a) => alone(a) === 'Y23');
  const alive = addresses.filter((a) => alone(a) === 'Y-dot');
  assert.ok(dead.length > 1 && alive.length > 1 && dead.length + alive.length === 20);
  assert.equal(client.rcpt(connection, dead[0] as string), 'Y-rcpt');
  assert.equal(client.dot(connection, 0, dead), 'Y23');
  assert.equal(client.dot(connection, 0, [...dead, alive[0] as string]), 'Y-dot');
});

test('decisions change the state, never the ISP', () => {
  const options: ResolveOptions = {
    scale: 60,
    incidents: [{ start: 1, end: 5, sources: [0], limits: { 'ip-rate': '1/m' } }],
  };
  for (const name of ['gmail', 'yahoo', 'outlook']) {
    const client = at(freeze(resolveIsp(loadProfile(name), options)));
    for (let n = 0; n < 50; n++) {
      const { connection } = client.connect(n % 3, n);
      client.send(connection, n, `u${n}.0@x.test`);
      client.close(connection, n);
    }
    assert.equal(client.state.connections.size, 0);
  }
});

test('an event of a connection that was never opened is a bug', () => {
  assert.throws(() => at(testIsp()).mail(5), /connection 5 was never opened/);
});

test('accounts with nothing used are forgotten when they pile up', () => {
  const line = limitLine('l', {
    rate: '1/s',
    burst: 1,
    key: 'mailbox',
    stage: 'rcpt',
    unit: 'recipients',
    reply: 'T3',
  });
  const client = at(testIsp([line]));
  const { connection } = client.connect();
  const size = (state: IspState): number => state.tables[0]?.accounts.size ?? 0;
  for (let n = 0; n < 50_000; n++) client.rcpt(connection, `u${n}.0@isp.test`, n * 1000);
  assert.ok(size(client.state) <= 16_384);
  // One that is used is not.
  assert.equal(client.rcpt(connection, 'u49999.0@isp.test', 50_000 * 1000), 'T3');
});

test('sustained and allowance', () => {
  const rate = (perSecond: number, fields: Record<string, string | number> = {}): string =>
    limitLine(`l${perSecond}`, { rate: `${perSecond}/s`, burst: 5, ...fields });
  const hour = limitLine('hour', { kind: 'window', count: 10, per: '10s' });
  for (const [name, lines, sent, each, sum] of [
    ['no limit', [], 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['a rate', [rate(4)], 0, 4, 12],
    ['the least of two', [rate(4), rate(3, { stage: 'rcpt', unit: 'recipients', reply: 'T3' })], 0, 3, 9],
    ['a window', [hour], 0, 1, 3],
    ['a window that is used up', [hour], 10, 0, 2],
    [
      'bytes and connections are lines of their own',
      [rate(4, { unit: 'bytes' }), rate(5, { unit: 'connections', stage: 'connect', reply: 'T1' })],
      0,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ],
    ['a netblock of two and one of one', [rate(4), rate(6, { key: 'netblock' })], 0, 4, 10],
    ['the ISP', [rate(4), rate(7, { key: 'isp' })], 0, 4, 7],
    ['a sender domain', [rate(4), rate(5, { key: 'sender-domain' })], 1, 4, 5],
  ] as const) {
    const client = at(testIsp(lines));
    const connections = [0, 1, 2].map((source) => client.connect(source, 0, source === 2 ? 8 : 7).connection);
    for (let n = 0; n < sent; n++) client.send(connections[0] as number);
    assert.deepEqual(
      [sustained(client.state, 0, 0), allowance(client.state, [0, 1, 2], 0)],
      [each, sum],
      name,
    );
  }
});

test('sustained follows an incident', () => {
  const incidents = [{ start: 10 * SECOND, end: 20 * SECOND, sources: [1], limits: { 'ip-rate': '60/m' } }];
  const { state } = at(resolveIsp(loadProfile('gmail'), { scale: 1, incidents }));
  const line = (): number[] => [0, 10 * SECOND, 20 * SECOND].map((now) => sustained(state, 1, now));
  assert.deepEqual(line(), [20, 1, 20]);
  assert.equal(sustained(state, 0, 10 * SECOND), 20);
});
