import type { Micros } from '../../core/clock.ts';
import type { VirtualUsers } from './executor.ts';

/** k6's shared-iterations: `vus` users share `iterations`; whoever is free takes the next. */
export interface SharedIterations {
  readonly executor: 'shared-iterations';
  readonly vus: number;
  readonly iterations: number;
  /** After so long no iteration begins. */
  readonly maxDuration: Micros;
}

/** The users of a shared-iterations load. */
export function sharedIterations({ vus, iterations, maxDuration }: SharedIterations): VirtualUsers {
  return {
    model: 'closed',
    users: Math.min(vus, iterations),
    duration: maxDuration,
    gracefulRampDown: 0,
    usersAt: (t) => (t >= 0 && t < maxDuration ? Math.min(vus, iterations) : 0),
    shared: iterations,
    each: undefined,
  };
}
