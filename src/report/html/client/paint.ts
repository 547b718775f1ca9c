/// <reference lib="dom" />
/** The style sheet's colours and fonts, for the canvas. */
import type UPlot from 'uplot';

/** Colours of the style sheet as the theme has them now. */
const colors = new Map<string, string>();

/** A colour by its name in the style sheet, without `--`. */
export function paint(name: string, alpha = 1): string {
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

/** Forgets the colours; the theme has others now. */
export function forgetColors(): void {
  colors.clear();
}

/** What is written on the canvas. */
export const FONT = '11px "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** The same where it is written by the page itself, in pixels of the canvas. */
export function canvasFont(pxRatio: number): string {
  return FONT.replace('11px', `${11 * pxRatio}px`);
}

/** Draws a line from the top of a chart to its bottom. */
export function verticalLine({ ctx, bbox }: UPlot, x: number): void {
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
}
