/** Limits as a greedy sender would have met them at the begin of a stretch of time that is over. */
import type { Micros } from '../../src/core/clock.ts';
import type { Trial } from './greedy.ts';
import { type Account, openAccount, PLAIN } from './limits.ts';
import type { QuotaUse } from './quota-use.ts';
import type { Rule } from './rules.ts';
import type { IspState } from './state.ts';
import { type LimitTable, timelineFor } from './tables.ts';
import { changeAfter, ruleAt, type Timeline } from './timeline.ts';
import { firstDay, isNew, leftToday, type WarmingUp } from './warmup.ts';

/** A stretch of time, `to` excluded. */
export interface Stretch {
  readonly from: Micros;
  readonly to: Micros;
}

/** Windows shorter than this share of the stretch are counted as buckets: at most one window's count too much. */
const SHORT = 1 / 100;

/** The last note on a quota before the stretch may be so old. */
const SLACK: Micros = 2e6;

/**
 * A limit at the begin of a stretch. A bucket is full, whatever was taken from it. Of a window as much is used as is
 * known; of one that may have been open without a note, one unit.
 * @param exception the source or domain that an incident may name
 */
export function trialAt(
  stretch: Stretch,
  table: LimitTable,
  key: string | number | undefined,
  exception: string | number | undefined,
  quotas: QuotaUse | undefined,
): Trial {
  const { from, to } = stretch;
  const known = key === undefined ? undefined : table.accounts.get(key);
  const timeline = known?.timeline ?? timelineFor(table, exception);
  const account = openAccount(smoothed(timeline, (to - from) * SHORT), PLAIN, from);
  const trial = { limit: table.index, account, extra: 0 };
  const rule = ruleAt(timeline, from);
  if (!known || from <= 0 || rule.kind !== 'window' || rule.per === null) return trial;
  const note = account.rule.kind === 'window' ? quotas?.before(known, from) : undefined;
  if (note && note.used > 0 && from < note.origin + rule.per) {
    account.origin = note.origin;
    account.used = note.used;
  } else if (account.rule.kind === 'window' && isOpen(known, from)) {
    account.origin = known.origin;
    account.used = 1;
  } else if (rule.per <= to - from + SLACK) trial.extra = largestCount(timeline, stretch) - 1;
  return trial;
}

/**
 * Units that the warm-up of a source left it: what was not used of the day that had begun, and the whole of each day
 * that could have begun in the stretch. Infinity for a source that is known.
 */
export function warmupIn(
  { from, to }: Stretch,
  { isp, warming }: IspState,
  source: number,
  client: string | undefined,
  quotas: QuotaUse | undefined,
): number {
  const ramp = isp.warmup;
  if (!ramp || !isNew(ramp, source)) return Number.POSITIVE_INFINITY;
  const known = client === undefined || from <= 0 ? undefined : warming.get(client);
  const then = known ? dayAt(known, from, quotas) : firstDay();
  let units = Math.max(0, leftToday(ramp, then, from));
  // A day that had just begun may have no note yet.
  const begun = then.used > 0 ? then.opened : known ? from - Math.min(SLACK, ramp.per) : from;
  let day = then.punished ? then.day - 1 : then.day;
  for (let end = begun + ramp.per; end < to; end += ramp.per) {
    day++;
    units += ramp.days[day] ?? Number.POSITIVE_INFINITY;
  }
  return units;
}

/** A source's day at a moment. */
function dayAt(known: WarmingUp, moment: Micros, quotas: QuotaUse | undefined): WarmingUp {
  const note = quotas?.before(known, moment);
  if (!note) return { ...known, used: known.opened < moment ? 1 : 0 };
  const { day, origin: opened, used } = note;
  // A day that was followed by one of the same number was one with a penalty.
  const punished = opened === known.opened ? known.punished : day === known.day;
  return { day, opened, used, punished };
}

function isOpen({ rule, origin, used }: Account, moment: Micros): boolean {
  return rule.kind === 'window' && used > 0 && origin < moment && moment < origin + (rule.per ?? 0);
}

/** The largest count of a window in the stretch. */
function largestCount(timeline: Timeline, { from, to }: Stretch): number {
  let largest = 0;
  for (let at = from; at < to; at = changeAfter(timeline, at)) {
    const rule = ruleAt(timeline, at);
    if (rule.kind === 'window') largest = Math.max(largest, rule.count);
  }
  return largest;
}

/** With buckets in place of windows that are shorter than a time: a window's worth at once, and as much in each. */
function smoothed(timeline: Timeline, shorterThan: Micros): Timeline {
  const isShort = (rule: Rule): boolean =>
    rule.kind === 'window' && rule.per !== null && rule.per < shorterThan;
  if (!timeline.segments.some(({ rule }) => isShort(rule))) return timeline;
  return {
    ...timeline,
    partOf: (rule) =>
      rule.kind === 'window' && rule.per !== null && isShort(rule)
        ? {
            kind: 'bucket',
            rate: (rule.count / rule.per) * 1e6,
            count: rule.count,
            per: rule.per,
            burst: rule.count,
          }
        : rule,
  };
}
