import { formatCount } from '../../numbers.ts';
import { type Chart, type TimeFrame, timeSpec } from './chart.ts';

/** The MTA's queue; undefined where it was never sampled. */
export function queueChart(frame: TimeFrame): Chart | undefined {
  const { queueDepth, t } = frame.series;
  const known = queueDepth.filter((depth) => depth !== null);
  if (known.length === 0) return undefined;
  const highest = Math.max(...known);
  const at = t[queueDepth.indexOf(highest)] ?? 0;
  const last = known[known.length - 1] ?? 0;
  return {
    spec: {
      ...timeSpec(frame, 'chart-queue'),
      unit: 'count',
      idle: 'max',
      series: [{ label: 'queue', column: 'queue', color: 'c-queue', style: 'area' }],
    },
    columns: { queue: queueDepth },
    title: 'In the queue of the MTA',
    sentence:
      highest === 0
        ? 'The queue was empty whenever it was looked at.'
        : `The queue was longest at ${formatCount(at)} s with ${formatCount(highest)}, and held ${formatCount(last)} at the end.`,
  };
}
