import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { credit, creditInAll } from '../../../../fakes/isp/credit.ts';
import { CreditMeter } from '../../../../fakes/isp/credit-meter.ts';
import { decide } from '../../../../fakes/isp/policy.ts';
import { QuotaUse } from '../../../../fakes/isp/quota-use.ts';
import type { ResolvedIsp, ResolveOptions } from '../../../../fakes/isp/resolve.ts';
import { createState, type IspState } from '../../../../fakes/isp/state.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const SECOND = 1e6;
const bucket = (name: string, rate: string, burst: number, fields = {}): string =>
  limitLine(name, { rate, burst, ...fields });
const window = (name: string, count: number, per: string): string =>
  limitLine(name, { kind: 'window', count, per });

for (const [name, limits, options, from, to, expected] of [
  ['a bucket', [bucket('a', '2/s', 10)], {}, 0, 10, 10 + 19],
  ['a bucket, one moment more', [bucket('a', '2/s', 10)], {}, 0, 10.000001, 10 + 20],
  ['a window', [window('a', 7, '10s')], {}, 0, 10, 7],
  ['windows', [window('a', 7, '10s')], {}, 0, 30.000001, 28],
  ['the least of two buckets', [bucket('a', '1/s', 10), bucket('b', '5/s', 2)], {}, 0, 1.000001, 2 + 5],
  ['a bucket and a window', [bucket('a', '1/s', 5), window('b', 8, '10s')], {}, 0, 20, 8 + 8],
  ['no limit', [], {}, 0, 1, Number.POSITIVE_INFINITY],
  [
    'what counts for others too is not in it',
    [bucket('a', '2/s', 1, { key: 'netblock' })],
    {},
    0,
    1,
    Number.POSITIVE_INFINITY,
  ],
  ['nothing', [bucket('a', '0/s', 0)], {}, 0, 100, 0],
  ['no time', [bucket('a', '2/s', 10)], {}, 5, 5, 0],
  [
    'tight first here, tight later there',
    [bucket('a', '1/s', 1), bucket('b', '100/s', 1)],
    {
      incidents: [
        { start: 10e6, end: 20e6, limits: { a: { rate: '100/s', burst: 1 }, b: { rate: '1/s', burst: 1 } } },
      ],
    },
    0,
    20,
    // The second that ends at 10 s has its unit then, in the slow half.
    1 + 9 + 1 + 9,
  ],
  [
    'an incident',
    [bucket('a', '10/s', 10)],
    { incidents: [{ start: 10e6, end: 20e6, limits: { a: '0/s' } }] },
    5,
    25,
    10 + 49 + 49,
  ],
  [
    'an incident at another source',
    [bucket('a', '10/s', 10)],
    { incidents: [{ start: 10e6, end: 20e6, sources: [1], limits: { a: '0/s' } }] },
    5,
    15,
    10 + 99,
  ],
  [
    'a block',
    [bucket('a', '10/s', 10)],
    { incidents: [{ start: 10e6, end: 20e6, sources: [0], reply: 'T11' }] },
    5,
    25,
    // The bucket fills meanwhile.
    10 + 49 + 10 + 49,
  ],
] as const) {
  test(`credit: ${name}`, () => {
    const state = createState(testIsp(limits, [], options as Partial<ResolveOptions>));
    assert.equal(credit(state, 0, from * SECOND, to * SECOND), expected);
  });
}

test('a penalty counts for the past and for the time to come; without it there is more', () => {
  const penalty = {
    on: ['a'],
    after: 1,
    per: '1m',
    forget: '1m',
    levels: [
      [
        { for: '10s', reply: 'T9' },
        { for: '10s', limits: { a: '50%' } },
      ],
    ],
    source: 'test',
    mark: 'assumed',
  };
  const more = `penalties: ${JSON.stringify({ source: penalty })}\n`;
  const client = at(testIsp([bucket('a', '10/s', 10)], [], {}, more));
  for (let n = 0; n < 11; n++) client.deliver(5 * SECOND);
  const during = (from: number, to: number): number => credit(client.state, 0, from * SECOND, to * SECOND);
  const expected = [
    // Until it begins, while it refuses everything, and while it halves the bucket.
    [0, 5, 10 + 49],
    [5, 15, 0],
    [5, 25, 5 + 49],
    [15, 25, 5 + 49],
    // What was left of a bucket of five is no more when it holds ten again.
    [15, 30, 5 + 49 + 1 + 49],
  ] as const;
  for (const [from, to, units] of expected) assert.equal(during(from, to), units, `${from} to ${to}`);
  client.deliver(100 * SECOND);
  for (const [from, to, units] of expected) assert.equal(during(from, to), units, `${from} to ${to}, later`);
});

