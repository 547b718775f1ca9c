import type { Micros } from '../../core/clock.ts';
import type { Arrivals } from './executor.ts';

/** k6's constant-arrival-rate: `rate` iterations a second for `duration`, whatever the MTA does. */
export interface ConstantArrivalRate {
  readonly executor: 'constant-arrival-rate';
  /** Iterations a second. */
  readonly rate: number;
  readonly duration: Micros;
}

/** The schedule of a constant arrival rate: iteration n is due at n / rate. */
export function constantArrivalRate({ rate, duration }: ConstantArrivalRate): Arrivals {
  return {
    model: 'open',
    // Half a millionth of an iteration forgives what 1/3 a second leaves behind in floating point.
    total: Math.max(0, Math.ceil((rate * duration) / 1e6 - 5e-7)),
    duration,
    dueAt: (n) => (n * 1e6) / rate,
    rateAt: (t) => (t >= 0 && t < duration ? rate : 0),
  };
}
