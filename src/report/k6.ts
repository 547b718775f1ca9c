/**
 * `k6-summary.json`: what k6 hands to a script's handleSummary(), so that tools made for k6 can read a run. The shape is
 * that of k6's documentation ("Custom summary"); names and kinds of metrics are ours.
 *
 * k6 knows no words. A metric that has none but a word (`never`) or no sample is left out, as k6 leaves out what was never
 * sampled. Where a threshold names it, it is there with zeros, as in k6, and `word` beside them says what it is; the
 * threshold's `ok` was judged on that, never on the zero.
 *
 * Where k6 carried out loads, its own metrics are there as k6 itself has them. One of ours that has a name of k6's is
 * `windtunnel_checks` then, so that `checks` is what a tool made for k6 takes it for.
 */
import { k6Key, k6Selector } from '../core/k6-key.ts';
import { k6MetricNamed } from '../gate/k6-metrics.ts';
import { metricNamed } from '../gate/metrics.ts';
import type { MetricValue, Summary, ThresholdResult } from './summary.ts';

type Contains = 'time' | 'data' | 'default';

interface ShownMetric {
  readonly type: MetricValue['kind'];
  readonly contains: Contains;
  readonly values: Readonly<Record<string, number>>;
  readonly word?: string;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

const TREND_STATS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'count'] as const;

/** Renders `k6-summary.json`. Thresholds with a selector appear under their key, as submetrics. */
export function renderK6(summary: Summary): string {
  const { run } = summary;
  const k6s = k6Metrics(summary);
  const shown: Record<string, ShownMetric> = {};
  for (const [key, metric] of ourMetrics(summary)) shown[k6s.has(key) ? `windtunnel_${key}` : key] = metric;
  for (const [key, metric] of k6s) shown[key] = metric;
  const data = {
    // The id of k6's root group: the MD5 of its empty path.
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: { summaryTrendStats: TREND_STATS, summaryTimeUnit: '', noColor: false },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: run.durationSeconds * 1e3 },
    metrics: shown,
  };
  return `${JSON.stringify(data, null, 2)}\n`;
}

function ourMetrics({ metrics, thresholds }: Summary): Map<string, ShownMetric> {
  const asked = thresholds.filter(({ k6 }) => !k6);
  const shown = new Map<string, ShownMetric>();
  for (const key of new Set([...Object.keys(metrics), ...asked.map(({ metric }) => metric)])) {
    const definition = metricNamed(key.replace(/\s*\{.*/, '').trim());
    const contains = definition?.unit === 'ms' ? 'time' : 'default';
    const own = asked.filter(({ metric }) => metric === key);
    const metric = metricOf(metrics[key], { kind: definition?.kind, contains }, own);
    if (metric) shown.set(key, metric);
  }
  return shown;
}

/** Parts of metrics that thresholds name stand under the thresholds' keys as written, as k6 has them. */
function k6Metrics({ k6, thresholds }: Summary): Map<string, ShownMetric> {
  const asked = thresholds.filter(({ k6 }) => k6);
  const shown = new Map<string, ShownMetric>();
  const named = new Map(asked.map(({ metric }) => [metric, keyMeant(metric)]));
  for (const key of Object.keys(k6?.metrics ?? {}))
    if (![...named.values()].includes(key)) named.set(key, key);
  for (const [key, meant] of named) {
    const measured = k6?.metrics[meant];
    const known = k6MetricNamed(meant.replace(/\{.*/, ''));
    const contains = measured?.contains ?? known?.contains ?? 'default';
    const own = asked.filter(({ metric }) => metric === key);
    const metric = metricOf(measured?.value, { kind: known?.kind, contains }, own);
    if (metric) shown.set(key, metric);
  }
  return shown;
}

/** A key in the one form that summaries have. */
function keyMeant(key: string): string {
  const selector = k6Selector(key);
  return selector ? k6Key(selector) : key;
}

function metricOf(
  measured: MetricValue | undefined,
  known: { readonly kind: MetricValue['kind'] | undefined; readonly contains: Contains },
  thresholds: readonly ThresholdResult[],
): ShownMetric | undefined {
  const type = measured?.kind ?? known.kind;
  const values = measured && valuesOf(measured);
  if (type === undefined || (values === undefined && thresholds.length === 0)) return undefined;
  const word = measured?.kind === 'gauge' ? measured.word : undefined;
  return {
    type,
    contains: known.contains,
    values: values ?? ZEROS[type],
    ...(word === undefined ? {} : { word }),
    ...(thresholds.length === 0
      ? {}
      : { thresholds: Object.fromEntries(thresholds.map((t) => [t.expression, { ok: t.passed }])) }),
  };
}

const ZEROS: Readonly<Record<MetricValue['kind'], ShownMetric['values']>> = {
  counter: { count: 0, rate: 0 },
  rate: { rate: 0, passes: 0, fails: 0 },
  gauge: { value: 0, min: 0, max: 0 },
  trend: Object.fromEntries(TREND_STATS.map((stat) => [stat, 0])),
};

/** The numbers by k6's names; undefined if nothing was sampled. */
function valuesOf(metric: MetricValue): ShownMetric['values'] | undefined {
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
