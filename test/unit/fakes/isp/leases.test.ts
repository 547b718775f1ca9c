import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sizeOf, standingUnits } from '../../../../fakes/isp/leases.ts';
import { openAccount, PLAIN, spare } from '../../../../fakes/isp/limits.ts';
import type { ResolvedIsp } from '../../../../fakes/isp/resolve.ts';
import { type Attempt, runSingle, runSplit } from '../../../support/split-policy.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const PARTS = 3;
const SECOND = 1e6;

for (const { size, parts, standing } of [
  { size: 0, parts: 3, standing: [0, 0, 0] },
  { size: 1, parts: 3, standing: [1, 0, 0] },
  { size: 2, parts: 3, standing: [1, 1, 0] },
  { size: 3, parts: 3, standing: [1, 1, 1] },
  { size: 11, parts: 3, standing: [3, 3, 3] },
  { size: 24, parts: 3, standing: [4, 4, 4] },
  { size: 60, parts: 3, standing: [10, 10, 10] },
  { size: 1000, parts: 2, standing: [250, 250] },
]) {
  test(`of ${size} units each of ${parts} workers has ${standing.join(', ')} to begin with`, () => {
    assert.deepEqual(
      standing.map((_, part) => standingUnits(size, { part, parts })),
      standing,
    );
  });
}

/** What is asked of one worker: so many a second in [from, to), evenly or by chance. */
interface Demand {
  readonly worker: number;
  readonly perSecond: number;
  readonly from: number;
  readonly to: number;
}