/** Who sends, in the tests of what is shared: a connection and a message of each. */
interface Visitor {
  readonly source: number;
  readonly client?: string;
  readonly netblock?: string;
  readonly sender?: string;
  readonly dkim?: string;
}

/** The state of an ISP to which all of these have sent a message, at its begin. */
function visitedBy(isp: ResolvedIsp, visitors: readonly Visitor[]): IspState {
  const state = createState(isp);
  const chance = createPrng(1);
  visitors.forEach(({ source, client, netblock, sender = 's.test', dkim }, connection) => {
    const who = { source, client: client ?? `c${source}`, netblock: netblock ?? `n${source}` };
    for (const event of [
      { kind: 'connect', connection, ...who },
      { kind: 'mail', connection, sender: `b@${sender}`, senderDomain: sender },
      { kind: 'rcpt', connection, recipient: `u${connection}.0@isp.test` },
      { kind: 'dot', connection, recipients: [], bytes: 9, dkimDomain: dkim },
    ] as const)
      decide(state, event, 0, chance);
  });
  return state;
}

const each = bucket('each', '2/s', 10);
const one: Visitor = { source: 0 };
const two: Visitor = { source: 1 };
for (const [name, limits, visitors, options, expected] of [
  ['what both may', [each], [one, two], {}, 29 + 29],
  ['of sources that never connected what a fresh one may', [each], [], {}, 29 + 29],
  ['no limit', [], [one, two], {}, Number.POSITIVE_INFINITY],
  [
    'two of one netblock',
    [each, bucket('x', '3/s', 5, { key: 'netblock' })],
    [one, { source: 1, netblock: 'n0' }],
    {},
    5 + 29,
  ],
  ['two netblocks', [each, bucket('x', '1/s', 5, { key: 'netblock' })], [one, two], {}, 14 + 14],
  [
    'one of them never connected, so that its netblock is not known',
    [each, bucket('x', '1/s', 5, { key: 'netblock' })],
    [one],
    {},
    14 + 29,
  ],
  ['two that count as one client', [each], [one, { source: 1, client: 'c0', netblock: 'n0' }], {}, 29],
  [
    'two that count as one client, the first held up',
    [each],
    [one, { source: 1, client: 'c0', netblock: 'n0' }],
    { incidents: [{ start: 0, end: 99e6, sources: [0], reply: 'T11' }] },
    29,
  ],
  ['a sender domain', [each, bucket('x', '1/s', 1, { key: 'sender-domain' })], [one, two], {}, 10],
  [
    'two sender domains',
    [each, bucket('x', '1/s', 1, { key: 'sender-domain' })],
    [one, { source: 1, sender: 'other.test' }],
    {},
    10 + 10,
  ],
  ['domains that were never seen', [each, bucket('x', '1/s', 1, { key: 'sender-domain' })], [], {}, 58],
  [
    'a sender domain that is blocked from 2 to 6 s',
    [each, bucket('x', '1/s', 1, { key: 'sender-domain' })],
    [one, { source: 1, sender: 'other.test' }],
    { incidents: [{ start: 2e6, end: 6e6, domain: 's.test', reply: 'T11' }] },
    // At 0 and 1 s, then at 6, 7, 8 and 9.
    2 + 4 + 10,
  ],
  [
    'a sender domain that an incident slows down',
    [each, bucket('x', '1/s', 1, { key: 'sender-domain' })],
    [one, { source: 1, sender: 'other.test' }],
    { incidents: [{ start: 5e6, end: 99e6, domain: 's.test', limits: { x: '0/s' } }] },
    5 + 10,
  ],
  [
    'two signing domains',
    [each, bucket('x', '1/s', 2, { key: 'dkim-domain' })],
    [
      { source: 0, dkim: 'a.test' },
      { source: 1, dkim: 'b.test' },
    ],
    {},
    11 + 11,
  ],
  ['the ISP as a whole', [each, bucket('x', '1/s', 3, { key: 'isp' })], [one, two], {}, 3 + 9],
  [
    'the ISP as a whole, less for five seconds',
    [each, bucket('x', '4/s', 4, { key: 'isp' })],
    [one, two],
    { incidents: [{ start: 3e6, end: 8e6, limits: { x: '1/s' } }] },
    // Burst 4 and 11 more, 5 slow ones (the first at 3 s was under way before), and 8 in the last two seconds.
    4 + 11 + 5 + 8,
  ],
  [
    // In truth ten at most: both are slow in turn.
    'each rule has the stretch for itself',
    [bucket('each', '1/s', 1), bucket('x', '100/s', 1, { key: 'isp' })],
    [one, two],
    { incidents: [{ start: 5e6, end: 99e6, limits: { each: '100/s', x: '1/s' } }] },
    500 + 5,
  ],
] as const) {
  test(`credit in all: ${name}`, () => {
    const state = visitedBy(testIsp(limits, [], options as Partial<ResolveOptions>), visitors);
    assert.equal(creditInAll(state, [0, 1], 0, 10 * SECOND), expected);
  });
}

