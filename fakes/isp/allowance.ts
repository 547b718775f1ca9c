/**
 * What an ISP would let through now: the lines against which a sender's pace is judged. Looking changes nothing: what
 * is brought up to date has the same moments as if nobody had looked.
 */
import type { Micros } from '../../src/core/clock.ts';
import { isBlocked } from './disturbances.ts';
import { inAll } from './in-all.ts';
import type { StandingKey } from './limit-words.ts';
import { type Account, PLAIN, ruleFor, spare, sustainedRate } from './limits.ts';
import { longRunRate } from './rules.ts';
import { refusalIn, type Standing, settle, termsOf } from './standing.ts';
import type { IspState } from './state.ts';
import { type LimitTable, limitsMessages, timelineFor } from './tables.ts';
import { firstDay, isNew, leftToday } from './warmup.ts';

/**
 * `allowed`: as it is (A in DESIGN "Adaptation"). `unpunished`: as if the sender had never earned a penalty or lost
 * reputation, by profile and incidents alone (A0).
 */
export type Line = 'allowed' | 'unpunished';

/**
 * Messages a second that this source may send now in the long run, by the rate rules that count for it alone: Infinity
 * if there are none, 0 while it is blocked. Rules on recipients are taken as if each message had one.
 */
export function sustained(state: IspState, source: number, now: Micros, line: Line = 'allowed'): number {
  if (isBlocked(state.disturbances, source, undefined, now)) return 0;
  const client = state.clients.get(source)?.client;
  return Math.min(
    rateOfKey(state, 'source', client, source, now, line),
    rateOfWarmup(state, client, source, now),
  );
}

/**
 * Messages a second that the ISP may take from all these sources together: shared rules included.
 * @param each what is sustained for each of them, if that is known already
 */
export function allowance(
  state: IspState,
  sources: readonly number[],
  now: Micros,
  line: Line = 'allowed',
  each: readonly number[] = sources.map((source) => sustained(state, source, now, line)),
): number {
  return inAll(state, sources, {
    each,
    ofKey(kind, key) {
      const domain = kind === 'sender-domain' ? key : undefined;
      if (domain !== undefined && isBlocked(state.disturbances, undefined, domain, now)) return 0;
      return rateOfKey(state, kind, key, domain, now, line);
    },
    ofIsp: () => rateOfIsp(state, now, line),
  });
}

/** The least of the rate rules of one key; 0 while it is refused everything. */
function rateOfKey(
  state: IspState,
  kind: StandingKey,
  key: string | undefined,
  exception: number | string | undefined,
  now: Micros,
  line: Line,
): number {
  const standings = state.standings[kind];
  const standing = key === undefined || line === 'unpunished' ? undefined : standings.known.get(key);
  if (standing) {
    settle(standings, standing, state.tables, now);
    if (refusalIn(standing.spell) !== undefined) return 0;
  }
  let least = Number.POSITIVE_INFINITY;
  for (const table of state.tables) {
    if (table.limit.key !== kind || !limitsMessages(table)) continue;
    const account = key === undefined ? undefined : table.accounts.get(key);
    least = Math.min(least, rateOf(table, account, exception, standing, now, line));
  }
  return least;
}

function rateOf(
  table: LimitTable,
  account: Account | undefined,
  exception: number | string | undefined,
  standing: Standing | undefined,
  now: Micros,
  line: Line,
): number {
  if (account && line === 'allowed') return sustainedRate(account, now);
  const terms = standing ? termsOf(standing, table.index) : PLAIN;
  const rule = ruleFor(account?.timeline ?? timelineFor(table, exception), terms, now);
  if (account && rule.kind === 'window' && rule.per !== null) {
    spare(account, now);
    if (account.used >= rule.count) return 0;
  }
  return longRunRate(rule);
}

function rateOfIsp(state: IspState, now: Micros, line: Line): number {
  let least = Number.POSITIVE_INFINITY;
  for (const table of state.tables) {
    if (table.limit.key !== 'isp' || !limitsMessages(table)) continue;
    least = Math.min(least, rateOf(table, table.accounts.get(0), undefined, undefined, now, line));
  }
  return least;
}

/** Messages a second that the day of a new source allows; 0 when the day is used up. */
function rateOfWarmup(state: IspState, client: string | undefined, source: number, now: Micros): number {
  const ramp = state.isp.warmup;
  if (!ramp || !isNew(ramp, source)) return Number.POSITIVE_INFINITY;
  const warming = (client === undefined ? undefined : state.warming.get(client)) ?? firstDay();
  const left = leftToday(ramp, warming, now);
  const quota = ramp.days[warming.day];
  if (quota === undefined) return Number.POSITIVE_INFINITY;
  return left <= 0 ? 0 : (quota / ramp.per) * 1e6;
}
