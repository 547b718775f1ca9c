import { formatCount, formatMs } from '../../numbers.ts';
import type { SeriesSpec } from '../chart-spec.ts';
import { type Chart, type TimeFrame, timeSpec } from './chart.ts';

const DEPTH: SeriesSpec = { label: 'queue', column: 'queue', color: 'c-queue', style: 'area' };
const AGE: SeriesSpec = {
  label: 'age of the oldest',
  column: 'queue age',
  color: 'c-throttled',
  style: 'line',
  unit: 'ms',
};

/** The MTA's queue, how long and how old; undefined where neither is known. */
export function queueChart(frame: TimeFrame): Chart | undefined {
  const { queueDepth, queueAge, t } = frame.series;
  const depths = queueDepth.filter((depth) => depth !== null);
  const ages = queueAge.map((seconds) => (seconds === null ? null : seconds * 1e3));
  const oldest = ages.reduce<number>((most, ms) => Math.max(most, ms ?? 0), 0);
  if (depths.length === 0 && oldest === 0) return undefined;
  return {
    spec: {
      ...timeSpec(frame, 'chart-queue'),
      unit: 'count',
      idle: 'max',
      series: [...(depths.length > 0 ? [DEPTH] : []), ...(oldest > 0 ? [AGE] : [])],
    },
    columns: {
      ...(depths.length > 0 && { queue: queueDepth }),
      ...(oldest > 0 && { 'queue age': ages }),
    },
    title: 'In the queue of the MTA: how much, and how old',
    sentence: [
      depths.length > 0 && depthSentence(queueDepth, depths, t),
      oldest > 0 &&
        `The oldest that could be delivered had waited ${formatMs(oldest)}, at ${formatCount(t[ages.indexOf(oldest)] ?? 0)} s.`,
    ]
      .filter((sentence) => sentence !== false)
      .join(' '),
  };
}

function depthSentence(
  queueDepth: readonly (number | null)[],
  depths: readonly number[],
  t: readonly number[],
): string {
  const highest = Math.max(...depths);
  const at = t[queueDepth.indexOf(highest)] ?? 0;
  return highest === 0
    ? 'The queue was empty whenever it was looked at.'
    : `The queue was longest at ${formatCount(at)} s with ${formatCount(highest)}, and last held ${formatCount(depths.at(-1) ?? 0)}.`;
}
