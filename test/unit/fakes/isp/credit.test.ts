import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { credit } from '../../../../fakes/isp/credit.ts';
import type { ResolveOptions } from '../../../../fakes/isp/resolve.ts';
import { createState } from '../../../../fakes/isp/state.ts';
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
  assert.equal(credit(client.state, 0, 5 * SECOND, 25 * SECOND, 'unpunished'), 10 + 199);
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
