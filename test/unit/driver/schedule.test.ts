import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Arrivals, VirtualUsers } from '../../../src/driver/executors/executor.ts';
import { partOf } from '../../../src/driver/running-load.ts';
import { iterationsOf, type LoadShape, scheduleOf } from '../../../src/driver/schedule.ts';

const S = 1e6;
const arrivals = (shape: LoadShape): Arrivals => scheduleOf(shape) as Arrivals;
const constant = (rate: number, seconds: number): LoadShape => ({
  executor: 'constant-arrival-rate',
  rate,
  duration: seconds * S,
});
const ramping = (startRate: number, ...stages: [seconds: number, target: number][]): LoadShape => ({
  executor: 'ramping-arrival-rate',
  startRate,
  stages: stages.map(([seconds, target]) => ({ duration: seconds * S, target })),
});

test('how many iterations a load has', () => {
  const rows: [LoadShape, number][] = [
    [constant(50, 10), 500],
    [constant(1 / 3, 9), 3],
    [constant(0.5, 1), 1],
    [constant(0, 10), 0],
    [ramping(0, [10, 100]), 500],
    [ramping(100, [10, 100], [10, 0]), 1500],
    [ramping(50, [0, 200], [5, 200]), 1000],
    [ramping(0, [10, 0]), 0],
  ];
  for (const [shape, total] of rows) assert.equal(arrivals(shape).total, total, JSON.stringify(shape));
});

test('when iterations are due', () => {
  const even = arrivals(constant(4, 10));
  assert.deepEqual([0, 1, 2, 39].map(even.dueAt), [0, 0.25 * S, 0.5 * S, 9.75 * S]);

  // From 0 to 100 a second in 10 s, n = 5 t² are due by t; then 100 a second.
  const ramp = arrivals(ramping(0, [10, 100], [10, 100]));
  for (const [n, seconds] of [
    [0, 0],
    [5, 1],
    [20, 2],
    [500, 10],
    [600, 11],
    [1499, 19.99],
  ] as const) {
    assert.ok(Math.abs(ramp.dueAt(n) - seconds * S) < 1, `iteration ${n}: ${ramp.dueAt(n)}`);
  }
  // Asked for out of order, it answers the same.
  assert.ok(Math.abs(ramp.dueAt(5) - S) < 1);

  const down = arrivals(ramping(100, [10, 0]));
  assert.equal(down.total, 500);
  // 100 t - 5 t² = 375 at t = 5.
  assert.ok(Math.abs(down.dueAt(375) - 5 * S) < 1);
});

test('the rate asked for at a moment', () => {
  const ramp = arrivals(ramping(0, [10, 100], [10, 100]));
  assert.deepEqual(
    [0, 5, 10, 15, 20].map((s) => ramp.rateAt(s * S)),
    [0, 50, 100, 100, 0],
  );
  assert.deepEqual(
    [-1, 0, 9, 10].map((s) => arrivals(constant(5, 10)).rateAt(s * S)),
    [0, 5, 5, 0],
  );
});

test('any ramp: moments never decrease, all lie within the load, and the rate is what was asked', () => {
  const stage = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 500 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 500 }),
      fc.array(stage, { minLength: 1, maxLength: 6 }),
      (start, stages) => {
        const schedule = arrivals(ramping(start, ...stages));
        let before = 0;
        const step = Math.max(1, Math.floor(schedule.total / 500));
        for (let n = 0; n < schedule.total; n += step) {
          const due = schedule.dueAt(n);
          assert.ok(
            due >= before && due < schedule.duration,
            `iteration ${n} of ${schedule.total} at ${due}`,
          );
          before = due;
        }
        let rate = start;
        let area = 0;
        for (const [seconds, target] of stages) {
          area += ((rate + target) / 2) * seconds;
          rate = target;
        }
        // Within one of the area under the curve: iteration 0 is due at the very beginning.
        assert.ok(Math.abs(schedule.total - area) < 1, `${schedule.total} for an area of ${area}`);
      },
    ),
  );
});

const users = (shape: LoadShape): VirtualUsers => scheduleOf(shape) as VirtualUsers;
const vus = (startVUs: number, ...stages: [seconds: number, target: number][]): LoadShape => ({
  executor: 'ramping-vus',
  startVUs,
  gracefulRampDown: 30 * S,
  stages: stages.map(([seconds, target]) => ({ duration: seconds * S, target })),
});

test('how many users are wanted at a moment', () => {
  const rows: [LoadShape, [seconds: number, users: number][], most: number][] = [
    [
      { executor: 'constant-vus', vus: 5, duration: 10 * S },
      [
        [-1, 0],
        [0, 5],
        [9.9, 5],
        [10, 0],
      ],
      5,
    ],
    [
      vus(0, [10, 100]),
      [
        [-1, 0],
        [0, 0],
        [0.05, 0],
        [0.1, 1],
        [5, 50],
        [9.99, 99],
        [10, 0],
      ],
      100,
    ],
    [
      vus(10, [10, 10], [10, 0]),
      [
        [0, 10],
        [10, 10],
        [15, 5],
        [19.9, 0],
      ],
      10,
    ],
    // A stage of no length is a jump, as in k6.
    [
      vus(1, [5, 1], [0, 8], [5, 8]),
      [
        [4.9, 1],
        [5, 8],
        [9.9, 8],
        [10, 0],
      ],
      8,
    ],
    [
      { executor: 'shared-iterations', vus: 20, iterations: 5, maxDuration: 10 * S },
      [
        [0, 5],
        [10, 0],
      ],
      5,
    ],
    [
      { executor: 'per-vu-iterations', vus: 20, iterations: 5, maxDuration: 10 * S },
      [
        [0, 20],
        [10, 0],
      ],
      20,
    ],
  ];
  for (const [shape, wanted, most] of rows) {
    const schedule = users(shape);
    assert.equal(schedule.users, most, JSON.stringify(shape));
    for (const [seconds, count] of wanted)
      assert.equal(schedule.usersAt(seconds * S), count, `${JSON.stringify(shape)} at ${seconds} s`);
  }
});

test('how many iterations are known beforehand', () => {
  const rows: [LoadShape, number | undefined][] = [
    [constant(50, 10), 500],
    [{ executor: 'constant-vus', vus: 5, duration: S }, undefined],
    [vus(0, [10, 100]), undefined],
    [{ executor: 'shared-iterations', vus: 20, iterations: 5, maxDuration: S }, 5],
    [{ executor: 'per-vu-iterations', vus: 20, iterations: 5, maxDuration: S }, 100],
  ];
  for (const [shape, iterations] of rows)
    assert.equal(iterationsOf(scheduleOf(shape)), iterations, JSON.stringify(shape));
});

test('parts of a total, over any number of workers, add up to it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 64 }), (total, of) => {
      const parts = Array.from({ length: of }, (_, worker) => partOf(total, { worker, of }));
      assert.equal(
        parts.reduce((a, b) => a + b, 0),
        total,
      );
      assert.ok(Math.max(...parts) - Math.min(...parts) <= 1);
    }),
  );
});
