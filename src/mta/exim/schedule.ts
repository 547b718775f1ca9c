import type { Micros } from '../../core/clock.ts';

/** Queue runs come no rarer than this, whatever the waits are: they also bring what a limit has kept back. */
const LONGEST_INTERVAL = 60;

/** A wait may last longer by this share of the shortest, since a queue run must come by. */
const PRECISION = 0.1;

/**
 * Exim's retry rule (chapter 32 of its specification): `F,cutoff,interval` in whole seconds. An interval counts until so
 * much time has passed since the first failure; each cutoff is in the middle of the wait that it ends with, as attempts
 * come late, never early. (After a first wait of one second that is no whole number above 0: that wait may come twice.)
 * What fails after the last cutoff is bounced.
 */
export function retryRule(retry: readonly Micros[], expire: Micros): string {
  const limit = seconds(expire);
  const rules: string[] = [];
  let sum = 0;
  for (const [i, wait] of retry.map(seconds).entries()) {
    const cutoff = Math.max(1, sum + Math.floor(wait / 2));
    if (i === retry.length - 1 || cutoff >= limit) {
      rules.push(`F,${limit}s,${wait}s`);
      break;
    }
    rules.push(`F,${cutoff}s,${wait}s`);
    sum += wait;
  }
  return rules.join('; ');
}

/** Seconds between the starts of queue runs. */
export function queueInterval(retry: readonly Micros[]): number {
  const shortest = Math.min(...retry.map(seconds));
  return Math.min(LONGEST_INTERVAL, Math.max(1, Math.floor(shortest * PRECISION)));
}

/** Whole seconds, at least one. */
export function seconds(time: Micros): number {
  return Math.max(1, Math.round(time / 1e6));
}
