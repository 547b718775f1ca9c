/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page's script for charts: draws what the page describes as data, and keeps cursors and zoom together. The page
 * holds it and what it imports as one script (inline.ts).
 */
import type UPlot from 'uplot';
import type { ChartPage, ChartSpec, Column, SeriesSpec } from './chart-spec.ts';
import { linearTop, logRange, unitsOf, xAxis, xRange, yAxis } from './client/axes.ts';
import { drawBands, drawLabels, LANE, lanesOf } from './client/bands.ts';
import { dataOf, fills, layerAt, seriesOptions } from './client/lines.ts';
import { drawMarks } from './client/marks.ts';
import { byId, column, isLimit, page, setPage } from './client/page-data.ts';
import { forgetColors, paint } from './client/paint.ts';
import { explainTerms, hideTip, showTip } from './client/tip.ts';
import { long, moment, percentile } from './client/words.ts';

declare const uPlot: typeof UPlot;

interface Plot {
  readonly spec: ChartSpec;
  readonly host: HTMLElement;
  readonly figure: HTMLElement;
  readonly keys: readonly HTMLElement[];
  readonly hidden: Set<number>;
  readonly u: UPlot;
}

const plots: Plot[] = [];
/** Those that are on the screen or nearly so. Others are not drawn, and not kept up to date. */
const inSight = new Set<Plot>();
const cursors = uPlot.sync('time');
/** What all charts over time show, seconds. */
let zoom = { min: 0, max: page.end };

// --- drawing ---

function draw(spec: ChartSpec): Plot {
  const figure = byId(spec.id);
  const host = hostOf(spec);
  const keys = [...figure.querySelectorAll<HTMLElement>('.key')];
  const hidden = new Set([...spec.series.keys()].filter((i) => spec.series[i]?.hidden));
  let plot: Plot | undefined;
  const changed = (): void => {
    if (plot) update(plot);
  };
  const u = new uPlot(options(spec, host, changed), dataOf(spec, hidden), host);
  plot = { spec, host, figure, keys, hidden, u };
  plots.push(plot);
  sizes.observe(host);
  if (spec.axis === 'time') {
    // uPlot has made it follow the others' cursor.
    cursors.unsub(u);
    takeZoom(plot);
  }
  if (spec.size === 'full') {
    // Not addEventListener: a chart that is drawn anew takes the place of the one before.
    for (const [i, key] of keys.entries()) {
      key.setAttribute('aria-pressed', String(!hidden.has(i)));
      key.onclick = () => toggle(plot, i);
    }
  }
  host.onkeydown = (event) => onKey(plot, event);
  if (spec.series.some(({ note }) => note)) wordLayers(plot);
  const chosen = choices.get(spec.id);
  for (const [i, { label }] of spec.series.entries()) {
    if ((chosen?.get(label) ?? hidden.has(i)) !== hidden.has(i)) toggle(plot, i);
  }
  update(plot);
  return plot;
}

function hostOf({ id }: ChartSpec): HTMLElement {
  return byId(id).querySelector('.plot') as HTMLElement;
}

