import type { Micros } from '../../core/clock.ts';
import type { VirtualUsers } from './executor.ts';

/** k6's constant-vus: `vus` users iterate for `duration`, as fast as they are answered. */
export interface ConstantVus {
  readonly executor: 'constant-vus';
  readonly vus: number;
  readonly duration: Micros;
}

/** The users of a constant-vus load. */
export function constantVus({ vus, duration }: ConstantVus): VirtualUsers {
  return {
    model: 'closed',
    users: vus,
    duration,
    gracefulRampDown: 0,
    usersAt: (t) => (t >= 0 && t < duration ? vus : 0),
    shared: undefined,
    each: undefined,
  };
}