test('a penalty of a domain counts for all its sources while it lasts', () => {
  const penalty = {
    on: ['x'],
    after: 1,
    per: '1m',
    forget: '1m',
    levels: [[{ for: '3s', reply: 'T9' }]],
    source: 'test',
    mark: 'assumed',
  };
  const more = `penalties: ${JSON.stringify({ 'sender-domain': penalty })}\n`;
  const client = at(testIsp([bucket('x', '2/s', 4, { key: 'sender-domain' })], [], {}, more));
  for (let n = 0; n < 5; n++) client.deliver(5 * SECOND, n % 2);
  const during = (from: number, to: number): number =>
    creditInAll(client.state, [0, 1], from * SECOND, to * SECOND);
  // The bucket fills meanwhile.
  for (const [from, to, units] of [
    [0, 5, 4 + 9],
    [5, 8, 0],
    [0, 10, 13 + 4 + 3],
    [8, 10, 4 + 3],
  ] as const)
    assert.equal(during(from, to), units, `${from} to ${to}`);
});

test('of a quota counts what was left of it', () => {
  const minute = window('a', 7, '60s');
  const five = window('a', 7, '5s');
  for (const [limit, used, from, to, expected, why] of [
    [minute, 7, 6, 16, 0, 'used up'],
    [minute, 5, 6, 16, 2, 'two are left'],
    [minute, 5, 5.5, 15.5, 2, 'the last note is some moments old'],
    [minute, 5, 4.5, 14.5, 7, 'before any of it was used'],
    [minute, 7, 60, 70, 7, 'the next window begins at 65 s'],
    [minute, 5, 60, 70, 2 + 7, 'so, and two were left'],
    [minute, 5, 66, 76, 7, 'nobody has used anything of the next one'],
    // Who it is could have used one unit just before, and the rest and a new window at once.
    [five, 7, 40, 50, 6 + 7 + 7, 'a short one may have begun at any moment'],
    [five, 7, 8, 18, 7 + 7, 'unless it is known to be used up until 10 s'],
    [window('a', 3, '50ms'), 3, 40, 50, 2 + 3 + 599, 'very short ones are as good as a bucket'],
  ] as const) {
    const client = at(testIsp([limit]));
    const meter = new CreditMeter(client.state);
    for (let second = 1; second <= to; second++) {
      if (second === 5) for (let n = 0; n < used; n++) client.deliver(5 * SECOND);
      meter.note(second * SECOND);
    }
    assert.deepEqual(meter.ofEach([0], from * SECOND, to * SECOND), [expected], why);
  }
});

test('of a day of warm-up counts what was left of it', () => {
  const more = `warmup: { days: [2, 3, 9], unit: transactions, stage: mail, reply: T2, source: test, mark: assumed }\n`;
  const [minute, ten] = [1440, 8640];
  for (const [scale, used, from, to, expected, why] of [
    [minute, 2, 6, 16, 0, 'used up'],
    [minute, 1, 6, 16, 1, 'one is left'],
    [minute, 1, 0, 10, 2, 'from the begin'],
    [minute, 2, 60, 70, 3, 'the next day begins at 65 s'],
    [minute, 1, 60, 70, 1 + 3, 'so, and one was left'],
    [minute, 1, 66, 76, 3, 'it may have begun already'],
    [minute, 0, 20, 30, 2, 'nobody has come'],
    [ten, 2, 16, 26, 3 + 9, 'a day of ten seconds may have begun a moment before'],
    [ten, 2, 36, 46, 3 + 9, 'after a day without mail as well'],
  ] as const) {
    const isp = testIsp([bucket('a', '100/s', 9)], [], { scale, overrides: { warmup: 'new' } }, more);
    const client = at(isp);
    const meter = new CreditMeter(client.state);
    for (let second = 1; second <= to; second++) {
      if (second === 5) for (let n = 0; n < used; n++) client.deliver(5 * SECOND);
      meter.note(second * SECOND);
    }
    assert.deepEqual(meter.ofEach([0], from * SECOND, to * SECOND), [expected], why);
  }
});

