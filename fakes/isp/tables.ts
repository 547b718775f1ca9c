/** The limits of an ISP at work: one table a limit, one account a key. */
import type { Micros } from '../../src/core/clock.ts';
import { isShared, type Part, standingRule } from './leases.ts';
import type { LimitKey } from './limit-words.ts';
import { type Account, changeTerms, isFresh, openAccount, type Terms } from './limits.ts';
import type { ResolvedIsp, ResolvedLimit } from './resolved-isp.ts';
import type { Segment, Timeline } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/** Accounts of one limit by key, with the verdict for what is over it. */
export interface LimitTable {
  readonly index: number;
  readonly limit: ResolvedLimit;
  readonly isCap: boolean;
  /** Whether it ends with the connection or the transaction: then the connection has its account. */
  readonly isRation: boolean;
  /** Whether its accounts are parts that the owner of the limit lends. */
  readonly shared: boolean;
  readonly timeline: Timeline;
  /** Timelines of the sources and sender domains that incidents name. */
  readonly exceptions: ReadonlyMap<number | string, Timeline>;
  readonly accounts: Map<string | number, Account>;
  readonly refusal: Verdict;
  /** Whether an account must be kept though nothing of it is used; undefined: none. */
  lasting: ((account: Account) => boolean) | undefined;
  /** Number of accounts at which unused ones are forgotten. */
  pruneAt: number;
}

/** Number of entries at which tables begin to forget what is as good as new. */
export const PRUNE_AT = 16384;

/** A table for each limit, in the profile's order. `part`: of which worker, where an ISP has several. */
export function createTables(isp: ResolvedIsp, part?: Part): LimitTable[] {
  return isp.limits.map((limit, index) => {
    const shared = part !== undefined && isShared(limit.key);
    const timelineOf = (segments: readonly Segment[]): Timeline => ({
      segments,
      day: isp.day,
      partOf: shared ? (rule) => standingRule(rule, part) : undefined,
    });
    return {
      index,
      limit,
      isCap: limit.segments[0]?.rule.kind === 'concurrency',
      isRation: limit.key === 'connection' || limit.key === 'transaction',
      shared,
      timeline: timelineOf(limit.segments),
      exceptions: new Map(limit.exceptions.map(({ of, segments }) => [of, timelineOf(segments)])),
      accounts: new Map<string | number, Account>(),
      refusal:
        limit.reply === null
          ? { kind: 'hangup', limit: index }
          : {
              kind: 'refuse',
              reply: limit.reply,
              close: isp.replies[limit.reply]?.closes ?? false,
              limit: index,
            },
      lasting: undefined,
      pruneAt: PRUNE_AT,
    };
  });
}

/**
 * A new account for a key that has none.
 * @param exception the source (index) or sender domain that an incident may name
 * @param terms what the key has earned
 */
export function openIn(
  table: LimitTable,
  key: string | number,
  exception: string | number | undefined,
  terms: Terms,
  now: Micros,
): Account {
  if (table.accounts.size >= table.pruneAt) prune(table, now);
  const account = openAccount(timelineFor(table, exception), terms, now);
  table.accounts.set(key, account);
  return account;
}

/** A limit's rule over time for a source or sender domain that an incident may name. */
export function timelineFor(table: LimitTable, exception: string | number | undefined): Timeline {
  if (table.exceptions.size === 0 || exception === undefined) return table.timeline;
  return table.exceptions.get(exception) ?? table.timeline;
}

/** True for limits that a rate of messages can be read from. */
export function limitsMessages({ limit }: LimitTable): boolean {
  return limit.unit === 'transactions' || limit.unit === 'recipients';
}

/** Puts all limits of a key on other terms, from a moment on. */
export function shiftAccounts(
  tables: readonly LimitTable[],
  kind: LimitKey,
  key: string,
  termsFor: (limit: number) => Terms,
  at: Micros,
): void {
  for (const table of tables) {
    if (table.limit.key !== kind) continue;
    const account = table.accounts.get(key);
    if (account) changeTerms(account, termsFor(table.index), at);
  }
}

/** Forgets accounts with nothing used, which a new one would equal. Rare enough to cost little for each account. */
function prune(table: LimitTable, now: Micros): void {
  for (const [key, account] of table.accounts) {
    if (isFresh(account, now) && !table.lasting?.(account)) table.accounts.delete(key);
  }
  table.pruneAt = Math.max(PRUNE_AT, table.accounts.size * 2);
}
