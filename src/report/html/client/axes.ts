/// <reference lib="dom" />
/** Axes: what is written along them, and how far they reach. */
import type UPlot from 'uplot';
import type { ChartSpec, Unit } from '../chart-spec.ts';
import { column, isLimit, page } from './page-data.ts';
import { FONT, paint } from './paint.ts';
import { moment, percentile, short } from './words.ts';

const AXIS: UPlot.Axis = {
  font: FONT,
  stroke: () => paint('muted'),
  grid: { stroke: () => paint('line'), width: 1 },
  ticks: { show: false },
  gap: 6,
};

/** The axis at the bottom. */
export function xAxis({ axis }: ChartSpec): UPlot.Axis {
  if (axis === 'time') {
    return {
      ...AXIS,
      size: 28,
      space: 64,
      incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600],
      values: (_, at) => at.map(moment),
    };
  }
  const splits = (min: number, max: number): number[] =>
    [1, 2, 4, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((v) => v >= min && v <= max);
  return {
    ...AXIS,
    size: 28,
    splits: (_, __, min, max) => splits(min, max),
    filter: (u, at) => spaced(u, at),
    values: (_, at) => at.map((v: number | null) => (v === null ? null : percentile(v))),
  };
}

/** Leaves out what has no room to the right of its neighbour. */
function spaced(u: UPlot, at: readonly number[]): (number | null)[] {
  let last = Number.NEGATIVE_INFINITY;
  return at.map((v) => {
    const x = u.valToPos(v, 'x');
    if (x - last < 38) return null;
    last = x;
    return v;
  });
}

/** The axis at the left, or at the right. */
export function yAxis({ log, size }: ChartSpec, unit: Unit, side: 'left' | 'right' = 'left'): UPlot.Axis {
  return {
    ...AXIS,
    ...(side === 'right' && { side: 1, scale: 'right', grid: { show: false } }),
    size: size === 'small' ? 40 : 58,
    space: size === 'small' ? 30 : 36,
    values: (_, at) => at.map((v) => short(v, unit)),
    ...(log && {
      splits: (_u: UPlot, _i: number, min: number, max: number) => logSplits(min, max),
      filter: (_u: UPlot, at: number[]) => at,
    }),
  };
}

/** What a time axis shows. */
export function xRange(min: number | null, max: number | null): [number, number] {
  const first = column('t')[0] ?? 0;
  const last = column('t').at(-1) ?? 0;
  // The data's own extent means the whole run, to the end of its last bucket.
  return min === null || max === null || (min <= first && max >= last) ? [0, page.end] : [min, max];
}

/** The top of a linear axis: above all in view, and above the limits unless they are far above everything else. */
export function linearTop(
  u: UPlot,
  { x, series, marks, reach: least }: ChartSpec,
  most: number | null,
): number {
  const highest = Math.max(least, most ?? 0);
  const reach = highest > 0 ? page.limitReach * highest : Number.POSITIVE_INFINITY;
  // The x scale itself is still the old one while the new scales are worked out.
  const { min = 0, max = page.end } = u.series[0] ?? {};
  const inView = column(x).map((at) => at !== null && at >= min && at <= max);
  const limits = series
    .filter(({ style }) => isLimit(style))
    .flatMap((s) => column(s.column).filter((v, i) => inView[i] && v !== null && v <= reach));
  const top = limits.reduce<number>((top, v) => Math.max(top, v ?? 0), highest);
  // What marks say has a row above all lines.
  return top === 0 ? 1 : top * (marks.length > 0 ? 1.2 : 1.1);
}

/** The units of a chart's values: at the left, and at the right if there are others. */
export function unitsOf({ unit, series }: ChartSpec): [Unit, ...Unit[]] {
  return [unit, ...series.flatMap((s) => (s.unit && s.unit !== unit ? [s.unit] : [])).slice(0, 1)];
}

/** To the next 1, 2 or 5 of a decade. */
export function logRange(min: number | null, max: number | null): [number, number] {
  const low = Math.max(1e-3, min ?? 1);
  const high = Math.max(low * 1.01, max ?? 10);
  const steps = (value: number): number[] =>
    [1, 2, 5, 10].map((m) => m * 10 ** Math.floor(Math.log10(value)));
  return [steps(low).findLast((v) => v <= low) ?? low, steps(high).find((v) => v >= high) ?? high];
}

/** One to three lines a decade, as there is room. */
function logSplits(min: number, max: number): number[] {
  const decades = Math.log10(max / min);
  const within = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const first = Math.floor(Math.log10(min));
  return Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => within.map((m) => m * 10 ** (first + i)))
    .flat()
    .filter((v) => v >= min * 0.999 && v <= max * 1.001);
}
