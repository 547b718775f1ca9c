import { formatCount, formatShare } from '../../numbers.ts';
import type { IspSummary, SourceSeries } from '../../summary.ts';
import { anchor } from '../markup.ts';
import { LIMIT_REACH } from './adaptation.ts';
import { type Chart, type TimeFrame, timeSpec, total } from './chart.ts';

/** Sources that are drawn; the others are summed up in a sentence. */
export const MOST_SOURCES = 12;

/** One small chart a source, all of an ISP's with the same axes, and a sentence about those that are not drawn. */
export interface SourceCharts {
  readonly charts: readonly Chart[];
  readonly others: string | undefined;
}

/** The adaptation at an ISP by source. `frame`: merged further than other charts', since these are small. */
export function sourceCharts(frame: TimeFrame, isp: IspSummary): SourceCharts {
  const sources = frame.series.isps.find(({ id }) => id === isp.id)?.sources ?? [];
  const shown = sources.slice(0, MOST_SOURCES);
  const most = Math.max(0, ...shown.flatMap(({ attempts }) => attempts));
  const limits = shown
    .flatMap(({ allowance }) => allowance)
    .filter((v) => v !== null && v <= most * LIMIT_REACH);
  const reach = limits.reduce<number>((top, v) => Math.max(top, v ?? 0), most);
  return {
    charts: shown.map((source) => sourceChart(frame, isp, source, reach)),
    others: othersSentence(sources.slice(MOST_SOURCES), frame.series.bucketSeconds),
  };
}

function sourceChart(frame: TimeFrame, isp: IspSummary, source: SourceSeries, reach: number): Chart {
  const column = (name: string): string => `${isp.id} ${source.source} ${name}`;
  const { allowance, attempts, accepted, throttled } = source;
  return {
    spec: {
      ...timeSpec(frame, anchor('source', `${isp.id} ${source.source}`), isp.id),
      size: 'small',
      x: 't of sources',
      stacked: true,
      reach,
      series: [
        { label: 'accepted', column: column('accepted'), color: 'c-accepted', style: 'area' },
        { label: 'throttled', column: column('throttled'), color: 'c-throttled', style: 'area' },
        { label: 'attempts', column: column('attempts'), color: 'c-attempts', style: 'line' },
        { label: 'allowance', column: column('allowance'), color: 'c-allowance', style: 'limit' },
      ],
    },
    columns: {
      't of sources': frame.series.t,
      [column('accepted')]: accepted,
      [column('throttled')]: throttled,
      [column('attempts')]: attempts,
      [column('allowance')]: allowance,
    },
    title: source.source,
    sentence: tried([source], frame.series.bucketSeconds),
  };
}

function othersSentence(others: readonly SourceSeries[], bucketSeconds: number): string | undefined {
  if (others.length === 0) return undefined;
  return `${formatCount(others.length)} more sources together: ${tried(others, bucketSeconds)}`;
}

function tried(sources: readonly SourceSeries[], bucketSeconds: number): string {
  const sum = (name: 'attempts' | 'accepted' | 'throttled'): number =>
    total(sources.map((source) => total(source[name]))) * bucketSeconds;
  const attempts = sum('attempts');
  return `${formatCount(attempts)} attempts, ${formatCount(sum('accepted'))} accepted, ${formatCount(sum('throttled'))} throttled (${formatShare(sum('throttled'), attempts)}).`;
}
