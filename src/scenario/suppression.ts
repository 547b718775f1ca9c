/** Whether a run writes again to recipients about whom there was bad news, and how often. */
import { z } from 'zod';
import type { Micros } from '../core/clock.ts';
import { formatDuration } from '../core/units.ts';
import { count, realDuration } from './quantities.ts';

/** Bad news about a recipient that a list has to act on. */
export const BAD_NEWS = ['bounce', 'complaint', 'unsubscribe'] as const;
export type BadNews = (typeof BAD_NEWS)[number];

/** How a run writes again to recipients about whom there was bad news. Times are real. */
export interface SuppressionPlan {
  readonly every: Micros;
  readonly times: number;
  /** From the news to the first message. */
  readonly delay: Micros;
  readonly of: readonly BadNews[];
  /** Recipients at most. */
  readonly most: number;
}

const settings = z.strictObject({
  every: realDuration.prefault('2s'),
  times: count.max(100, 'expected at most 100').default(5),
  delay: realDuration.prefault('1s'),
  of: z
    .array(z.enum(BAD_NEWS))
    .min(1, `expected at least one of ${BAD_NEWS.join(', ')}`)
    .transform((of) => [...new Set(of)])
    .default([...BAD_NEWS]),
  most: count.max(100_000, 'expected at most 100000').default(1000),
});

/** `observe`, or the same with settings of its own. */
export const suppression = z.union([z.literal('observe').transform(() => settings.parse({})), settings], {
  error: ({ input }) =>
    typeof input === 'object' && input !== null
      ? undefined
      : 'expected observe, or { every: 2s, times: 5, delay: 1s, of: [bounce, complaint, unsubscribe], most: 1000 }',
});

/** How long after the news the last message is due. */
export function spanOf({ delay, every, times }: SuppressionPlan): Micros {
  return delay + (times - 1) * every;
}

/** For `check`: `5 messages after each bounce, complaint or unsubscribe, the first after 1 s, then every 2 s; …`. */
export function describeSuppression({ every, times, delay, of, most }: SuppressionPlan): string {
  const what = of.length === 1 ? of[0] : `${of.slice(0, -1).join(', ')} or ${of.at(-1)}`;
  const messages = times === 1 ? 'a message' : `${times} messages`;
  const then = times === 1 ? '' : `, then every ${formatDuration(every)}`;
  return `${messages} after each ${what}, the first after ${formatDuration(delay)}${then}; to at most ${most.toLocaleString('en')} recipients`;
}
