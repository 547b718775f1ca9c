/**
 * What an ISP would let through now: the lines against which a sender's pace is judged. Looking changes nothing: what
 * is brought up to date has the same moments as if nobody had looked.
 */
import type { Micros } from '../../src/core/clock.ts';
import { isBlocked } from './disturbances.ts';
import { type Account, PLAIN, ruleFor, spare, sustainedRate } from './limits.ts';
import type { StandingKey } from './profile-schema.ts';
import { longRunRate } from './rules.ts';
import { refusalIn, type Standing, settle, termsOf } from './standing.ts';
import type { IspState } from './state.ts';
import { type LimitTable, timelineFor } from './tables.ts';
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
 * @param each what is sustained for one of them, if that is known better elsewhere
 */
export function allowance(
  state: IspState,
  sources: readonly number[],
  now: Micros,
  line: Line = 'allowed',
  each = (source: number): number => sustained(state, source, now, line),
): number {
  const counted = new Set<string>();
  const byNetblock = new Map<string | undefined, number>();
  for (const source of sources) {
    // A source that never connected is in a network of its own as far as is known.
    const seen = state.clients.get(source);
    if (seen && counted.has(seen.client)) continue;
    if (seen) counted.add(seen.client);
    const sum = byNetblock.get(seen?.netblock) ?? 0;
    byNetblock.set(seen?.netblock, sum + each(source));
  }
  let sum = 0;
  for (const [block, wanted] of byNetblock) {
    sum +=
      block === undefined
        ? wanted
        : Math.min(wanted, rateOfKey(state, 'netblock', block, undefined, now, line));
  }
  return Math.min(
    sum,
    rateOfDomains(state, 'sender-domain', now, line),
    rateOfDomains(state, 'dkim-domain', now, line),
    rateOfIsp(state, now, line),
  );
}

/** True for limits that a rate of messages can be read from. */
export function limitsMessages({ limit }: LimitTable): boolean {
  return limit.unit === 'transactions' || limit.unit === 'recipients';
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

/** The sum over all domains that the ISP has heard of; Infinity where it has heard of none. */
function rateOfDomains(
  state: IspState,
  kind: 'sender-domain' | 'dkim-domain',
  now: Micros,
  line: Line,
): number {
  const domains = new Set<string>(state.standings[kind].known.keys());
  for (const { limit, accounts } of state.tables)
    if (limit.key === kind) for (const key of accounts.keys()) domains.add(String(key));
  if (domains.size === 0) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (const domain of domains) {
    const blocked = kind === 'sender-domain' && isBlocked(state.disturbances, undefined, domain, now);
    if (!blocked) sum += rateOfKey(state, kind, domain, domain, now, line);
  }
  return sum;
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
