import type { Micros } from '../../core/clock.ts';
import type { Arrivals } from './executor.ts';

/** k6's ramping-arrival-rate: the rate moves in a straight line to each stage's target over its duration. */
export interface RampingArrivalRate {
  readonly executor: 'ramping-arrival-rate';
  /** Iterations a second at the start. */
  readonly startRate: number;
  readonly stages: readonly { readonly duration: Micros; readonly target: number }[];
}

interface Segment {
  readonly from: Micros;
  readonly duration: Micros;
  readonly rate: number;
  readonly target: number;
  /** Iterations due before this segment. */
  readonly before: number;
}

/** The schedule of a ramp: iteration n is due where the area under the rate reaches n. */
export function rampingArrivalRate({ startRate, stages }: RampingArrivalRate): Arrivals {
  const segments: Segment[] = [];
  let from = 0;
  let rate = startRate;
  let before = 0;
  for (const { duration, target } of stages) {
    // A stage of no length is a jump to its target, as in k6.
    if (duration > 0) segments.push({ from, duration, rate, target, before });
    before += ((rate + target) / 2) * (duration / 1e6);
    from += duration;
    rate = target;
  }
  const duration = from;
  let current = 0;
  return {
    model: 'open',
    total: Math.max(0, Math.ceil(before - 5e-7)),
    duration,
    dueAt(n) {
      // Asked for rising n nearly always, so the search starts where the last one ended.
      if (n < (segments[current]?.before ?? 0)) current = 0;
      while (current + 1 < segments.length && n >= (segments[current + 1] as Segment).before) current++;
      const segment = segments[current];
      return segment ? segment.from + timeInto(segment, n - segment.before) : 0;
    },
    rateAt(t) {
      const segment = segments.find((s) => t >= s.from && t < s.from + s.duration);
      return segment
        ? segment.rate + ((segment.target - segment.rate) * (t - segment.from)) / segment.duration
        : 0;
    },
  };
}

/**
 * The time into a segment at which `k` of its iterations are due: the root of rate·t + slope·t²/2 = k, in the form
 * that neither divides by a zero slope nor cancels.
 */
function timeInto({ rate, target, duration }: Segment, k: number): Micros {
  if (k <= 0) return 0;
  const slope = (target - rate) / (duration / 1e6);
  const root = Math.sqrt(Math.max(0, rate * rate + 2 * slope * k));
  return Math.min(duration, ((2 * k) / (rate + root)) * 1e6);
}
