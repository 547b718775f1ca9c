/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page's script for charts: draws what the page describes as data, and keeps cursors and zoom together. It is
 * compiled alone and put into the page as it is, so it imports types only.
 */
import type UPlot from 'uplot';
import type { Band, ChartPage, ChartSpec, Column, SeriesSpec } from './chart-spec.ts';

declare const uPlot: typeof UPlot;

interface Plot {
  readonly spec: ChartSpec;
  readonly host: HTMLElement;
  readonly figure: HTMLElement;
  readonly keys: readonly HTMLButtonElement[];
  readonly hidden: Set<number>;
  readonly u: UPlot;
}

const page = JSON.parse(byId('chart-data').textContent ?? '') as ChartPage;
const LANE = 19;
const FONT = '11px "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const plots: Plot[] = [];
const timePlots: Plot[] = [];

// --- drawing ---

function draw(spec: ChartSpec): void {
  const figure = byId(spec.id);
  const host = figure.querySelector('.plot') as HTMLElement;
  const keys = [...figure.querySelectorAll<HTMLButtonElement>('.key')];
  const hidden = new Set<number>();
  let plot: Plot | undefined;
  const changed = (): void => {
    if (plot) update(plot);
  };
  const u = new uPlot(options(spec, host, changed), dataOf(spec, hidden), host);
  plot = { spec, host, figure, keys, hidden, u };
  plots.push(plot);
  if (spec.axis === 'time') timePlots.push(plot);
  for (const [i, key] of keys.entries()) key.addEventListener('click', () => toggle(plot, i));
  host.addEventListener('keydown', (event) => onKey(plot, event));
  update(plot);
}

