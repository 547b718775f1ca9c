/** k6's part of a Summary. */
import type { MeasuredK6 } from '../analysis/k6-metrics.ts';
import { K6_METRICS, k6MetricNamed } from '../gate/k6-metrics.ts';
import type { K6MetricState } from '../record/k6-metrics.ts';
import type { K6Metric, K6Summary } from './k6-summary.ts';
import { metricValue } from './metric-value.ts';

/** Sums up. Metrics stand in k6's order, those of a script's own after them. */
export function k6Summary(measured: MeasuredK6): K6Summary {
  const place = (name: string): number =>
    k6MetricNamed(name) ? Object.keys(K6_METRICS).indexOf(name) : Number.MAX_SAFE_INTEGER;
  const all = measured
    .all()
    .sort((a, b) => place(a.state.name) - place(b.state.name) || (a.key < b.key ? -1 : 1))
    .map(({ key, state, measured }): [string, K6Metric] => [
      key,
      { contains: containsOf(state), value: metricValue(measured) },
    ]);
  return { metrics: Object.fromEntries(all) };
}

function containsOf({ name, time }: K6MetricState): K6Metric['contains'] {
  if (time) return 'time';
  return k6MetricNamed(name)?.contains === 'data' ? 'data' : 'default';
}
