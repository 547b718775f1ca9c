/// <reference lib="dom" />
/** What lies behind and above the lines: phases and incidents. */
import type UPlot from 'uplot';
import type { Band, ChartSpec } from '../chart-spec.ts';
import { canvasFont, paint, verticalLine } from './paint.ts';

declare const uPlot: typeof UPlot;

/** Height of a row of the strip. */
export const LANE = 19;

/** How many rows the strip of a chart has. */
export function lanesOf({ bands }: ChartSpec): number {
  return Math.max(0, ...bands.map(({ lane }) => lane + 1));
}

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

/** Draws the stretches, below the lines. */
export function drawBands(u: UPlot, { bands, size }: ChartSpec): void {
  const { ctx } = u;
  const { top, height } = u.bbox;
  ctx.save();
  for (const band of bands) {
    const span = bandSpan(u, band);
    const { color, area, strip } = BAND_COLORS[band.kind];
    if (!span) continue;
    const [x, width] = span;
    if (size === 'full') {
      ctx.fillStyle = paint(color, strip);
      ctx.fillRect(x, stripTop(u, band), width - uPlot.pxRatio, (LANE - 3) * uPlot.pxRatio);
    }
    if (area === undefined) continue;
    ctx.fillStyle = paint(color, area);
    ctx.fillRect(x, top, width, height);
  }
  ctx.restore();
}

/** Names them, above the lines. */
export function drawLabels(u: UPlot, { bands, size }: ChartSpec): void {
  if (size === 'small') return;
  const { ctx } = u;
  const px = uPlot.pxRatio;
  ctx.save();
  ctx.font = canvasFont(uPlot.pxRatio);
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

function drawLoadEnd(u: UPlot, x: number): void {
  const { ctx, bbox } = u;
  if (x < bbox.left) return;
  ctx.strokeStyle = paint('muted');
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  verticalLine(u, x);
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