/** A connection to each worker, and MAIL commands on it as the demands say, in the order of their moments. */
function attemptsOf(demands: readonly Demand[], random: () => number): Attempt[] {
  const hello = Array.from(
    { length: PARTS },
    (_, worker): Attempt => ({
      at: 0,
      worker,
      event: { kind: 'connect', connection: worker, source: worker, client: `c${worker}`, netblock: 'n' },
    }),
  );
  const mails = demands.flatMap(({ worker, perSecond, from, to }) => {
    const all: Attempt[] = [];
    const event = { kind: 'mail', connection: worker, sender: 'b@s.test', senderDomain: 's.test' } as const;
    for (let at = from; at < to; at += (SECOND / perSecond) * 2 * random())
      all.push({ at: Math.ceil(at), worker, event });
    return all;
  });
  return [...hello, ...mails].sort((a, b) => a.at - b.at);
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const delayOf = (most: number, random: () => number) => (): number => 100 + (most - 100) * random();
const count = (accepted: readonly boolean[]): number => accepted.filter(Boolean).length - PARTS;

/** Fails if a single account would not have taken everything that was accepted, at its moment. */
function assertWithin(isp: ResolvedIsp, attempts: readonly Attempt[], accepted: readonly boolean[]): void {
  const [limit] = isp.limits;
  assert.ok(limit);
  let account = openAccount({ segments: limit.segments, day: null }, PLAIN, 0);
  attempts.forEach(({ at, event }, index) => {
    if (event.kind !== 'mail' || !accepted[index]) return;
    const left = spare(account, at);
    assert.ok(left >= 1, `at ${at} with ${left} of ${sizeOf(account.rule)} left`);
    account = { ...account, used: account.used + 1 };
  });
}

const limits = {
  bucket: fc
    .record({
      rate: fc.integer({ min: 20, max: 500 }),
      seconds: fc.double({ min: 0.2, max: 5, noNaN: true }),
    })
    .map(({ rate, seconds }) => ({
      perSecond: rate,
      line: limitLine('x', {
        key: 'isp',
        stage: 'mail',
        reply: 'T2',
        rate: `${rate}/s`,
        burst: Math.max(10, Math.round(rate * seconds)),
      }),
    })),
  window: fc
    .record({ count: fc.integer({ min: 100, max: 1000 }), per: fc.integer({ min: 1, max: 4 }) })
    .map(({ count: n, per }) => ({
      perSecond: n / per,
      line: limitLine('x', {
        key: 'isp',
        kind: 'window',
        stage: 'mail',
        reply: 'T2',
        count: n,
        per: `${per}s`,
      }),
    })),
};

/** A worker that begins to count right before a window ends, of which it has not heard. */
const straddling: [{ perSecond: number; line: string }, WishedDemand[], number, number] = [
  {
    perSecond: 50,
    line: limitLine('x', { key: 'isp', kind: 'window', stage: 'mail', reply: 'T2', count: 100, per: '2s' }),
  },
  [
    { worker: 0, share: 0.05, from: 0, length: 294485 },
    { worker: 1, share: 0.930497923661129, from: 1992623, length: 2018509 },
  ],
  12226,
  213588619,
];

/** A demand as a share of what the limit allows, microseconds. */
interface WishedDemand {
  readonly worker: number;
  readonly share: number;
  readonly from: number;
  readonly length: number;
}

for (const kind of ['bucket', 'window'] as const) {
  test(`${kind}: whatever three workers are asked for, they never take more than one would`, () => {
    fc.assert(
      fc.property(
        limits[kind],
        fc.array(
          fc.record({
            worker: fc.integer({ min: 0, max: PARTS - 1 }),
            share: fc.double({ min: 0.05, max: 3, noNaN: true }),
            from: fc.integer({ min: 0, max: 5 * SECOND }),
            length: fc.integer({ min: SECOND / 10, max: 5 * SECOND }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        fc.integer({ min: 200, max: 20_000 }),
        fc.integer({ min: 1, max: 1e9 }),
        ({ line, perSecond }, demands, mostDelay, seed) => {
          const isp = testIsp([line]);
          const random = generator(seed);
          const attempts = attemptsOf(
            demands.map(({ worker, share, from, length }) => ({
              worker,
              perSecond: Math.max(1, share * perSecond),
              from,
              to: from + length,
            })),
            random,
          );
          assertWithin(isp, attempts, runSplit(isp, PARTS, attempts, delayOf(mostDelay, random)));
        },
      ),
      { numRuns: 40, examples: kind === 'window' ? [straddling] : [] },
    );
  });

  for (const shares of [
    [0.5, 0.5, 0.5],
    [1.2, 0.06, 0.06],
    [1.5, 0, 0],
    [0.2, 3, 0.9],
  ]) {
    test(`${kind}: of a demand of ${shares.join(', ')} times the limit they take at least 98 %`, () => {
      fc.assert(
        fc.property(
          limits[kind],
          fc.integer({ min: 200, max: 8000 }),
          fc.integer({ min: 1, max: 1e9 }),
          ({ line, perSecond }, mostDelay, seed) => {
            const isp = testIsp([line]);
            const random = generator(seed);
            const attempts = attemptsOf(
              shares.flatMap((share, worker) =>
                share === 0 ? [] : [{ worker, perSecond: share * perSecond, from: 0, to: 20 * SECOND }],
              ),
              random,
            );
            const single = count(runSingle(isp, attempts));
            const split = count(runSplit(isp, PARTS, attempts, delayOf(mostDelay, random)));
            assert.ok(split >= 0.98 * single, `${split} of ${single}`);
          },
        ),
        { numRuns: 5 },
      );
    });
  }

  test(`${kind}: nobody is refused while all of them keep well under the limit`, () => {
    fc.assert(
      fc.property(
        limits[kind],
        fc.constantFrom([0.6, 0, 0], [0.2, 0.2, 0.2], [0.05, 0.5, 0.05]),
        fc.integer({ min: 1, max: 1e9 }),
        ({ line, perSecond }, shares, seed) => {
          const isp = testIsp([line]);
          const random = generator(seed);
          const attempts = attemptsOf(
            shares.flatMap((share, worker) =>
              share === 0 ? [] : [{ worker, perSecond: share * perSecond, from: 0, to: 10 * SECOND }],
            ),
            random,
          );
          fc.pre(sizeOf((isp.limits[0]?.segments[0] ?? assert.fail()).rule) >= 30);
          fc.pre(runSingle(isp, attempts).every(Boolean));
          const refused = runSplit(isp, PARTS, attempts, delayOf(2000, random)).filter((ok) => !ok).length;
          assert.equal(refused, 0);
        },
      ),
      { numRuns: 20 },
    );
  });
}

/** Connections that begin evenly and last for a while, with their ends. */
function connections(
  perSecond: readonly number[],
  life: number,
  seconds: number,
  random: () => number,
): Attempt[] {
  let connection = 0;
  return perSecond
    .flatMap((rate, worker) => {
      const all: Attempt[] = [];
      for (let at = 0; rate > 0 && at < seconds * SECOND; at += (SECOND / rate) * 2 * random()) {
        const begin = Math.ceil(at);
        const who = { source: worker, client: `c${worker}`, netblock: 'n' };
        all.push({ at: begin, worker, event: { kind: 'connect', connection, ...who } });
        all.push({
          at: begin + Math.ceil(life * 2 * random()),
          worker,
          event: { kind: 'close', connection },
        });
        connection++;
      }
      return all;
    })
    .sort((a, b) => a.at - b.at);
}

for (const shares of [
  [2, 2, 2],
  [3, 0.1, 0.1],
  [0, 0, 2],
]) {
  test(`connections: of ${shares.join(', ')} times those allowed at once, they hold as many as one worker would`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 150, max: 300 }),
        fc.integer({ min: 200, max: 5000 }),
        fc.integer({ min: 1, max: 1e9 }),
        (max, mostDelay, seed) => {
          const cap = {
            key: 'isp',
            kind: 'concurrency',
            unit: 'connections',
            stage: 'connect',
            reply: 'T1',
            max,
          };
          const isp = testIsp([limitLine('x', cap)]);
          const random = generator(seed);
          const attempts = connections(
            shares.map((share) => share * max),
            SECOND,
            20,
            random,
          );
          const accepted = runSplit(isp, PARTS, attempts, delayOf(mostDelay, random));
          const open = new Set<number>();
          attempts.forEach(({ event }, index) => {
            if (event.kind === 'close') open.delete(event.connection);
            else if (accepted[index]) open.add(event.connection);
            assert.ok(open.size <= max, `${open.size} of ${max}`);
          });
          // Time on connections, not their number: which of them get in, the short or the long, is chance.
          const ends = new Map(attempts.map(({ at, event }) => [event.connection, at]));
          const held = (all: readonly boolean[]): number =>
            attempts.reduce((total, { at, event: { kind, connection } }, index) => {
              const end = Math.min(ends.get(connection) ?? at, 20 * SECOND);
              return kind === 'connect' && all[index] ? total + end - at : total;
            }, 0);
          const single = held(runSingle(isp, attempts));
          assert.ok(held(accepted) >= 0.98 * single, `${held(accepted)} of ${single}`);
        },
      ),
      { numRuns: 5 },
    );
  });
}