function options(spec: ChartSpec, host: HTMLElement, changed: () => void): UPlot.Options {
  const time = spec.axis === 'time';
  const [unit, other] = unitsOf(spec);
  const small = spec.size === 'small';
  const lanes = small ? 0 : lanesOf(spec);
  return {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [lanes * LANE + 6, other ? 0 : time ? 14 : 28, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: time, y: false, setScale: time },
      points: {
        size: small ? 5 : 7,
        width: 1.5,
        fill: (_, i) => paint((spec.series[i - 1] as SeriesSpec).color),
        stroke: () => paint('panel'),
      },
      ...(time && {
        dataIdx: (_u: UPlot, _i: number, closest: number, x: number) => bucketAt(spec, closest, x),
      }),
      // Only the cursor is shared this way; the zoom is set on every chart by `zoomed`.
      ...(time && {
        sync: {
          key: cursors.key,
          setSeries: false,
          filters: {
            pub: (type: string) => type.startsWith('mouse') && type !== 'mousedown' && type !== 'mouseup',
          },
        },
      }),
      bind: {
        dblclick: () => () => {
          showWholeRun();
          return null;
        },
      },
    },
    scales: {
      x: time
        ? { time: false, range: (_, min, max) => xRange(min, max) }
        : { time: false, distr: 3, range: (_, min, max) => [Math.max(1, min), max > min ? max : min * 10] },
      y: spec.log
        ? { distr: 3, range: (_, min, max) => logRange(min, max) }
        : { range: (u, _, max) => [0, linearTop(u, spec, max)] },
      ...(other && { right: { range: (_u: UPlot, _: number, max: number) => [0, max > 0 ? max * 1.1 : 1] } }),
    },
    axes: [xAxis(spec), yAxis(spec, unit), ...(other ? [yAxis(spec, other, 'right')] : [])],
    series: [{}, ...spec.series.map((_, i) => seriesOptions(spec, i))],
    bands: fills(spec),
    hooks: {
      drawClear: [(u) => drawBands(u, spec)],
      draw: [
        (u) => {
          drawLabels(u, spec);
          drawMarks(u, spec);
        },
      ],
      setCursor: [changed],
      setScale: [(u, key) => key === 'x' && time && zoomed(u, changed)],
    },
  };
}

/** The bucket that a moment is in, given the one whose start is closest. */
function bucketAt({ x }: ChartSpec, closest: number, seconds: number): number {
  return closest > 0 && (column(x)[closest] ?? 0) > seconds ? closest - 1 : closest;
}

/** Words the layer under the pointer. */
function wordLayers({ spec, hidden, u }: Plot): void {
  u.over.addEventListener('mousemove', ({ clientX, clientY, offsetY }) => {
    const at = u.cursor.idx;
    const layer = typeof at === 'number' ? layerAt(spec, hidden, at, u.posToVal(offsetY, 'y')) : undefined;
    const series = layer === undefined ? undefined : spec.series[layer];
    if (series?.note) showTip(series.note, clientX, clientY);
    else hideTip();
  });
  u.over.addEventListener('mouseleave', hideTip);
}

// --- legend, cursor, zoom ---

function update({ spec, figure, keys, u }: Plot): void {
  const at = u.cursor.idxs?.[1] ?? placeOfP99(spec);
  const [from, to] = visible(u, spec);
  const x = at === null ? null : (column(spec.x)[at] ?? null);
  const label = figure.querySelector('.at') as HTMLElement;
  label.textContent = x === null ? spec.idle : spec.axis === 'time' ? moment(x) : percentile(x);
  for (const [i, key] of keys.entries()) {
    const series = spec.series[i] as SeriesSpec;
    const values = column(series.column);
    const value = at === null ? summed(values.slice(from, to), spec.idle) : (values[at] ?? null);
    (key.querySelector('output') as HTMLElement).textContent =
      value === null ? none(series) : long(value, series.unit ?? spec.unit);
  }
}

/** What a percentile chart's legend shows without a cursor. */
function placeOfP99({ idle, x }: ChartSpec): number | null {
  return idle === 'p99' ? column(x).findLastIndex((v) => v !== null && v <= 100.01) : null;
}

function none({ style }: SeriesSpec): string {
  return isLimit(style) ? 'none' : '–';
}

/** First and last place of the x column in view, as for `slice`. */
function visible(u: UPlot, spec: ChartSpec): [number, number] {
  const { min, max } = u.scales.x ?? {};
  const x = column(spec.x);
  const from = x.findIndex((v) => v !== null && v >= (min ?? Number.NEGATIVE_INFINITY));
  const to = x.findLastIndex((v) => v !== null && v <= (max ?? Number.POSITIVE_INFINITY));
  return [Math.max(0, from), to + 1];
}

