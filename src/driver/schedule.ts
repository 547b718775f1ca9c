import type { Micros } from '../core/clock.ts';
import { unreachable } from '../core/errors.ts';
import { type ConstantArrivalRate, constantArrivalRate } from './executors/constant-arrival-rate.ts';
import { type RampingArrivalRate, rampingArrivalRate } from './executors/ramping-arrival-rate.ts';

/**
 * When each iteration is due: a pure function of its number, so that it can be split over workers, replayed, and
 * checked without a clock. An open schedule: it never waits for the MTA.
 */
export interface Schedule {
  /** Iterations in all; they are numbered from 0. */
  readonly total: number;
  /** Length of the load in microseconds; no iteration is due at or after it. */
  readonly duration: Micros;
  /** The moment at which iteration `n` is due, microseconds since the load began. Does not decrease with n. */
  dueAt(n: number): Micros;
  /** The arrival rate asked for at a moment, iterations a second. */
  rateAt(t: Micros): number;
}

/** A load as a scenario describes it, in real microseconds and iterations a second. */
export type LoadShape = ConstantArrivalRate | RampingArrivalRate;

/** The schedule of a load. */
export function scheduleOf(shape: LoadShape): Schedule {
  switch (shape.executor) {
    case 'constant-arrival-rate':
      return constantArrivalRate(shape);
    case 'ramping-arrival-rate':
      return rampingArrivalRate(shape);
    default:
      return unreachable(shape);
  }
}
