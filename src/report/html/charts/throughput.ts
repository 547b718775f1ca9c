import { formatCount, formatPerSecond, formatShare } from '../../numbers.ts';
import type { IspSeries, Summary } from '../../summary.ts';
import { type Chart, COLORS, stackedChart, type TimeFrame, timeSpec, total } from './chart.ts';

/** What the driver injected and what the ISPs accepted, all of them together. */
export function throughputChart(frame: TimeFrame, summary: Summary): Chart {
  const { totals } = summary;
  return {
    spec: {
      ...timeSpec(frame, 'chart-throughput'),
      series: [
        { label: 'delivered', column: 'delivered', color: 'c-accepted', style: 'area' },
        { label: 'injected', column: 'injected', color: 'c-attempts', style: 'line' },
      ],
    },
    columns: {
      injected: frame.series.injected,
      delivered: sumOf(frame.series.isps, frame.series.t.length, (isp, i) => isp.accepted[i]),
    },
    title: 'Injected and delivered a second',
    sentence: `The driver injected ${formatCount(totals.injectedMessages)} messages, ${formatPerSecond(totals.injectedPerSecond)} on average; the ISPs accepted ${formatCount(totals.delivered)} recipients, ${formatPerSecond(totals.deliveredPerSecond)} on average.`,
  };
}

/** Recipients answered 4xx, by ISP. */
export function deferredChart(frame: TimeFrame, summary: Summary): Chart {
  const putOff = ({ throttled, deferred }: { throttled: number; deferred: number }): number =>
    throttled + deferred;
  const ranked = [...summary.isps].sort((a, b) => putOff(b) - putOff(a));
  const shown = ranked.slice(0, ranked.length > COLORS ? COLORS - 1 : COLORS);
  const values = (isps: readonly IspSeries[]): number[] =>
    sumOf(isps, frame.series.t.length, (isp, i) => (isp.throttled[i] ?? 0) + (isp.deferred[i] ?? 0));
  const layers = shown.map((isp) => ({
    label: isp.name,
    values: values(frame.series.isps.filter(({ id }) => id === isp.id)),
  }));
  if (shown.length < ranked.length) {
    const names = new Set(shown.map(({ id }) => id));
    const rest = frame.series.isps.filter(({ id }) => !names.has(id));
    layers.push({ label: `${rest.length} others`, values: values(rest) });
  }
  const all = ranked.reduce((sum, isp) => sum + putOff(isp), 0);
  const [worst] = ranked;
  return {
    ...stackedChart(
      frame,
      'chart-deferred',
      'put off',
      layers.map((l, i) => ({ ...l, color: `c-${i + 1}` })),
    ),
    title: 'Put off with a 4xx a second, by ISP',
    sentence:
      worst === undefined || all === 0
        ? 'No recipient attempt was throttled or deferred.'
        : `${formatCount(all)} recipient attempts were throttled or deferred, ${formatShare(putOff(worst), all)} of them by ${worst.name}.`,
  };
}

/** The sum over ISPs, bucket by bucket. */
function sumOf(
  isps: readonly IspSeries[],
  buckets: number,
  value: (isp: IspSeries, bucket: number) => number | undefined,
): number[] {
  return Array.from({ length: buckets }, (_, bucket) => total(isps.map((isp) => value(isp, bucket) ?? 0)));
}