test('sources that have their credit in common have what each has alone', () => {
  const penalty = `penalties: { source: { on: [a], after: 3, per: 1m, forget: 1m, levels: [[{ for: 7s, limits: { a: 50% } }]], source: test, mark: assumed } }\n`;
  for (const quota of [[], [window('b', 30, '20s')]]) {
    const incidents = [
      { start: 4e6, end: 9e6, sources: [2], limits: { a: '1/s' } },
      { start: 6e6, end: 8e6, sources: [3, 4], reply: 'T11' },
      { start: 2e6, end: 3e6, limits: { a: '1/s' } },
    ];
    const client = at(testIsp([bucket('a', '5/s', 10), ...quota], [], { incidents }, penalty));
    const meter = new CreditMeter(client.state);
    const notes = new QuotaUse(client.state);
    // The last one is another address of a client that an incident names.
    const sources = [0, 1, 2, 3, 4, 5, 6, 7];
    client.deliver(0, 2);
    const other = { kind: 'connect', connection: 1e6, source: 7, client: 'c2', netblock: 'n2' } as const;
    decide(client.state, other, 0, createPrng(1));
    // Of the first three one has sent little, one much, and one is named by an incident.
    const perSecond = [1, 40, 1, 5];
    for (let second = 1; second < 30; second++) {
      for (const [source, n] of perSecond.entries())
        for (let i = 0; i < n; i++) client.deliver((second - 0.5) * SECOND, source);
      const [from, to] = [Math.max(0, second - 10) * SECOND, second * SECOND];
      meter.note(to);
      notes.note(to);
      const alone = sources.map((source) => credit(client.state, source, from, to, notes));
      assert.deepEqual(meter.ofEach(sources, from, to), alone, `${second} s`);
      assert.equal(
        meter.inAll(sources, from, to),
        creditInAll(client.state, sources, from, to, notes, alone),
      );
    }
    assert.ok((client.state.standings.source.known.get('c1')?.past.length ?? 0) > 0, 'a penalty was earned');
  }
});

test('nobody gets more than the credit in any stretch of time, and whoever is greedy gets all of it', () => {
  const rates = fc.integer({ min: 1, max: 50 });
  const limit = fc.oneof(
    fc.record({ rate: rates, burst: fc.integer({ min: 1, max: 30 }) }),
    fc.record({ count: fc.integer({ min: 1, max: 40 }), seconds: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(
      fc.array(limit, { minLength: 1, maxLength: 1 }),
      fc.array(fc.record({ rate: rates, burst: fc.integer({ min: 1, max: 30 }) }), { maxLength: 2 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 1, max: 9000 })), {
        maxLength: 8,
      }),
      (some, buckets, stretches) => {
        const limits = [...some, ...buckets].map((l, i) =>
          'rate' in l ? bucket(`l${i}`, `${l.rate}/s`, l.burst) : window(`l${i}`, l.count, `${l.seconds}s`),
        );
        const client = at(testIsp(limits));
        const accepted: number[] = [];
        // Every millisecond, as often as it is let; so are the moments of the credit below.
        for (let now = 0; now < 9 * SECOND; now += 1000)
          while (client.deliver(now) === 'T-dot') accepted.push(now);
        const within = (from: number, to: number): number =>
          accepted.filter((moment) => moment >= from && moment < to).length;
        for (const [start, length] of stretches) {
          const [from, to] = [start * 1000, Math.min(9000, start + length) * 1000];
          assert.ok(within(from, to) <= credit(client.state, 0, from, to), `${from} to ${to}`);
        }
        // A unit that comes between two milliseconds is taken at the next.
        const all = credit(client.state, 0, 0, 9 * SECOND);
        assert.ok(accepted.length <= all && accepted.length >= all - 1, `${accepted.length} of ${all}`);
      },
    ),
    { numRuns: 40, seed: 11 },
  );
});

test('with rates that fit the clock a greedy sender gets the credit exactly', () => {
  for (const limits of [
    [bucket('a', '20/s', 200)],
    [bucket('a', '5/s', 50), window('b', 60, '10s')],
    [bucket('a', '8/s', 3), bucket('b', '4/s', 30)],
  ]) {
    const client = at(testIsp(limits));
    let accepted = 0;
    for (let now = 0; now < 30 * SECOND; now += 1000) while (client.deliver(now) === 'T-dot') accepted++;
    assert.equal(accepted, credit(client.state, 0, 0, 30 * SECOND));
  }
});
