import type { Phase, Series } from '../../summary.ts';
import { bandsOf } from '../bands.ts';
import type { ChartSpec, Column, SeriesSpec } from '../chart-spec.ts';

/** A chart with all that the page says about it. */
export interface Chart {
  readonly spec: ChartSpec;
  readonly columns: Readonly<Record<string, Column>>;
  readonly title: string;
  /** What the chart shows in one sentence: its caption, and its text for those who can't see it. */
  readonly sentence: string;
}

/** What a chart over time needs beside its own values. */
export interface TimeFrame {
  readonly series: Series;
  readonly phases: readonly Phase[];
  readonly loadSeconds: number;
}

/** As many colours as `--c-1` … `--c-8` in the style sheet; what is beyond is summed up. */
export const COLORS = 8;

/** The part of a chart's data that all charts over time share. */
export function timeSpec(
  { phases, loadSeconds, series }: TimeFrame,
  id: string,
  isp?: string,
): Omit<ChartSpec, 'series'> {
  return {
    id,
    axis: 'time',
    size: 'full',
    x: 't',
    unit: 'perSecond',
    log: false,
    reach: 0,
    stacked: false,
    idle: 'mean',
    bands: bandsOf(phases, { isp, loadSeconds, end: endOf(series) }),
    marks: [],
  };
}

/** The end of the last bucket, seconds since the load began. */
export function endOf({ t, bucketSeconds }: Series): number {
  return (t.at(-1) ?? 0) + bucketSeconds;
}

/** What lies on what is below it. */
export interface Layer {
  readonly label: string;
  readonly values: readonly number[];
  readonly color: string;
  readonly note?: string;
}

/** A chart whose series lie on top of each other. Its columns are named after `prefix` and the labels. */
export function stackedChart(
  frame: TimeFrame,
  id: string,
  prefix: string,
  layers: readonly Layer[],
  isp?: string,
): Pick<Chart, 'spec' | 'columns'> {
  const columns: Record<string, Column> = {};
  const series = layers.map(({ label, values, color, note }): SeriesSpec => {
    const column = `${prefix} ${label}`;
    columns[column] = values;
    return { label, column, color, style: 'area', ...(note !== undefined && { note }) };
  });
  return { spec: { ...timeSpec(frame, id, isp), stacked: true, series }, columns };
}

/** The sum of all values. */
export function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
