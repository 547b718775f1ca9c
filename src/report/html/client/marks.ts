/// <reference lib="dom" />
/** Moments that are marked: a line across the chart, and words beside it. */
import type UPlot from 'uplot';
import type { ChartSpec, Mark } from '../chart-spec.ts';
import { canvasFont, paint, verticalLine } from './paint.ts';

declare const uPlot: typeof UPlot;

/** Height of a row of words. */
const ROW = 18;

/** Draws the marks that are in view, the words above all lines and in rows so that none covers another. */
export function drawMarks(u: UPlot, { marks, size }: ChartSpec): void {
  const { ctx, bbox } = u;
  const px = uPlot.pxRatio;
  const seen = marks
    .map((mark) => ({ mark, x: Math.round(u.valToPos(mark.at, 'x', true)) }))
    .filter(({ x }) => x >= bbox.left && x <= bbox.left + bbox.width);
  ctx.save();
  ctx.lineWidth = 1.5 * px;
  ctx.setLineDash([5 * px, 3 * px]);
  for (const { mark, x } of seen) {
    ctx.strokeStyle = paint(mark.color);
    verticalLine(u, x);
  }
  ctx.font = canvasFont(px);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const rowEnds: number[] = [];
  if (size === 'full') for (const { mark, x } of seen) write(u, mark, x, rowEnds);
  ctx.restore();
}

/** Writes to the right of the line, or to the left where there is no room. */
function write({ ctx, bbox }: UPlot, { label, color }: Mark, x: number, rowEnds: number[]): void {
  const px = uPlot.pxRatio;
  const width = ctx.measureText(label).width + 10 * px;
  const turned = x + width > bbox.left + bbox.width;
  const left = turned ? x - width : x;
  const free = rowEnds.findIndex((end) => end <= left);
  const row = free === -1 ? rowEnds.length : free;
  rowEnds[row] = left + width;
  const y = bbox.top + (row * ROW + 4) * px;
  ctx.fillStyle = paint('panel', 0.9);
  ctx.fillRect(left + px, y, width - 2 * px, (ROW - 2) * px);
  ctx.fillStyle = paint(color);
  ctx.fillRect(turned ? x - 3 * px : x, y, 3 * px, (ROW - 2) * px);
  ctx.fillStyle = paint('ink');
  ctx.fillText(label, left + (turned ? 4 : 6) * px, y + (ROW / 2 - 0.5) * px);
}
