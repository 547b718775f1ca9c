import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns } from '../../../../src/report/comparison/compare.ts';
import type { ComparedRun } from '../../../../src/report/comparison/comparison.ts';
import { comparedRun, type RunSpecial, runsWith } from '../../../support/compared-runs.ts';

const counter = (count: number, rate: number) => ({ kind: 'counter', count, rate }) as const;

test('the verdict: what gates, the exit code, and one sentence', () => {
  const rate = 'delivered{isp:yahoo} rate>10';
  const settled = 'recovery_time{isp:yahoo} value<20s';
  const rows: [string, ComparedRun[], ComparedRun[], number, string][] = [
    [
      'the same build',
      runsWith(rate, [100, 101, 99]),
      runsWith(rate, [101, 100, 100]),
      0,
      'No change in the metric that gates.',
    ],
    [
      'slower',
      runsWith(rate, [100, 101, 99]),
      runsWith(rate, [80, 81, 79]),
      99,
      'delivered{isp:yahoo} rate is worse, 20 % lower: 100/s before, 80/s now.',
    ],
    [
      'faster',
      runsWith(rate, [80, 81, 79]),
      runsWith(rate, [100, 101, 99]),
      0,
      'The metric that gates is better.',
    ],
    [
      'slower, by one run each',
      runsWith(rate, [100]),
      runsWith(rate, [80]),
      99,
      'delivered{isp:yahoo} rate is worse, 20 % lower: 100/s before, 80/s now (not enough runs to judge noise).',
    ],
    [
      'a little slower, by one run each',
      runsWith(rate, [100]),
      runsWith(rate, [91]),
      0,
      'No change in the metric that gates (not enough runs to judge noise).',
    ],
    [
      'recovers no more',
      runsWith(settled, [12_000, 11_000, 13_000]),
      runsWith(settled, ['never', 'never', 'never']),
      99,
      'recovery_time{isp:yahoo} value is worse: 12 s before, never now.',
    ],
    [
      'nothing measured any more',
      runsWith(rate, [100, 101, 99]),
      runsWith(rate, ['no samples', 'no samples', 'no samples']),
      99,
      'delivered{isp:yahoo} rate is worse: 100/s before, no samples now.',
    ],
    [
      'nothing measured on either side',
      runsWith(rate, ['no samples']),
      runsWith(rate, ['no samples']),
      0,
      'No change in the metric that gates (not enough runs to judge noise).',
    ],
    [
      'a baseline that does not know it',
      [comparedRun(), comparedRun(), comparedRun()],
      runsWith(rate, [100, 101, 99]),
      0,
      "The metric that gates can't be compared.",
    ],
    [
      'no thresholds',
      [comparedRun()],
      [comparedRun()],
      0,
      'No thresholds, so nothing to fail (not enough runs to judge noise).',
    ],
  ];
  for (const [name, baseline, runs, exitCode, sentence] of rows) {
    const { verdict } = compareRuns(baseline, runs);
    assert.deepEqual(verdict, { passed: exitCode === 0, exitCode, sentence }, name);
  }
});

test('of several that are worse, the sentence names the one that changed most', () => {
  const runs = (delivered: number, lost: number): ComparedRun[] =>
    [0, 1, 2].map((i) =>
      comparedRun({
        thresholds: { 'delivered rate>10': delivered + i / 10, 'injection_duration p(99)<250': lost + i },
      }),
    );
  const { verdict } = compareRuns(runs(100, 100), runs(70, 150));
  assert.match(
    verdict.sentence,
    /^injection_duration p\(99\) is worse, 49.5 % higher: .*; 1 more is worse\.$/,
  );
});

test('the newest run says what gates: each once, in its order', () => {
  const old = comparedRun({ thresholds: { 'lost count==0': 0 } });
  const newest = comparedRun({
    thresholds: {
      'injection_duration p( 99 )<250': 10,
      'injection_duration p(99)<0.95*baseline': 10,
      'delivered{ phase:incident , isp:"yahoo" } rate>80': 90,
      'recovery_time{isp:yahoo} value!=never': 'never',
    },
  });
  const { gates } = compareRuns([newest], [newest, old]);
  assert.deepEqual(
    gates.map(({ metric, aggregation }) => `${metric} ${aggregation}`),
    [
      'injection_duration p(99)',
      'delivered{isp:yahoo,phase:incident} rate',
      'recovery_time{isp:yahoo} value',
    ],
  );
});

