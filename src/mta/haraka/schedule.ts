import type { Micros } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';

/** The same wait, several times in a row. */
export interface Wait {
  readonly seconds: number;
  readonly times: number;
}

/** Haraka refuses a shorter wait in `temp_fail_intervals` (outbound/config.js); the plugin's `deferred` hook may. */
const SHORTEST_CONFIGURED = 5;

/** More attempts than anybody wants; Haraka holds the list in memory. */
const MOST_WAITS = 10_000;

/**
 * The waits between the attempts for one message, in whole seconds. Haraka has no expiry: it bounces when the list
 * is used up, so the last wait repeats until the sum reaches `expire`. Throws (kind `invalid-scenario`) for a list
 * of absurd length.
 */
export function retryWaits(retry: readonly Micros[], expire: Micros): readonly Wait[] {
  const seconds = retry.map((wait) => Math.max(1, Math.round(wait / 1e6)));
  const enough = expire / 1e6;
  const waits: Wait[] = [];
  let sum = 0;
  for (const [i, wait] of seconds.entries()) {
    if (sum >= enough) break;
    const times = i === seconds.length - 1 ? Math.ceil((enough - sum) / wait) : 1;
    waits.push({ seconds: wait, times });
    sum += wait * times;
  }
  const count = waits.reduce((total, wait) => total + wait.times, 0);
  if (count > MOST_WAITS) {
    throw new HarnessError('invalid-scenario', `mta.retry and mta.expire make ${count} attempts a message`, {
      hint: `make the last wait longer or expire shorter: at most ${MOST_WAITS} attempts`,
    });
  }
  return waits;
}

/** The waits as `temp_fail_intervals` takes them: `60s,300s,900s*95`. */
export function intervals(waits: readonly Wait[]): string {
  if (waits.length === 0) return 'none';
  return waits
    .map(({ seconds, times }) => `${Math.max(SHORTEST_CONFIGURED, seconds)}s${times > 1 ? `*${times}` : ''}`)
    .join(',');
}

/** True if some wait is shorter than Haraka's configuration takes, so that the plugin must set them all. */
export function needHook(waits: readonly Wait[]): boolean {
  return waits.some(({ seconds }) => seconds < SHORTEST_CONFIGURED);
}
