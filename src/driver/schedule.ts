import { unreachable } from '../core/errors.ts';
import { type ConstantArrivalRate, constantArrivalRate } from './executors/constant-arrival-rate.ts';
import { type ConstantVus, constantVus } from './executors/constant-vus.ts';
import type { Schedule } from './executors/executor.ts';
import { type PerVuIterations, perVuIterations } from './executors/per-vu-iterations.ts';
import { type RampingArrivalRate, rampingArrivalRate } from './executors/ramping-arrival-rate.ts';
import { type RampingVus, rampingVus } from './executors/ramping-vus.ts';
import { type SharedIterations, sharedIterations } from './executors/shared-iterations.ts';

/** k6's executors, by k6's names. */
export const EXECUTORS = [
  'constant-arrival-rate',
  'ramping-arrival-rate',
  'constant-vus',
  'ramping-vus',
  'shared-iterations',
  'per-vu-iterations',
] as const satisfies readonly LoadShape['executor'][];

/** A load as a scenario describes it, in real microseconds and iterations a second. */
export type LoadShape =
  | ConstantArrivalRate
  | RampingArrivalRate
  | ConstantVus
  | RampingVus
  | SharedIterations
  | PerVuIterations;

/** The schedule of a load. */
export function scheduleOf(shape: LoadShape): Schedule {
  switch (shape.executor) {
    case 'constant-arrival-rate':
      return constantArrivalRate(shape);
    case 'ramping-arrival-rate':
      return rampingArrivalRate(shape);
    case 'constant-vus':
      return constantVus(shape);
    case 'ramping-vus':
      return rampingVus(shape);
    case 'shared-iterations':
      return sharedIterations(shape);
    case 'per-vu-iterations':
      return perVuIterations(shape);
    default:
      return unreachable(shape);
  }
}

/** Iterations of a load: exactly, or undefined where that depends on how fast they are answered. */
export function iterationsOf(schedule: Schedule): number | undefined {
  if (schedule.model === 'open') return schedule.total;
  return schedule.shared ?? (schedule.each === undefined ? undefined : schedule.each * schedule.users);
}
