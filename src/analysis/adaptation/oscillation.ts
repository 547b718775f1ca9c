/** How unsteady a sender's pace is, beyond what chance explains. */
import { type Flow, type Score, type Span, sumOver } from './flow.ts';

/** Buckets are merged until this many attempts are expected in each; and there must be so many of them. */
const EXPECTED = 50;
const FEWEST = 10;

/**
 * The coefficient of variation of the attempts, less the part that independent arrivals have by themselves (their
 * variance is their mean). Each span is judged for itself, since the pace differs between them on purpose, and
 * weighs as much as it has buckets. Buckets in which nothing was allowed are left out.
 */
export function oscillationOf({ tried, allowance }: Flow, spans: readonly Span[]): Score {
  let weighted = 0;
  let buckets = 0;
  for (const span of spans) {
    const open = tried
      .slice(Math.max(0, span.from), span.to)
      .filter((_, i) => allowance[span.from + i] !== 0);
    const mean = sumOver(open, { from: 0, to: open.length }) / Math.max(1, open.length);
    if (mean === 0) continue;
    const width = Math.max(1, Math.ceil(EXPECTED / mean));
    const merged: number[] = [];
    for (let i = 0; i + width <= open.length; i += width)
      merged.push(sumOver(open, { from: i, to: i + width }));
    if (merged.length < FEWEST) continue;
    const average = merged.reduce((a, b) => a + b, 0) / merged.length;
    const variance = merged.reduce((sum, n) => sum + (n - average) ** 2, 0) / (merged.length - 1);
    weighted += (merged.length * Math.max(0, variance - average)) / average ** 2;
    buckets += merged.length;
  }
  return buckets === 0 ? 'not applicable' : Math.sqrt(weighted / buckets);
}