function summed(values: Column, how: ChartSpec['idle']): number | null {
  const known = values.filter((v) => v !== null);
  if (known.length === 0) return null;
  if (how === 'last') return known.at(-1) ?? null;
  return how === 'max'
    ? known.reduce((a, b) => Math.max(a, b))
    : known.reduce((a, b) => a + b, 0) / known.length;
}

function toggle({ spec, keys, hidden, u }: Plot, i: number): void {
  if (!hidden.delete(i)) hidden.add(i);
  keys[i]?.setAttribute('aria-pressed', String(!hidden.has(i)));
  u.batch(() => {
    if (spec.stacked) u.setData(dataOf(spec, hidden), false);
    u.setSeries(1 + i, { show: !hidden.has(i) });
  });
}

/** Takes a chart's zoom over to all charts over time; those out of sight take it when they come in. */
function zoomed(u: UPlot, changed: () => void): void {
  const { min, max } = u.scales.x ?? {};
  if (min === undefined || max === undefined) return;
  changed();
  if (min === zoom.min && max === zoom.max) return;
  zoom = { min, max };
  byId('whole').hidden = min <= 0 && max >= page.end;
  for (const plot of timePlots()) takeZoom(plot);
}

function takeZoom({ u }: Plot): void {
  if (u.scales.x?.min !== zoom.min || u.scales.x?.max !== zoom.max) u.setScale('x', zoom);
}

function timePlots(): Plot[] {
  return [...inSight].filter(({ spec }) => spec.axis === 'time');
}

function showWholeRun(): void {
  for (const { u } of timePlots().slice(0, 1)) u.setScale('x', { min: 0, max: page.end });
}

/** Left and Right move the cursor, with Shift by ten; Home and End go to the ends of the view; Escape ends the zoom. */
function onKey({ spec, u }: Plot, event: KeyboardEvent): void {
  const [first, end] = visible(u, spec);
  const now = u.cursor.idxs?.[1] ?? null;
  const step = event.shiftKey ? 10 : 1;
  const places: Readonly<Record<string, number>> = {
    ArrowLeft: (now ?? end) - step,
    ArrowRight: (now ?? first - 1) + step,
    Home: first,
    End: end - 1,
  };
  const place = places[event.key];
  if (place !== undefined) moveCursor(spec, u, Math.max(first, Math.min(end - 1, place)));
  else if (event.key === 'Escape' && spec.axis === 'time') showWholeRun();
  else return;
  event.preventDefault();
}

function moveCursor(spec: ChartSpec, u: UPlot, place: number): void {
  const x = column(spec.x);
  const at = x[place] ?? 0;
  if (spec.axis === 'percentile') u.setCursor({ left: u.valToPos(at, 'x'), top: 10 });
  else {
    const middle = (at + (x[place + 1] ?? page.end)) / 2;
    for (const plot of timePlots()) plot.u.setCursor({ left: plot.u.valToPos(middle, 'x'), top: 10 });
  }
}

// --- new data ---

/** Takes new data in place of all there was. What is zoomed, hidden or pointed at stays so. */
function renew(next: ChartPage): void {
  setPage(next);
  if (byId('whole').hidden) zoom = { min: 0, max: page.end };
  const specs = new Map(page.charts.map((spec) => [spec.id, spec]));
  for (const plot of [...plots]) {
    const spec = specs.get(plot.spec.id);
    if (!spec || !plot.host.isConnected || shape(plot.spec) !== shape(spec)) {
      erase(plot);
      continue;
    }
    // What was drawn from the old description goes on to look at it.
    Object.assign(plot.spec, spec);
    if (inSight.has(plot)) fill(plot);
    else stale.add(plot);
  }
  watchSight();
}

/** All of a chart that is settled when it is drawn. */
function shape(spec: ChartSpec): string {
  return JSON.stringify({ ...spec, bands: lanesOf(spec), marks: 0, reach: 0 });
}

