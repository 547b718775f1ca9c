import type { Micros } from '../../core/clock.ts';
import type { VirtualUsers } from './executor.ts';

/** k6's per-vu-iterations: each of `vus` users does `iterations` of its own. */
export interface PerVuIterations {
  readonly executor: 'per-vu-iterations';
  readonly vus: number;
  readonly iterations: number;
  /** After so long no iteration begins. */
  readonly maxDuration: Micros;
}

/** The users of a per-vu-iterations load. */
export function perVuIterations({ vus, iterations, maxDuration }: PerVuIterations): VirtualUsers {
  return {
    model: 'closed',
    users: vus,
    duration: maxDuration,
    gracefulRampDown: 0,
    usersAt: (t) => (t >= 0 && t < maxDuration ? vus : 0),
    shared: undefined,
    each: iterations,
  };
}
