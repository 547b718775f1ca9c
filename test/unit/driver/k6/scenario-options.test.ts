import assert from 'node:assert/strict';
import { test } from 'node:test';
import { k6Problem, k6Scenario } from '../../../../src/driver/k6/scenario-options.ts';
import { type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import type { LoadShape } from '../../../../src/driver/schedule.ts';

const VUS = { preAllocatedVUs: 20, maxVUs: 20 };
const STOP = { gracefulStop: '30000ms' };

const shapes: readonly {
  readonly what: string;
  readonly shape: LoadShape;
  readonly changes?: Partial<LoadPlan>;
  readonly segments?: number;
  readonly options: Record<string, unknown>;
}[] = [
  {
    what: 'a rate a second',
    shape: { executor: 'constant-arrival-rate', rate: 50, duration: 30e6 },
    options: { rate: 50, timeUnit: '1s', duration: '30000ms', ...VUS, ...STOP },
  },
  {
    what: 'a rate a minute that is none a second',
    shape: { executor: 'constant-arrival-rate', rate: 100 / 60, duration: 30e6 },
    options: { rate: 100, timeUnit: '1m', duration: '30000ms', ...VUS, ...STOP },
  },
  {
    what: 'a rate an hour',
    shape: { executor: 'constant-arrival-rate', rate: 7 / 3600, duration: 3600e6 },
    options: { rate: 7, timeUnit: '1h', duration: '3600000ms', ...VUS, ...STOP },
  },
  {
    what: 'a rate a day',
    shape: { executor: 'constant-arrival-rate', rate: 5001 / 86_400, duration: 3600e6 },
    options: { rate: 5001, timeUnit: '24h', duration: '3600000ms', ...VUS, ...STOP },
  },
  {
    what: 'a rate that fits no unit',
    shape: { executor: 'constant-arrival-rate', rate: Math.PI, duration: 2e6 },
    options: { rate: 3_141_593, timeUnit: '1000000s', duration: '2000ms', ...VUS, ...STOP },
  },
  {
    what: 'other connections, a start and an end of its own',
    shape: { executor: 'constant-arrival-rate', rate: 50, duration: 1_500_001 },
    changes: { connections: 3, start: 2e6, gracefulStop: 0 },
    options: {
      rate: 50,
      timeUnit: '1s',
      duration: '1500001us',
      preAllocatedVUs: 3,
      maxVUs: 3,
      startTime: '2000ms',
      gracefulStop: '0ms',
    },
  },
  {
    what: 'stages of rates, all in the unit that the finest needs',
    shape: {
      executor: 'ramping-arrival-rate',
      startRate: 0,
      stages: [
        { duration: 10e6, target: 20 },
        { duration: 0, target: 0.5 },
        { duration: 500e3, target: 0.5 },
      ],
    },
    options: {
      startRate: 0,
      timeUnit: '1m',
      stages: [
        { duration: '10000ms', target: 1200 },
        { duration: '0ms', target: 30 },
        { duration: '500ms', target: 30 },
      ],
      ...VUS,
      ...STOP,
    },
  },
  {
    what: 'virtual users',
    shape: { executor: 'constant-vus', vus: 7, duration: 1e6 },
    options: { vus: 7, duration: '1000ms', ...STOP },
  },
  {
    what: 'stages of virtual users',
    shape: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [{ duration: 10e6, target: 20 }],
      gracefulRampDown: 3e6,
    },
    options: {
      startVUs: 1,
      stages: [{ duration: '10000ms', target: 20 }],
      gracefulRampDown: '3000ms',
      ...STOP,
    },
  },
  {
    what: 'shared iterations, for fewer users than there are',
    shape: { executor: 'shared-iterations', vus: 10, iterations: 4, maxDuration: 600e6 },
    changes: { connections: 4 },
    options: { vus: 4, iterations: 4, maxDuration: '600000ms', ...STOP },
  },
  {
    what: 'a rate, with as many users as three processes can share evenly',
    shape: { executor: 'constant-arrival-rate', rate: 50, duration: 30e6 },
    segments: 3,
    options: {
      rate: 50,
      timeUnit: '1s',
      duration: '30000ms',
      preAllocatedVUs: 21,
      maxVUs: 21,
      ...STOP,
    },
  },
  {
    what: 'shared iterations, for as many users as three processes can share evenly',
    shape: { executor: 'shared-iterations', vus: 11, iterations: 40, maxDuration: 600e6 },
    segments: 3,
    changes: { connections: 11 },
    options: { vus: 12, iterations: 40, maxDuration: '600000ms', ...STOP },
  },
  {
    what: 'shared iterations that three processes can share evenly, for more users than there are',
    shape: { executor: 'shared-iterations', vus: 30, iterations: 10, maxDuration: 600e6 },
    segments: 3,
    changes: { connections: 10 },
    options: { vus: 9, iterations: 10, maxDuration: '600000ms', ...STOP },
  },
  {
    what: 'shared iterations that are fewer than the processes',
    shape: { executor: 'shared-iterations', vus: 2, iterations: 2, maxDuration: 600e6 },
    segments: 3,
    changes: { connections: 2 },
    options: { vus: 2, iterations: 2, maxDuration: '600000ms', ...STOP },
  },
  {
    what: 'shared iterations, with a user for each of three processes',
    shape: { executor: 'shared-iterations', vus: 1, iterations: 40, maxDuration: 600e6 },
    segments: 3,
    changes: { connections: 1 },
    options: { vus: 3, iterations: 40, maxDuration: '600000ms', ...STOP },
  },
  {
    what: 'iterations of each user',
    shape: { executor: 'per-vu-iterations', vus: 10, iterations: 4, maxDuration: 600e6 },
    options: { vus: 10, iterations: 4, maxDuration: '600000ms', ...STOP },
  },
];

for (const { what, shape, changes, segments = 1, options } of shapes) {
  test(`k6 is told of ${what}`, () => {
    const load = plainLoad(shape, 10, changes);
    assert.deepEqual(k6Scenario(load, segments), { executor: shape.executor, ...options });
    assert.equal(k6Problem(load), undefined);
  });
}

const problems: readonly { readonly name?: string; readonly shape: LoadShape; readonly problem: string }[] = [
  {
    shape: { executor: 'constant-arrival-rate', rate: 50, duration: 999_999 },
    problem: 'k6 runs no load for 1000 ms; expected at least 1s',
  },
  {
    shape: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: 500e3 },
    problem: 'k6 runs no load for 500 ms; expected at least 1s',
  },
  {
    name: 'job 1',
    shape: { executor: 'constant-vus', vus: 7, duration: 1e6 },
    problem: 'k6 can\'t name a load "job 1"; expected letters, digits, "_" and "-" in its name',
  },
];

for (const { name = 'default', shape, problem } of problems) {
  test(`a load is refused because ${problem}`, () => {
    assert.equal(k6Problem(plainLoad(shape, 10, { name })), problem);
  });
}
