/** Times that differ from one case to the next, and what they are for a share of all cases. */
import type { Micros } from '../../src/core/clock.ts';
import { formatDuration, type Quantity } from '../../src/core/units.ts';

/** From `min` to `max`, all alike (a constant, if they are the same); or log-normal, as times often are. */
export type Spread =
  | { readonly kind: 'even'; readonly min: Micros; readonly max: Micros }
  | { readonly kind: 'log-normal'; readonly median: Micros; readonly p99: Micros };

/** A spread as it is written: its two times, on the same clock. */
export interface StatedSpread {
  readonly kind: Spread['kind'];
  readonly low: Quantity;
  readonly high: Quantity;
}

/** The spread with its times as `micros` makes them of what is written. */
export function spreadOf({ kind, low, high }: StatedSpread, micros: (time: Quantity) => Micros): Spread {
  return kind === 'even'
    ? { kind, min: micros(low), max: micros(high) }
    : { kind, median: micros(low), p99: micros(high) };
}

/** For people: `20 ms`, `10 ms to 30 ms`, `about 2 s`. */
export function spreadText(of: Spread): string {
  if (of.kind === 'log-normal') return `about ${formatDuration(of.median)}`;
  const [low, high] = [formatDuration(of.min), formatDuration(of.max)];
  return low === high ? low : `${low} to ${high}`;
}

/**
 * The time that a share of all cases does not exceed.
 * @param share above 0 and below 1
 * @param longest what no case of a log-normal spread exceeds; without it some take very long
 */
export function quantile(of: Spread, share: number, longest: Micros = Number.POSITIVE_INFINITY): Micros {
  if (of.kind === 'even') return of.min + (of.max - of.min) * share;
  return Math.min(longest, of.median * (of.p99 / of.median) ** (normal(share) / normal(0.99)));
}

/** The quantile of the standard normal distribution, to 4.5e-4 (Abramowitz and Stegun, formula 26.2.23). */
function normal(share: number): number {
  if (share > 0.5) return -normal(1 - share);
  const t = Math.sqrt(-2 * Math.log(share));
  return (
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
  );
}
