/// <reference lib="dom" />
/** Lines, areas and areas on each other, as uPlot wants them. */
import type UPlot from 'uplot';
import type { ChartSpec, SeriesSpec } from '../chart-spec.ts';
import { column, isLimit } from './page-data.ts';
import { paint } from './paint.ts';

declare const uPlot: typeof UPlot;

/** How a series is drawn. */
export function seriesOptions({ series, axis, stacked, unit: usual }: ChartSpec, i: number): UPlot.Series {
  const { label, color, style, unit = usual, hidden } = series[i] as SeriesSpec;
  const limit = isLimit(style);
  const area = style === 'area';
  const layer = stacked && area;
  return {
    label,
    show: !hidden,
    scale: unit === usual ? 'y' : 'right',
    // The edge of an empty layer would be drawn as a line on the layer below.
    ...(!layer && { stroke: () => paint(color) }),
    width: layer ? 0 : limit ? 2 : style === 'thin' ? 1 : 1.5,
    ...(style === 'limit-dashed' && { dash: [4, 4] }),
    // A limit far above all that happened must not press the rest flat.
    auto: !limit,
    spanGaps: axis === 'percentile',
    points: { show: axis === 'percentile', size: 5, fill: () => paint(color), stroke: () => paint(color) },
    ...(area && { fill: () => paint(color, layer ? 0.55 : 0.25) }),
    ...(axis === 'time' && { paths: steps }),
  };
}

/** A bucket's value holds until the next bucket begins, the last one's to the end; unknown values have no line. */
const steps: UPlot.Series.PathBuilder = (u, series, from, to) => {
  const extend = u.data[series]?.[to] !== null;
  const paths = uPlot.paths.stepped?.({ align: 1, extend })(u, series, from, to) ?? null;
  if (extend && paths?.band) paths.band = above(u, paths.stroke as Path2D, from);
  return paths;
};

/** What lies above a layer's edge, to the end of the last bucket. uPlot itself leaves out where that begins. */
function above(u: UPlot, edge: Path2D, from: number): Path2D {
  const { left, top, width } = u.bbox;
  const path = new Path2D(edge);
  path.lineTo(left + width, top);
  path.lineTo(u.valToPos(u.data[0][from] ?? 0, 'x', true), top);
  path.closePath();
  return path;
}

/** The places of the series that lie on each other, from the lowest up. */
function layers({ series, stacked }: ChartSpec): number[] {
  return stacked ? [...series.keys()].filter((i) => series[i]?.style === 'area') : [];
}

/** The layer that a value lies in at a place of the x column; undefined: it lies in none. */
export function layerAt(
  spec: ChartSpec,
  hidden: ReadonlySet<number>,
  at: number,
  value: number,
): number | undefined {
  let top = 0;
  return layers(spec).find((i) => {
    if (hidden.has(i)) return false;
    top += column(spec.series[i]?.column ?? '')[at] ?? 0;
    return value <= top;
  });
}

/** Fills each layer down to the one below it only. */
export function fills(spec: ChartSpec): UPlot.Band[] {
  const places = layers(spec);
  return places.slice(1).map((upper, i) => ({ series: [upper + 1, (places[i] as number) + 1] }));
}

/** A chart's values; those that lie on each other are added up. */
export function dataOf(spec: ChartSpec, hidden: ReadonlySet<number>): UPlot.AlignedData {
  const x = column(spec.x).map((v) => v ?? 0);
  const values = spec.series.map((s) => [...column(s.column)]);
  let below = x.map(() => 0);
  for (const i of layers(spec)) {
    const own = values[i] ?? [];
    if (!hidden.has(i)) below = below.map((base, at) => base + (own[at] ?? 0));
    values[i] = below;
  }
  return [x, ...values];
}
