import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { Packer } from '../../../src/record/attempt-log.ts';
import type { RunModel } from '../../../src/record/run-model.ts';
import { type HarnessFrame, harnessLoad, type MeasuredWorker } from '../../../src/report/harness.ts';
import { measuredWorkers } from '../../../src/report/harness-records.ts';

/** A load of 62 seconds of which 60 are judged: the first two are warm-up. */
const FRAME: HarnessFrame = {
  from: 2e6,
  to: 62e6,
  mta: true,
  iterations: 6000,
  sessions: { driver: 40, isps: 40 },
};

interface Second {
  readonly cpu?: number;
  readonly use?: number;
  readonly delay?: number;
  /** Iterations begun late in this second. */
  readonly late?: number;
}

/** A worker with one measure a second for 70 seconds; those listed are not calm. */
function worker(name: string, seconds: Readonly<Record<number, Second>>): MeasuredWorker {
  let late = 0;
  const measures = Array.from({ length: 70 }, (_, second) => {
    const { cpu = 0.3, use = cpu, delay = 4, late: more = 0 } = seconds[second] ?? {};
    late += more;
    return { at: (second + 1) * 1e6, cpu, loopUse: use, loopDelayMs: delay, residentBytes: 80e6, late };
  });
  return { name, measures };
}

/** The same in so many seconds from `from` on. */
function during(from: number, count: number, second: Second): Record<number, Second> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [from + i, second]));
}

const cases: readonly (readonly [
  what: string,
  workers: readonly MeasuredWorker[],
  limits: readonly string[],
])[] = [
  ['no worker', [], []],
  ['calm workers', [worker('lab', {}), worker('isps', {}), worker('driver', {})], []],
  ['at the edge, never above it', [worker('driver', during(2, 60, { cpu: 0.9, use: 0.9, delay: 50 }))], []],
  ['busy in the warm-up alone', [worker('driver', during(0, 2, { cpu: 1 }))], []],
  ['busy in the drain alone', [worker('isps', during(62, 8, { cpu: 1, delay: 400 }))], []],
  ['a hiccup of two seconds', [worker('driver', during(20, 2, { cpu: 1, delay: 300 }))], []],
  [
    'three seconds of sixty at the limit of a core',
    [worker('lab', {}), worker('isps', during(20, 3, { cpu: 0.97, delay: 20 }))],
    [
      'The harness’s isps had no time to spare for 3 of 60 s (its event loop up to 97% in use, with up to 97% of a core), so it may have set the pace.',
    ],
  ],
  [
    'no time to spare on a crowded machine, with half a core',
    [worker('isps', during(20, 30, { cpu: 0.5, use: 0.95 }))],
    [
      'The harness’s isps had no time to spare for 30 of 60 s (its event loop up to 95% in use, with up to 50% of a core), so it may have set the pace.',
    ],
  ],
  [
    'no time to spare, and little of a core',
    [worker('isps', during(20, 25, { cpu: 0.13, use: 1 }))],
    [
      'The harness’s isps had no time to spare for 25 of 60 s (its event loop up to 100% in use, with up to 30% of a core: mostly it waited for a processor or the disk), so it may have set the pace.',
    ],
  ],
  [
    'many processes of which each has no time to spare: the worst is named',
    [1, 2, 3, 4].map((n) => worker(`driver ${n}`, during(20, n * 5, { cpu: 0.5, use: 0.95 }))),
    [
      'The harness’s driver 4, the worst of 4 such processes, had no time to spare for 20 of 60 s (its event loop up to 95% in use, with up to 50% of a core), so it may have set the pace.',
    ],
  ],
  [
    'late at its work on a crowded machine',
    [worker('driver 2', during(20, 12, { cpu: 0.4, delay: 80 }))],
    [
      'The harness’s driver 2 was over 50 ms late at its work in 12 of 60 s (up to 80 ms, with up to 40% of a core), so latencies contain delays of its own.',
    ],
  ],
  [
    'a core used up for two seconds, a late event loop for two more',
    [worker('isps', { ...during(20, 2, { cpu: 1 }), ...during(40, 2, { delay: 60 }) })],
    [
      'The harness’s isps was over 50 ms late at its work in 4 of 60 s (up to 60 ms, with up to 100% of a core), so latencies contain delays of its own.',
    ],
  ],
  [
    'late iterations of a slow MTA: the driver is calm',
    [worker('driver', during(10, 40, { late: 100 }))],
    [],
  ],
  [
    'late iterations of a slow MTA, and a hiccup among them',
    [worker('driver', { ...during(10, 40, { late: 100 }), 30: { delay: 90, late: 100 } })],
    [],
  ],
  [
    'as many late ones in a hiccup as the 99th percentile forgives',
    [worker('driver', { 30: { delay: 90, late: 60 } })],
    [],
  ],
  [
    'more late ones in a hiccup than that',
    [worker('driver', { 30: { delay: 90, late: 61 } })],
    ['61 iterations began late because the driver was busy, so high percentiles of latency are its doing.'],
  ],
  [
    'two drivers, each with its own late ones',
    [
      worker('driver 1', { 30: { delay: 90, late: 40 } }),
      worker('driver 2', { 31: { delay: 90, late: 40 } }),
    ],
    ['80 iterations began late because the driver was busy, so high percentiles of latency are its doing.'],
  ],
];
for (const [what, workers, limits] of cases) {
  test(`is the harness the limit: ${what}`, () => {
    assert.deepEqual(harnessLoad(workers, FRAME).limits, limits);
  });
}

