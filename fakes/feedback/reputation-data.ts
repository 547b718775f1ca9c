/** What an ISP's pages for senders are made from, and the simulated calendar that they tell time by. */
import type { Micros } from '../../src/core/clock.ts';
import type { ResolvedIsp } from '../isp/resolved-isp.ts';
import type { DayStatistics } from './statistics.ts';

/** All that an ISP knows of its senders. */
export interface ReputationData {
  readonly isp: Pick<ResolvedIsp, 'replies' | 'reputation'>;
  /** Oldest first; days without mail are left out. */
  readonly days: readonly DayStatistics[];
  /** A simulated day in real time. */
  readonly length: Micros;
  /** Day 0 is that date (UTC), from midnight on. */
  readonly startedAt: Date;
  /** Addresses of the sources, by index. */
  readonly sources: readonly string[];
  /** The domains that have been verified to be the sender's. */
  readonly domains: readonly string[];
}

const DAY_MS = 86_400_000;

/** Midnight of a simulated day. */
export function dateOf({ startedAt }: Pick<ReputationData, 'startedAt'>, day: number): Date {
  return new Date(Math.floor(startedAt.getTime() / DAY_MS) * DAY_MS + day * DAY_MS);
}

/** The simulated moment at which something happened. */
export function momentOf(data: Pick<ReputationData, 'startedAt' | 'length'>, at: Micros): Date {
  return new Date(dateOf(data, 0).getTime() + (at / data.length) * DAY_MS);
}
