import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import reporter from 'k6-html-reporter';
import { renderK6 } from '../../../src/report/k6.ts';
import type { MetricValue, Summary, ThresholdResult } from '../../../src/report/summary.ts';
import { workFolder } from '../../support/cli.ts';
import { emptyFixture, summaryFixture } from '../../support/summary-fixture.ts';

const { summary } = summaryFixture();

function threshold(metric: string, expression: string, passed: boolean): ThresholdResult {
  return { metric, expression, passed, actual: null, actualText: '', sentence: '' };
}

function shown(
  metrics: Summary['metrics'],
  thresholds: readonly ThresholdResult[] = [],
): Record<string, unknown> {
  return JSON.parse(renderK6({ ...summary, metrics, thresholds })).metrics;
}

const trend: MetricValue = {
  kind: 'trend',
  count: 3,
  avg: 2,
  min: 1,
  med: 2.5,
  max: 3,
  p90: 2.9,
  p95: 2.95,
  p99: 2.99,
};
const never: MetricValue = { kind: 'gauge', value: null, min: null, max: null, word: 'never' };

const cases: readonly [
  name: string,
  metrics: Summary['metrics'],
  thresholds: readonly ThresholdResult[],
  expected: Record<string, unknown>,
][] = [
  [
    'each kind of metric, times as such',
    {
      delivered: { kind: 'counter', count: 12, rate: 3 },
      wasted_attempts: { kind: 'rate', rate: 0.25, passes: 1, total: 4 },
      queue_depth: { kind: 'gauge', value: 0, min: 0, max: 9 },
      injection_duration: trend,
      attempts_per_delivery: trend,
    },
    [],
    {
      delivered: { type: 'counter', contains: 'default', values: { count: 12, rate: 3 } },
      wasted_attempts: { type: 'rate', contains: 'default', values: { rate: 0.25, passes: 1, fails: 3 } },
      queue_depth: { type: 'gauge', contains: 'default', values: { value: 0, min: 0, max: 9 } },
      ...Object.fromEntries(
        [
          ['injection_duration', 'time'],
          ['attempts_per_delivery', 'default'],
        ].map(([name, contains]) => [
          name,
          {
            type: 'trend',
            contains,
            values: {
              avg: 2,
              min: 1,
              med: 2.5,
              max: 3,
              'p(90)': 2.9,
              'p(95)': 2.95,
              'p(99)': 2.99,
              count: 3,
            },
          },
        ]),
      ),
    },
  ],
  [
    'thresholds at their metric, and with a selector as a submetric of their own',
    {
      delivered: { kind: 'counter', count: 12, rate: 3 },
      'delivered{isp:yahoo}': { kind: 'counter', count: 5, rate: 1 },
    },
    [
      threshold('delivered', 'count>1', true),
      threshold('delivered', 'rate>4', false),
      threshold('delivered{isp:yahoo}', 'rate>4', false),
    ],
    {
      delivered: {
        type: 'counter',
        contains: 'default',
        values: { count: 12, rate: 3 },
        thresholds: { 'count>1': { ok: true }, 'rate>4': { ok: false } },
      },
      'delivered{isp:yahoo}': {
        type: 'counter',
        contains: 'default',
        values: { count: 5, rate: 1 },
        thresholds: { 'rate>4': { ok: false } },
      },
    },
  ],
  [
    'what has no number is left out',
    {
      recovery_time: never,
      noop_duration: { ...trend, count: 0 },
      noop_failed: { kind: 'rate', rate: 0, passes: 0, total: 0 },
    },
    [],
    {},
  ],
  [
    'unless a threshold names it: zeros as in k6, and the word',
    { 'recovery_time{isp:gmail}': never, noop_duration: { ...trend, count: 0 } },
    [
      threshold('recovery_time{isp:gmail}', 'value<20s', false),
      threshold('noop_duration', 'avg<1', false),
      threshold('noop_failed', 'rate==0', false),
      threshold('queue_age', 'max<1m', false),
    ],
    {
      'recovery_time{isp:gmail}': {
        type: 'gauge',
        contains: 'time',
        values: { value: 0, min: 0, max: 0 },
        word: 'never',
        thresholds: { 'value<20s': { ok: false } },
      },
      noop_duration: {
        type: 'trend',
        contains: 'time',
        values: { avg: 0, min: 0, med: 0, max: 0, 'p(90)': 0, 'p(95)': 0, 'p(99)': 0, count: 0 },
        thresholds: { 'avg<1': { ok: false } },
      },
      noop_failed: {
        type: 'rate',
        contains: 'default',
        values: { rate: 0, passes: 0, fails: 0 },
        thresholds: { 'rate==0': { ok: false } },
      },
      queue_age: {
        type: 'gauge',
        contains: 'time',
        values: { value: 0, min: 0, max: 0 },
        thresholds: { 'max<1m': { ok: false } },
      },
    },
  ],
];
for (const [name, metrics, thresholds, expected] of cases) {
  test(`k6-summary.json: ${name}`, () => assert.deepEqual(shown(metrics, thresholds), expected));
}

test('around the metrics is what k6 has there', () => {
  const { metrics: _, ...rest } = JSON.parse(renderK6(summary));
  assert.deepEqual(rest, {
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: {
      summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'],
      summaryTimeUnit: '',
      noColor: false,
    },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: 104_000 },
  });
});

/** The page that k6-html-reporter makes, as text: markup away, blanks together. */
function reported(folder: string, of: Summary): string {
  writeFileSync(join(folder, 'k6-summary.json'), renderK6(of));
  reporter.generateSummaryReport({ jsonFile: join(folder, 'k6-summary.json'), output: folder });
  return readFileSync(join(folder, 'report.html'), 'utf8')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('k6-html-reporter makes its page with our numbers', (t) => {
  const metrics = {
    ...summary.metrics,
    'messages_per_connection{isp:outlook}': { ...trend, count: 0 },
    'recovery_time{isp:gmail}': never,
  };
  const thresholds = [...summary.thresholds, threshold('recovery_time{isp:gmail}', 'value<20s', false)];
  const page = reported(workFolder(t), { ...summary, metrics, thresholds });
  const { count, rate } = summary.metrics.delivered as Extract<MetricValue, { kind: 'counter' }>;
  for (const text of [
    `delivered ${count} ${rate}`,
    'injection_duration 9.40 ms 77.90 ms 6.20 ms 1.90 ms 18.40 ms 23.60 ms',
    `wasted_attempts ${summary.totals.throttled / summary.totals.transactions} ${summary.totals.throttled} ${summary.totals.transactions - summary.totals.throttled}`,
    'passes: 4 fails: 3',
    '3 metrics failed the thresholds',
    'recovery_time{isp:gmail} value&lt;20s',
  ]) {
    assert.ok(page.includes(text), `expected "${text}" in\n${page}`);
  }
});

test('k6-html-reporter reads a run in which nothing happened', (t) => {
  assert.match(reported(workFolder(t), emptyFixture().summary), /Powered by k6-html-reporter/);
});