function options(spec: ChartSpec, host: HTMLElement, changed: () => void): UPlot.Options {
  const time = spec.axis === 'time';
  const lanes = Math.max(0, ...spec.bands.map(({ lane }) => lane + 1));
  return {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [lanes * LANE + 6, time ? 14 : 28, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: time, y: false, setScale: time },
      points: {
        size: 7,
        width: 1.5,
        fill: (_, i) => paint((spec.series[i - 1] as SeriesSpec).color),
        stroke: () => paint('panel'),
      },
      ...(time && { dataIdx: (_u: UPlot, _i: number, closest: number, x: number) => bucketAt(closest, x) }),
      // Only the cursor is shared this way; the zoom is set on every chart by `zoomed`.
      ...(time && {
        sync: {
          key: 'time',
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
    },
    axes: [xAxis(spec), yAxis(spec)],
    series: [{}, ...spec.series.map((_, i) => seriesOptions(spec, i))],
    bands: fills(spec),
    hooks: {
      drawClear: [(u) => drawBands(u, spec)],
      draw: [(u) => drawLabels(u, spec)],
      setCursor: [changed],
      setScale: [(u, key) => key === 'x' && time && zoomed(u, changed)],
    },
  };
}

function seriesOptions({ series, axis, stacked }: ChartSpec, i: number): UPlot.Series {
  const { label, color, style } = series[i] as SeriesSpec;
  const limit = isLimit(style);
  const area = style === 'area';
  const layer = stacked && area;
  // A bucket's value holds until the next bucket begins.
  const steps = axis === 'time' ? uPlot.paths.stepped?.({ align: 1, extend: true }) : undefined;
  return {
    label,
    // The edge of an empty layer would be drawn as a line on the layer below.
    ...(!layer && { stroke: () => paint(color) }),
    width: layer ? 0 : limit ? 2 : 1.5,
    ...(style === 'limit-dashed' && { dash: [4, 4] }),
    // A limit far above all that happened must not press the rest flat.
    auto: !limit,
    spanGaps: axis === 'percentile',
    points: { show: axis === 'percentile', size: 5, fill: () => paint(color), stroke: () => paint(color) },
    ...(area && { fill: () => paint(color, layer ? 0.55 : 0.25) }),
    ...(steps && { paths: steps }),
  };
}

function isLimit(style: SeriesSpec['style']): boolean {
  return style === 'limit' || style === 'limit-dashed';
}

/** The places of the series that lie on each other, from the lowest up. */
function layers({ series, stacked }: ChartSpec): number[] {
  return stacked ? [...series.keys()].filter((i) => series[i]?.style === 'area') : [];
}

/** Fills each layer down to the one below it only. */
function fills(spec: ChartSpec): UPlot.Band[] {
  const places = layers(spec);
  return places.slice(1).map((upper, i) => ({ series: [upper + 1, (places[i] as number) + 1] }));
}

function dataOf(spec: ChartSpec, hidden: ReadonlySet<number>): UPlot.AlignedData {
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

function column(name: string): Column {
  return page.columns[name] ?? [];
}

/** The bucket that a moment is in, given the one whose start is closest. */
function bucketAt(closest: number, seconds: number): number {
  return closest > 0 && (column('t')[closest] ?? 0) > seconds ? closest - 1 : closest;
}

// --- axes ---

const AXIS: UPlot.Axis = {
  font: FONT,
  stroke: () => paint('muted'),
  grid: { stroke: () => paint('line'), width: 1 },
  ticks: { show: false },
  gap: 6,
};

function xAxis({ axis }: ChartSpec): UPlot.Axis {
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

function yAxis({ unit, log }: ChartSpec): UPlot.Axis {
  return {
    ...AXIS,
    size: 58,
    space: 36,
    values: (_, at) => at.map((v) => short(v, unit)),
    ...(log && {
      splits: (_u: UPlot, _i: number, min: number, max: number) => logSplits(min, max),
      filter: (_u: UPlot, at: number[]) => at,
    }),
  };
}

function xRange(min: number | null, max: number | null): [number, number] {
  const first = column('t')[0] ?? 0;
  const last = column('t').at(-1) ?? 0;
  // The data's own extent means the whole run, to the end of its last bucket.
  return min === null || max === null || (min <= first && max >= last) ? [0, page.end] : [min, max];
}

/** The top of a linear axis: above all in view, and above the limits unless they are far above everything else. */
function linearTop(u: UPlot, { x, series }: ChartSpec, highest: number | null): number {
  const reach = highest ? page.limitReach * highest : Number.POSITIVE_INFINITY;
  // The x scale itself is still the old one while the new scales are worked out.
  const { min = 0, max = page.end } = u.series[0] ?? {};
  const inView = column(x).map((at) => at !== null && at >= min && at <= max);
  const limits = series
    .filter(({ style }) => isLimit(style))
    .flatMap((s) => column(s.column).filter((v, i) => inView[i] && v !== null && v <= reach));
  const top = limits.reduce<number>((most, v) => Math.max(most, v ?? 0), highest ?? 0);
  return top === 0 ? 1 : top * 1.1;
}

/** To the next 1, 2 or 5 of a decade. */
function logRange(min: number | null, max: number | null): [number, number] {
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

// --- what lies behind and above the lines ---

const BAND_COLORS: Readonly<
  Record<Band['kind'], { readonly area?: number; readonly strip: number; readonly color: string }>
> = {
  warmup: { color: 'muted', area: 0.13, strip: 0.16 },
  baseline: { color: 'muted', strip: 0.08 },
  recovery: { color: 'muted', strip: 0.08 },
  drain: { color: 'muted', strip: 0.04 },
  incident: { color: 'incident', area: 0.13, strip: 0.3 },
  elsewhere: { color: 'incident', area: 0.04, strip: 0.1 },
};

function drawBands(u: UPlot, { bands }: ChartSpec): void {
  const { ctx } = u;
  const { top, height } = u.bbox;
  ctx.save();
  for (const band of bands) {
    const span = bandSpan(u, band);
    const { color, area, strip } = BAND_COLORS[band.kind];
    if (!span) continue;
    const [x, width] = span;
    ctx.fillStyle = paint(color, strip);
    ctx.fillRect(x, stripTop(u, band), width - uPlot.pxRatio, (LANE - 3) * uPlot.pxRatio);
    if (area === undefined) continue;
    ctx.fillStyle = paint(color, area);
    ctx.fillRect(x, top, width, height);
  }
  ctx.restore();
}

function drawLabels(u: UPlot, { bands }: ChartSpec): void {
  const { ctx } = u;
  const px = uPlot.pxRatio;
  ctx.save();
  ctx.font = FONT.replace('11px', `${11 * px}px`);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const band of bands) {
    const span = bandSpan(u, band);
    const text = span && fitted(ctx, band.label, span[1] - 10 * px);
    if (!span || !text) continue;
    ctx.fillStyle = paint(band.kind === 'incident' ? 'ink' : 'muted');
    ctx.fillText(text, span[0] + 5 * px, stripTop(u, band) + ((LANE - 3) / 2) * px);
  }
  const load = bands.find(({ kind }) => kind === 'drain');
  if (load && bandSpan(u, load)) drawLoadEnd(u, u.valToPos(load.from, 'x', true));
  ctx.restore();
}

function drawLoadEnd({ ctx, bbox }: UPlot, x: number): void {
  if (x < bbox.left) return;
  ctx.strokeStyle = paint('muted');
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
}

/** Left edge and width in canvas pixels, or undefined outside the view. */
function bandSpan(u: UPlot, { from, to }: Band): [number, number] | undefined {
  const { left, width } = u.bbox;
  const x0 = Math.max(left, u.valToPos(from, 'x', true));
  const x1 = Math.min(left + width, u.valToPos(to, 'x', true));
  return x1 > x0 ? [x0, x1 - x0] : undefined;
}

function stripTop(u: UPlot, { lane }: Band): number {
  return u.bbox.top - (lane + 1) * LANE * uPlot.pxRatio;
}

function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string | undefined {
  if (ctx.measureText(text).width <= width) return text;
  for (let length = text.length - 1; length >= 2; length--) {
    const shorter = `${text.slice(0, length).trimEnd()}…`;
    if (ctx.measureText(shorter).width <= width) return shorter;
  }
  return undefined;
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
      value === null ? none(series) : long(value, spec.unit);
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

/** Takes a chart's zoom over to all charts over time. */
function zoomed(u: UPlot, changed: () => void): void {
  const { min, max } = u.scales.x ?? {};
  if (min === undefined || max === undefined) return;
  for (const { u: other } of timePlots) {
    if (other.scales.x?.min !== min || other.scales.x?.max !== max) other.setScale('x', { min, max });
  }
  byId('whole').hidden = min <= 0 && max >= page.end;
  changed();
}

function showWholeRun(): void {
  for (const { u } of timePlots) u.setScale('x', { min: 0, max: page.end });
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
    for (const plot of timePlots) plot.u.setCursor({ left: plot.u.valToPos(middle, 'x'), top: 10 });
  }
}

// --- size and look ---

function watchSize(): void {
  const observer = new ResizeObserver((entries) => {
    for (const plot of plots) if (entries.some(({ target }) => target === plot.host)) fit(plot);
  });
  for (const { host } of plots) observer.observe(host);
}

function fit({ host, u }: Plot): void {
  const { clientWidth: width, clientHeight: height } = host;
  if (width > 0 && (width !== u.width || height !== u.height)) u.setSize({ width, height });
}

/** Colours and sizes for another theme, and for paper, to whose width the style sheet fits the charts. */
function watchLook(): void {
  addEventListener('themechange', repaint);
  addEventListener('beforeprint', () => {
    for (const { u } of plots) u.setSize({ width: 800, height: 260 });
  });
  addEventListener('afterprint', () => {
    for (const plot of plots) fit(plot);
  });
}

// --- colours and numbers ---

/** Colours of the style sheet as the theme has them now. */
const colors = new Map<string, string>();

function paint(name: string, alpha = 1): string {
  let color = colors.get(name);
  if (color === undefined) {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    color = getComputedStyle(probe).color;
    probe.remove();
    colors.set(name, color);
  }
  return alpha === 1 ? color : color.replace('rgb(', 'rgba(').replace(')', `, ${alpha})`);
}

function repaint(): void {
  colors.clear();
  for (const { u } of plots) u.redraw(false);
}

function moment(seconds: number): string {
  if (page.end <= 180) return `${number(seconds)} s`;
  const whole = Math.floor(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function percentile(nines: number): string {
  return `${Number((100 - 100 / nines).toPrecision(7))}%`;
}

function short(value: number, unit: ChartSpec['unit']): string {
  return unit === 'ms' ? duration(value) : number(value);
}

function long(value: number, unit: ChartSpec['unit']): string {
  return unit === 'perSecond' ? `${number(value)}/s` : unit === 'ms' ? duration(value) : number(value);
}

function duration(ms: number): string {
  if (ms < 1000) return `${number(ms)} ms`;
  return ms < 600_000 ? `${number(ms / 1000)} s` : `${number(ms / 60_000)} min`;
}

function number(value: number): string {
  return value.toLocaleString(
    'en-US',
    value >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  );
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

// --- start ---

for (const spec of page.charts) draw(spec);
watchSize();
watchLook();
byId('whole').addEventListener('click', showWholeRun);