test('a worker that was stuck for seconds is busy for all of them, and for those of the load alone', () => {
  const calm = { cpu: 0.1, loopUse: 0.1, loopDelayMs: 1, residentBytes: 0, late: 0 };
  const stuck = { ...calm, loopDelayMs: 6000 };
  const measures = [
    { ...calm, at: 55e6 },
    { ...stuck, at: 65e6 },
  ];
  const { workers } = harnessLoad([{ name: 'isps', measures }], FRAME);
  assert.equal(workers[0]?.busySeconds, 7);
});

test('what a worker measured is of the load, its memory of the whole run', () => {
  const measures = [1, 2, 3, 4, 100].map((second) => ({
    at: second * 1e6,
    cpu: second / 100,
    loopUse: second / 50,
    loopDelayMs: second,
    residentBytes: second * 1e6,
    late: second,
  }));
  const { workers, lateInjections, judgedSeconds } = harnessLoad([{ name: 'driver', measures }], {
    ...FRAME,
    from: 1e6,
    to: 4e6,
  });
  assert.deepEqual(workers, [
    {
      name: 'driver',
      meanCpu: 0.03,
      maxCpu: 0.04,
      maxLoopUse: 0.08,
      medianLoopDelayMs: 3,
      maxLoopDelayMs: 4,
      busySeconds: 0,
      maxResidentBytes: 100e6,
    },
  ]);
  assert.equal(lateInjections, 100);
  assert.equal(judgedSeconds, 3);
});

test('memory of each side is told where it held many sessions', () => {
  const workers = ['lab', 'gmail', 'gmail 2', 'driver 1', 'driver 2'].map((name) => worker(name, {}));
  const memory = (driver: number, isps: number): unknown =>
    harnessLoad(workers, { ...FRAME, sessions: { driver, isps } }).sessions;
  assert.deepEqual(memory(1000, 1000), []);
  assert.deepEqual(memory(2000, 0), [{ side: 'driver', peak: 2000, residentBytes: 160e6 }]);
  assert.deepEqual(memory(2000, 1500), [
    { side: 'driver', peak: 2000, residentBytes: 160e6 },
    { side: 'isps', peak: 1500, residentBytes: 160e6 },
  ]);
});

test('samples of one moment are one measure, in the order of time', () => {
  const model: RunModel = { loads: [], phaseOf: () => undefined };
  const packer = new Packer();
  for (const at of [2e6, 1e6]) {
    packer.sample({ at, name: 'loop_delay', value: at / 1e3, worker: 1 });
    packer.sample({ at, name: 'cpu', value: at / 4e6, worker: 1 });
    packer.sample({ at, name: 'loop_use', value: at / 3e6, worker: 1 });
    packer.sample({ at, name: 'resident', value: at * 10, worker: 1 });
    packer.sample({ at, name: 'late', value: at / 1e6, worker: 1 });
    packer.sample({ at, name: 'injection_connections', value: 7, worker: 1 });
  }
  packer.sample({ at: 1e6, name: 'queue_depth', value: 5 });
  const aggregate = new Aggregate(model);
  aggregate.add(packer.take() as Uint8Array);
  assert.deepEqual(measuredWorkers(aggregate, ['lab', 'driver']), [
    { name: 'lab', measures: [] },
    {
      name: 'driver',
      measures: [
        { at: 1e6, cpu: 0.25, loopUse: 1 / 3, loopDelayMs: 1, residentBytes: 1e7, late: 1 },
        { at: 2e6, cpu: 0.5, loopUse: 2 / 3, loopDelayMs: 2, residentBytes: 2e7, late: 2 },
      ],
    },
  ]);
});

test('without an MTA nothing waits for the lab', () => {
  const lab = worker('lab', during(20, 30, { delay: 90 }));
  const limits = (mta: boolean): number => harnessLoad([lab], { ...FRAME, mta }).limits.length;
  assert.deepEqual([limits(true), limits(false)], [1, 0]);
});
