import type { Micros } from '../../core/clock.ts';

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
