import { formatCount, formatRate, formatSeconds } from '../../numbers.ts';
import type { IspReputation, IspSeries, RateSeries, StandingSeries } from '../../summary.ts';
import type { Column, SeriesSpec } from '../chart-spec.ts';
import { anchor } from '../markup.ts';
import { type Chart, type TimeFrame, timeSpec } from './chart.ts';

/** What is drawn of one ISP; undefined: it has nothing to show. */
export interface ReputationCharts {
  readonly standings: Chart | undefined;
  readonly rates: Chart | undefined;
}

/** The charts have buckets of their own, since reputation takes its time. */
const TIME = 't of reputation';

/** Lines in a chart; the others are in the table. */
const MOST_LINES = 6;

/** Colours of lines that bound something. */
const BOUNDS = ['c-lost', 'c-throttled', 'c-deferred'];

/** Reputation and spam rates at an ISP over time. `frame`: merged further than other charts'. */
export function reputationCharts(
  frame: TimeFrame,
  reputation: IspReputation,
  name: string,
): ReputationCharts {
  const series = frame.series.isps.find(({ id }) => id === reputation.isp);
  return {
    standings: series && standingsChart(frame, reputation, series, name),
    rates: series && ratesChart(frame, reputation, series, name),
  };
}

/** What the ISP thinks of those who have lost reputation, with the numbers below which it takes less. */
function standingsChart(
  frame: TimeFrame,
  { isp, scales, standings }: IspReputation,
  series: IspSeries,
  name: string,
): Chart | undefined {
  if (standings.length === 0) return undefined;
  const shown = standings
    .slice(0, MOST_LINES)
    .flatMap((one) => series.standings.filter((known) => known.of === one.of && known.name === one.name));
  const scale = scales.find(({ of }) => shown.some((one) => one.of === of));
  const bounds = (scale?.tiers ?? []).map(({ below, factor }, i) => ({
    label: `below ${below}: ${tierText(factor)}`,
    value: below,
    color: BOUNDS[Math.min(i, BOUNDS.length - 1)] as string,
  }));
  const lines = shown.map((one) => ({ label: labelOf(one, shown), values: one.score }));
  const chart = chartOf(frame, `${isp} reputation`, isp, lines, bounds);
  const best = scale?.best ?? 100;
  return {
    ...chart,
    spec: { ...chart.spec, reach: best },
    title: `What ${name} thinks of the sender: reputation`,
    sentence: `${standings
      .slice(0, 3)
      .map(
        ({ name: who, lowest, lowestAt, last }) =>
          `${who} fell to ${lowest} at ${formatSeconds(lowestAt)}${last > lowest ? ` and was at ${last} in the end` : ''}`,
      )
      .join(
        '; ',
      )}${standings.length > 3 ? `; ${formatCount(standings.length - 3)} more lost some` : ''}. The best is ${best}.`,
  };
}

/** How many complained, with the shares that the ISP wants them to stay below. */
function ratesChart(
  frame: TimeFrame,
  { isp, limits, rates }: IspReputation,
  series: IspSeries,
  name: string,
): Chart | undefined {
  const shown = series.spamRates
    .filter(({ rate }) => rate.some((value) => value !== null))
    .slice(0, MOST_LINES);
  if (shown.length === 0) return undefined;
  const bounds = limits.map(({ rate, mark }, i) => ({
    label: `${formatRate(rate)} (${mark})`,
    value: rate,
    color: BOUNDS[limits.length - 1 - i] as string,
  }));
  const [worst] = rates.filter(({ rate }) => rate !== null).sort((a, b) => (b.rate ?? 0) - (a.rate ?? 0));
  const lines = distinct(shown.map((one) => ({ label: rateLabel(one), values: one.rate })));
  const chart = chartOf(frame, `${isp} spam rate`, isp, lines, bounds);
  return {
    ...chart,
    spec: { ...chart.spec, unit: 'share', reach: 1.2 * Math.max(0, ...limits.map(({ rate }) => rate)) },
    title: `Complaints at ${name}: share of the mail of a simulated day`,
    sentence: worst
      ? `${formatCount(worst.complaints)} complaints about ${formatCount(worst.recipients)} recipients of ${rateLabel(worst)}: ${formatRate(worst.rate ?? 0)}.`
      : 'There was too little mail for a rate.',
  };
}

interface Line {
  readonly label: string;
  readonly values: Column;
}

/** Lines that would lie on each other are one. */
function distinct(lines: readonly Line[]): Line[] {
  const byValues = new Map<string, Line[]>();
  for (const line of lines) {
    const key = line.values.join();
    byValues.set(key, [...(byValues.get(key) ?? []), line]);
  }
  return [...byValues.values()].map(([first, ...others]) => ({
    ...(first as Line),
    label: others.length === 0 ? (first as Line).label : `${first?.label} and ${others.length} more`,
  }));
}

function chartOf(
  frame: TimeFrame,
  id: string,
  isp: string,
  lines: readonly Line[],
  bounds: readonly { readonly label: string; readonly value: number; readonly color: string }[],
): Pick<Chart, 'spec' | 'columns'> {
  const columns: Record<string, Column> = { [TIME]: frame.series.t };
  const column = (name: string, values: Column): string => {
    columns[name] = values;
    return name;
  };
  const series: SeriesSpec[] = [
    ...bounds.map(({ label, value, color }) => ({
      label,
      // Many charts have the same.
      column: column(
        `always ${value}`,
        frame.series.t.map(() => value),
      ),
      color,
      style: 'limit-dashed' as const,
    })),
    ...lines.map(({ label, values }, i) => ({
      label,
      column: column(`${id} ${label}`, values),
      color: `c-${i + 1}`,
      style: 'line' as const,
    })),
  ];
  return {
    spec: { ...timeSpec(frame, anchor('chart', id), isp), x: TIME, unit: 'count', idle: 'last', series },
    columns,
  };
}

/** What becomes of a sender below a number. */
export function tierText(factor: number): string {
  return factor === 0 ? 'nothing is taken' : `limits × ${factor}`;
}

/** A domain says that it is one, if not all are. */
function labelOf({ of, name }: StandingSeries, all: readonly StandingSeries[]): string {
  return of === 'domain' && all.some((one) => one.of === 'source') ? `domain ${name}` : name;
}

/** A domain, or an identifier as such. */
export function rateLabel({ of, name }: Pick<RateSeries, 'of' | 'name'>): string {
  return of === 'domain' ? name : `Feedback-ID ${name}`;
}
