/** How busy a process of the harness is, as samples among the records. */
import type { Micros } from '../core/clock.ts';
import type { SelfMeasure } from '../core/self-measure.ts';
import type { Packer } from '../record/attempt-log.ts';

/**
 * Records what a process measured of itself since the last time.
 * @param worker its place among the run's workers
 */
export function recordSelf(packer: Packer, at: Micros, worker: number, measured: SelfMeasure): void {
  const { loopDelay, cpu, resident, loopUse } = measured;
  packer.sample({ at, name: 'loop_delay', value: loopDelay, worker });
  packer.sample({ at, name: 'cpu', value: cpu, worker });
  packer.sample({ at, name: 'resident', value: resident, worker });
  packer.sample({ at, name: 'loop_use', value: loopUse, worker });
}
