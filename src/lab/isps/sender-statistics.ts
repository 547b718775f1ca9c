/** What the ISPs have counted of their senders, put together from all that counted it. */
import type { ReputationData } from '../../../fakes/feedback/reputation-data.ts';
import type { ResolvedFeedback } from '../../../fakes/feedback/resolved-feedback.ts';
import { type DayStatistics, mergeDays } from '../../../fakes/feedback/statistics.ts';
import type { Plan } from '../../scenario/plan.ts';

/** Days by number, as one worker has counted them. */
type Days = Map<number, DayStatistics>;

/** Collects what the workers of the ISPs tell. */
export class SenderStatistics {
  readonly #plan: Pick<Plan, 'isps' | 'sources' | 'senders'>;
  readonly #startedAt: Date;
  /** By ISP, then by its worker. */
  readonly #counted = new Map<number, Map<number, Days>>();

  /** @param startedAt ISO 8601; its date is the first simulated day's */
  constructor(plan: Pick<Plan, 'isps' | 'sources' | 'senders'>, startedAt: string) {
    this.#plan = plan;
    this.#startedAt = new Date(startedAt);
  }

  /** Takes in days as they are now; a worker tells of a day again when it has changed. */
  take({ isp, part, days }: { isp: number; part: number; days: readonly DayStatistics[] }): void {
    const ofIsp = this.#counted.get(isp) ?? new Map<number, Days>();
    this.#counted.set(isp, ofIsp);
    const ofPart = ofIsp.get(part) ?? new Map<number, DayStatistics>();
    ofIsp.set(part, ofPart);
    for (const day of days) ofPart.set(day.day, day);
  }

  /** What an ISP knows; undefined: nothing comes back from it. */
  of(isp: number): ReputationData | undefined {
    const resolved = this.#plan.isps[isp]?.resolved;
    if (!resolved?.feedback) return undefined;
    const byDay = new Map<number, DayStatistics[]>();
    for (const days of this.#counted.get(isp)?.values() ?? [])
      for (const [number, day] of days) byDay.set(number, [...(byDay.get(number) ?? []), day]);
    return {
      isp: resolved,
      days: [...byDay].sort(([a], [b]) => a - b).map(([, parts]) => mergeDays(parts)),
      length: resolved.feedback.day,
      startedAt: this.#startedAt,
      sources: this.#plan.sources.map(({ address }) => address),
      domains: this.#plan.senders.map(({ domain }) => domain),
    };
  }

  /** What the first ISP knows that shows it in this way; undefined: none does. */
  shownAs(data: ResolvedFeedback['data']): ReputationData | undefined {
    const isp = this.#plan.isps.findIndex(({ resolved }) => resolved.feedback?.data === data);
    return isp < 0 ? undefined : this.of(isp);
  }
}
