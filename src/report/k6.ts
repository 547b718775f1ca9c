/**
 * `k6-summary.json`: what k6 hands to a script's handleSummary(), so that tools made for k6 can read a run. The shape is
 * that of k6's documentation ("Custom summary"); names and kinds of metrics are ours.
 *
 * k6 knows no words. A metric that has none but a word (`never`) or no sample is left out, as k6 leaves out what was never
 * sampled. Where a threshold names it, it is there with zeros, as in k6, and `word` beside them says what it is; the
 * threshold's `ok` was judged on that, never on the zero.
 */
import { metricNamed } from '../gate/metrics.ts';
import type { MetricValue, Summary, ThresholdResult } from './summary.ts';

interface K6Metric {
  readonly type: MetricValue['kind'];
  readonly contains: 'time' | 'default';
  readonly values: Readonly<Record<string, number>>;
  readonly word?: string;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

const TREND_STATS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'] as const;

/** Renders `k6-summary.json`. Thresholds with a selector appear under their key, as submetrics. */
export function renderK6(summary: Summary): string {
  const { metrics, thresholds, run } = summary;
  const keys = new Set([...Object.keys(metrics), ...thresholds.map(({ metric }) => metric)]);
  const shown: Record<string, K6Metric> = {};
  for (const key of keys) {
    const metric = metricOf(
      key,
      metrics[key],
      thresholds.filter((t) => t.metric === key),
    );
    if (metric) shown[key] = metric;
  }
  const data = {
    // The id of k6's root group: the MD5 of its empty path.
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: { summaryTrendStats: TREND_STATS, summaryTimeUnit: '', noColor: false },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: run.durationSeconds * 1e3 },
    metrics: shown,
  };
  return `${JSON.stringify(data, null, 2)}\n`;
}

function metricOf(
  key: string,
  measured: MetricValue | undefined,
  thresholds: readonly ThresholdResult[],
): K6Metric | undefined {
  const definition = metricNamed(key.replace(/\s*\{.*/, '').trim());
  const type = measured?.kind ?? definition?.kind;
  const values = measured && valuesOf(measured);
  if (type === undefined || (values === undefined && thresholds.length === 0)) return undefined;
  const word = measured?.kind === 'gauge' ? measured.word : undefined;
  return {
    type,
    contains: definition?.unit === 'ms' ? 'time' : 'default',
    values: values ?? ZEROS[type],
    ...(word === undefined ? {} : { word }),
    ...(thresholds.length === 0
      ? {}
      : { thresholds: Object.fromEntries(thresholds.map((t) => [t.expression, { ok: t.passed }])) }),
  };
}

const ZEROS: Readonly<Record<MetricValue['kind'], K6Metric['values']>> = {
  counter: { count: 0, rate: 0 },
  rate: { rate: 0, passes: 0, fails: 0 },
  gauge: { value: 0, min: 0, max: 0 },
  trend: Object.fromEntries(TREND_STATS.map((stat) => [stat, 0])),
};

/** The numbers by k6's names; undefined if nothing was sampled. */
function valuesOf(metric: MetricValue): K6Metric['values'] | undefined {
  switch (metric.kind) {
    case 'counter':
      return { count: metric.count, rate: metric.rate };
    case 'rate': {
      const { rate, passes, total } = metric;
      return total === 0 ? undefined : { rate, passes, fails: total - passes };
    }
    case 'gauge': {
      const { value, min, max } = metric;
      return value === null || min === null || max === null ? undefined : { value, min, max };
    }
    case 'trend': {
      const { avg, min, med, max, p90, p95, p99, count } = metric;
      const values = { avg, min, med, max, 'p(90)': p90, 'p(95)': p95, 'p(99)': p99, count };
      return count === 0 || !hasNumbers(values) ? undefined : values;
    }
  }
}

function hasNumbers(values: Readonly<Record<string, number | null>>): values is Record<string, number> {
  return Object.values(values).every((value) => value !== null);
}
