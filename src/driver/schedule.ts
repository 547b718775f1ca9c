import { unreachable } from '../core/errors.ts';
import { type ConstantArrivalRate, constantArrivalRate } from './executors/constant-arrival-rate.ts';
import type { Schedule } from './executors/executor.ts';
import { type RampingArrivalRate, rampingArrivalRate } from './executors/ramping-arrival-rate.ts';

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
