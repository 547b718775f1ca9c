import type { Micros } from '../../core/clock.ts';

/**
 * An open load: when each iteration is due is a pure function of its number, so that it can be split over workers,
 * replayed, and checked without a clock. It never waits for the MTA.
 */
export interface Arrivals {
  readonly model: 'open';
  /** Iterations in all; they are numbered from 0. */
  readonly total: number;
  /** Length of the load in microseconds; no iteration is due at or after it. */
  readonly duration: Micros;
  /** The moment at which iteration `n` is due, microseconds since the load began. Does not decrease with n. */
  dueAt(n: number): Micros;
  /** The arrival rate asked for at a moment, iterations a second. */
  rateAt(t: Micros): number;
}

/** A closed load: virtual users, each with a connection of its own, begin an iteration when the one before has ended. */
export interface VirtualUsers {
  readonly model: 'closed';
  /** The most users at once; they are numbered from 0. */
  readonly users: number;
  /** After so long no iteration begins. */
  readonly duration: Micros;
  /** How long a user that is no longer wanted may go on with its iteration. */
  readonly gracefulRampDown: Micros;
  /** Users wanted at a moment; those with the lowest numbers. */
  usersAt(t: Micros): number;
  /** Iterations that all users share, or undefined. */
  readonly shared: number | undefined;
  /** Iterations of each user, or undefined. */
  readonly each: number | undefined;
}

export type Schedule = Arrivals | VirtualUsers;