test('which way is better: the metric says; where it does not, the threshold', () => {
  const rows: [string, string | null][] = [
    ['delivered count>0', 'higher'],
    // This asks for throttling, to be sure that the scenario has any. Less of it is better all the same.
    ['throttled count>0', 'lower'],
    ['connections_opened count<500', 'lower'],
    ['connections_opened count>=500', 'higher'],
    ['connections_opened count==500', null],
  ];
  for (const [threshold, better] of rows) {
    const runs = runsWith(threshold, [1]);
    assert.equal(compareRuns(runs, runs).gates[0]?.better, better, threshold);
  }
});

test('where a value comes from: a threshold, the summary, records measured again; else it is not known', () => {
  const key = { 'delivered{phase:incident} rate>1': 50, 'injections rate>1': 9 };
  const side = (special: RunSpecial) => comparedRun(special);
  const { gates, warnings } = compareRuns(
    [
      side({
        thresholds: { 'delivered{phase:incident} rate>7': 60 },
        metrics: { injections: counter(10, 10) },
      }),
      side({ measured: { 'delivered{phase:incident} rate': 70 } }),
      side({}),
    ],
    [side({ thresholds: key })],
  );
  assert.deepEqual(
    gates.map(({ baseline }) => baseline.values),
    [
      [60, 70, null],
      [10, null, null],
    ],
  );
  assert.deepEqual(warnings, []);
});

test('one message more or less never fails a gate, whatever the noise says', () => {
  const lost = (values: number[]) => runsWith('lost count==0', values);
  const failed = (values: number[]) =>
    values.map((rate) =>
      comparedRun({
        thresholds: { 'injection_failed{phase:baseline} rate==0': rate },
        metrics: { injection_failed: { kind: 'rate', rate, passes: rate * 1000, total: 1000 } },
      }),
    );
  const paced = (values: number[]) =>
    runsWith(
      'throttled rate<1',
      values.map((n) => n / 60),
    );
  for (const side of [lost, (v: number[]) => failed(v.map((n) => n / 1000)), paced]) {
    assert.equal(compareRuns(side([0, 0, 0]), side([1, 1, 1])).verdict.exitCode, 0);
    assert.equal(compareRuns(side([0, 0, 0]), side([2, 2, 2])).verdict.exitCode, 99);
  }
});

test('all that gate are one family; the others stand alone and fail nothing', () => {
  const run = (value: number): ComparedRun =>
    comparedRun({
      thresholds: {
        'delivered{phase:incident} rate>1': value,
        'injections{phase:incident} rate>1': 200 - value,
      },
      metrics: { delivered: counter(60, value) },
    });
  const [before, now] = [
    [9, 10, 11],
    [12, 13, 14],
  ].map((values) => values.map(run)) as [ComparedRun[], ComparedRun[]];
  const { gates, others, verdict } = compareRuns(now, before);
  assert.deepEqual(
    gates.map(({ verdict, interval }) => [verdict, interval?.confidence]),
    [
      ['worse', 0.975],
      ['no change', 0.95],
    ],
  );
  assert.deepEqual(
    others.map(({ metric, verdict, interval }) => [metric, verdict, interval?.confidence]),
    [['delivered', 'worse', 0.95]],
  );
  assert.equal(verdict.exitCode, 99);
  // Without thresholds the same change is information.
  const bare = (value: number): ComparedRun => comparedRun({ metrics: { delivered: counter(60, value) } });
  assert.equal(compareRuns([12, 13, 14].map(bare), [9, 10, 11].map(bare)).verdict.exitCode, 0);
});

test('numbers: means, the change, and the interval as shares of the baseline', () => {
  const { gates } = compareRuns(
    runsWith('delivered rate>1', [100, 101, 99]),
    runsWith('delivered rate>1', [80, 81, 79]),
  );
  const [gate] = gates;
  assert.deepEqual(
    [gate?.baseline.mean, gate?.runs.mean, gate?.change, gate?.relativeChange],
    [100, 80, -20, -0.2],
  );
  const { interval } = gate as NonNullable<typeof gate>;
  assert.equal(interval?.relativeFrom, (interval?.from ?? 0) / 100);
  assert.equal((interval?.from ?? 0) + (interval?.to ?? 0), -40);
  // From nothing there is no share.
  const [zero] = compareRuns(runsWith('lost count==0', [0]), runsWith('lost count==0', [5])).gates;
  assert.deepEqual([zero?.change, zero?.relativeChange, zero?.interval], [5, null, null]);
});
