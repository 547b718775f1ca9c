/**
 * Warm-up: a source that nobody knows may send little on its first day, and more on each day after one with mail and
 * without a penalty. A day begins with the first message that is let past.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { ResolvedWarmup } from './resolved-isp.ts';

/** How far one source has come. */
export interface WarmingUp {
  /** Days behind it. As many as the ramp has: it is known now. */
  day: number;
  opened: Micros;
  used: number;
  /** Whether it earned a penalty today. */
  punished: boolean;
}

/** The first day of a source. */
export function firstDay(): WarmingUp {
  return { day: 0, opened: 0, used: 0, punished: false };
}

/** Whether a source has to warm up. `source`: its index in the run. */
export function isNew(ramp: ResolvedWarmup, source: number): boolean {
  return ramp.sources === null || ramp.sources.includes(source);
}

/** Units that are left of the day; Infinity for a source that is known by now. */
export function leftToday(ramp: ResolvedWarmup, warming: WarmingUp, now: Micros): number {
  if (warming.used > 0 && now >= warming.opened + ramp.per) {
    if (!warming.punished) warming.day++;
    warming.used = 0;
    warming.punished = false;
  }
  const quota = ramp.days[warming.day];
  return quota === undefined ? Number.POSITIVE_INFINITY : quota - warming.used;
}

/** Counts what was let past. Call it after `leftToday` at the same moment. */
export function countToday(warming: WarmingUp, amount: number, now: Micros): void {
  if (warming.used === 0) warming.opened = now;
  warming.used += amount;
}
