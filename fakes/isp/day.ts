/** The time of day at an ISP: factors on its limits, hour by hour of a simulated day. */
import type { Micros } from '../../src/core/clock.ts';

/** A day on the real clock, in whole microseconds, so that every change has one exact moment. */
export interface Day {
  /** What one simulated day lasts. */
  readonly length: Micros;
  /** The time of day at which the load begins. */
  readonly start: Micros;
  /** Factors, each from a time of day on; the first from 0. */
  readonly steps: readonly { readonly from: Micros; readonly factor: number }[];
}

/** The factor that holds at a moment. */
export function factorAt(day: Day, at: Micros): number {
  const time = timeOfDay(day, at);
  return day.steps.findLast((step) => step.from <= time)?.factor ?? 1;
}

/** The next moment at which another step begins. */
export function dayChangeAfter(day: Day, at: Micros): Micros {
  const time = timeOfDay(day, at);
  const next = day.steps.find((step) => step.from > time)?.from ?? day.length;
  return at - time + next;
}

function timeOfDay({ start, length }: Day, at: Micros): Micros {
  const time = (at + start) % length;
  // Before the load begins moments are negative.
  return time < 0 ? time + length : time;
}
