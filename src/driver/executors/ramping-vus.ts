import type { Micros } from '../../core/clock.ts';
import type { VirtualUsers } from './executor.ts';

/** k6's ramping-vus: the number of users moves in a straight line to each stage's target over its duration. */
export interface RampingVus {
  readonly executor: 'ramping-vus';
  /** Users at the start. */
  readonly startVUs: number;
  readonly stages: readonly { readonly duration: Micros; readonly target: number }[];
  readonly gracefulRampDown: Micros;
}

/** The users of a ramping-vus load. */
export function rampingVus({ startVUs, stages, gracefulRampDown }: RampingVus): VirtualUsers {
  return {
    model: 'closed',
    users: Math.max(startVUs, ...stages.map((stage) => stage.target)),
    duration: stages.reduce((sum, stage) => sum + stage.duration, 0),
    gracefulRampDown,
    usersAt(t) {
      if (t < 0) return 0;
      let from = 0;
      let users = startVUs;
      for (const { duration, target } of stages) {
        // Half a millionth of a user forgives what thirds leave behind in floating point.
        if (t < from + duration) return Math.floor(users + ((target - users) * (t - from)) / duration + 5e-7);
        from += duration;
        users = target;
      }
      return 0;
    },
    shared: undefined,
    each: undefined,
  };
}