function fill(plot: Plot): void {
  const { spec, hidden, u } = plot;
  stale.delete(plot);
  u.setData(dataOf(spec, hidden), spec.axis === 'percentile');
  if (spec.axis === 'time') u.setScale('x', zoom);
  update(plot);
}

/** Takes a chart away; it is drawn anew when it is in sight, with the same series hidden, if it is still there. */
function erase(plot: Plot): void {
  const { spec, host, hidden, u } = plot;
  choices.set(spec.id, new Map(spec.series.map(({ label }, i) => [label, hidden.has(i)])));
  plots.splice(plots.indexOf(plot), 1);
  inSight.delete(plot);
  stale.delete(plot);
  for (const observer of [sizes, sight]) observer.unobserve(host);
  watched.delete(host);
  u.destroy();
}

/** Those that were out of sight when new data came. */
const stale = new Set<Plot>();
/** By chart and by the label of a series: whether it was hidden when the chart was taken away. */
const choices = new Map<string, ReadonlyMap<string, boolean>>();

// --- sight, size and look ---

const watched = new Set<Element>();
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const spec = isIntersecting && page.charts.find((one) => hostOf(one) === target);
      if (spec) enter(spec);
      else leave(plots.find(({ host }) => host === target));
    }
  },
  { rootMargin: '300px' },
);

/** Draws each chart when it comes in sight for the first time, or when there is nothing else to do. */
function watchSight(): void {
  for (const host of page.charts.map(hostOf)) {
    if (!watched.has(host)) sight.observe(host);
    watched.add(host);
  }
  drawIdly();
}

let isDrawing = false;

function drawIdly(): void {
  if (isDrawing || !('requestIdleCallback' in window)) return;
  isDrawing = true;
  requestIdleCallback(() => {
    isDrawing = false;
    const [next] = undrawn();
    if (!next) return;
    draw(next);
    drawIdly();
  });
}

function undrawn(): ChartSpec[] {
  return page.charts.filter((spec) => !plotOf(spec));
}

function enter(spec: ChartSpec): void {
  const plot = plotOf(spec) ?? draw(spec);
  inSight.add(plot);
  if (stale.has(plot)) fill(plot);
  if (spec.axis !== 'time') return;
  cursors.sub(plot.u);
  takeZoom(plot);
}

function plotOf({ id }: ChartSpec): Plot | undefined {
  return plots.find(({ spec }) => spec.id === id);
}

function leave(plot: Plot | undefined): void {
  if (!plot || !inSight.delete(plot)) return;
  cursors.unsub(plot.u);
  plot.u.setCursor({ left: -10, top: -10 });
}

const sizes = new ResizeObserver((entries) => {
  for (const plot of plots) if (entries.some(({ target }) => target === plot.host)) fit(plot);
});

function fit({ host, u }: Plot): void {
  const { clientWidth: width, clientHeight: height } = host;
  if (width > 0 && (width !== u.width || height !== u.height)) u.setSize({ width, height });
}

/** Sizes on paper, to whose width the style sheet fits them. */
const PAPER = { width: 800, height: 250 };
const SMALL_ON_PAPER = { width: 300, height: 125 };

/** Colours and sizes for another theme, and for paper. */
function watchLook(): void {
  addEventListener('themechange', repaint);
  addEventListener('beforeprint', () => {
    for (const spec of undrawn()) draw(spec);
    for (const plot of [...stale]) fill(plot);
    for (const { u, spec } of plots) u.setSize(spec.size === 'full' ? PAPER : SMALL_ON_PAPER);
  });
  addEventListener('afterprint', () => {
    for (const plot of plots) fit(plot);
  });
}

function repaint(): void {
  forgetColors();
  for (const { u } of plots) u.redraw(false);
}

// --- start ---

watchSight();
watchLook();
explainTerms();
// The live page has new data every second; a report on file never says this.
addEventListener('chartdata', (event) => renew((event as CustomEvent<ChartPage>).detail));
byId('whole').addEventListener('click', showWholeRun);
