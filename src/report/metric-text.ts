/** The numbers of a metric in words. */
import type { MetricValue } from './metric-value.ts';
import { formatCount, formatShare } from './numbers.ts';

/** What a metric measured, a pair for each number of its kind. */
export function metricParts(
  metric: MetricValue,
  format: (value: number) => string,
): (readonly [name: string, value: string])[] {
  switch (metric.kind) {
    case 'counter':
      return [
        ['count', format === plain ? formatCount(metric.count) : format(metric.count)],
        ['rate', `${format(metric.rate)}/s`],
      ];
    case 'rate':
      return [
        ['rate', formatShare(metric.passes, metric.total)],
        ['of', `${formatCount(metric.passes)} / ${formatCount(metric.total)}`],
      ];
    case 'gauge':
      return (['value', 'min', 'max'] as const).map((of) => {
        const value = metric[of];
        return [of, value === null ? (metric.word ?? '–') : format(value)];
      });
    case 'trend':
      return (['avg', 'min', 'med', 'p90', 'p95', 'p99', 'max'] as const).map((of) => {
        const value = metric[of];
        return [of, value === null ? 'never' : format(value)];
      });
  }
}

/** A number that has no unit: three digits, whole from 1,000 on. */
export function plain(value: number): string {
  return Math.abs(value) >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)));
}
