import { formatCount, formatMs } from '../../numbers.ts';
import type { LatencySummary } from '../../summary.ts';
import type { Column, SeriesSpec } from '../chart-spec.ts';
import { type Chart, COLORS, type TimeFrame, timeSpec } from './chart.ts';

/** Delivery latency by the moment of delivery; undefined where nothing was delivered. */
export function deliveryLatencyChart(frame: TimeFrame): Chart | undefined {
  const { deliveryP50Ms, deliveryP99Ms, t } = frame.series;
  const known = deliveryP99Ms.filter((ms) => ms !== null);
  if (known.length === 0) return undefined;
  const worst = Math.max(...known);
  return {
    spec: {
      ...timeSpec(frame, 'chart-delivery-latency'),
      unit: 'ms',
      log: true,
      idle: 'max',
      series: [
        { label: 'p99', column: 'delivery p99', color: 'c-throttled', style: 'line' },
        { label: 'median', column: 'delivery p50', color: 'c-attempts', style: 'line' },
      ],
    },
    columns: { 'delivery p50': deliveryP50Ms, 'delivery p99': deliveryP99Ms },
    title: 'Delivery latency, by the moment of delivery',
    sentence: `The 99th percentile of what was delivered in one bucket was highest at ${formatCount(t[deliveryP99Ms.indexOf(worst)] ?? 0)} s with ${formatMs(worst)}.`,
  };
}

/** HDR percentile plot: each further nine takes the same room. Undefined where nothing was measured. */
export function percentileChart(latency: readonly LatencySummary[]): Chart | undefined {
  const shown = latency.filter(({ curve }) => curve.length > 0).slice(0, COLORS);
  if (shown.length === 0) return undefined;
  // 1/(1-p); the maximum, at p = 100 %, has no place on this axis.
  const curves = shown.map(
    ({ curve }) => new Map(curve.filter(([p]) => p < 100).map(([p, ms]) => [1 / (1 - p / 100), ms] as const)),
  );
  const x = [...new Set(curves.flatMap((curve) => [...curve.keys()]))].sort((a, b) => a - b);
  const columns: Record<string, Column> = { nines: x };
  const series = shown.map(({ name }, i): SeriesSpec => {
    columns[`percentile ${name}`] = x.map((at) => curves[i]?.get(at) ?? null);
    return { label: name, column: `percentile ${name}`, color: `c-${i + 1}`, style: 'line' };
  });
  const sentences = shown
    .slice(0, 3)
    .map(({ name, p99Ms, maxMs }) => `${name}: 99% within ${formatMs(p99Ms)}, all within ${formatMs(maxMs)}`);
  return {
    spec: {
      id: 'chart-percentiles',
      axis: 'percentile',
      size: 'full',
      x: 'nines',
      unit: 'ms',
      log: true,
      reach: 0,
      stacked: false,
      idle: 'p99',
      series,
      bands: [],
      marks: [],
    },
    columns,
    title: 'Latency by percentile',
    sentence: `${sentences.join('; ')}.`,
  };
}
