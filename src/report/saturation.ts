import type { Micros } from '../core/clock.ts';

/**
 * Whether a worker was so busy that it, and not the server under test, may have set the pace.
 * @param meanCpu its share of a core
 * @param meanDelay mean of each second's 99th percentile of event-loop delay
 */
export function isSaturated(meanCpu: number, meanDelay: Micros): boolean {
  return meanCpu > 0.95 || meanDelay > 100_000;
}
