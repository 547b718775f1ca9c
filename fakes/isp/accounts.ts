/** Opens accounts on the terms that their keys have earned. */
import type { Micros } from '../../src/core/clock.ts';
import type { LimitKey } from './limit-words.ts';
import { type Account, changeTerms, openAccount, PLAIN, spare } from './limits.ts';
import { type Spell, type Standing, type Standings, termsIn, termsOf } from './standing.ts';
import type { IspState } from './state.ts';
import { type LimitTable, openIn } from './tables.ts';
import type { Timeline } from './timeline.ts';

/** The standings of whom a kind of limit is about; undefined where nobody has one. */
export function standingsUnder(state: IspState, kind: LimitKey): Standings | undefined {
  return kind === 'isp' || kind === 'connection' || kind === 'transaction' || kind === 'mailbox'
    ? undefined
    : state.standings[kind];
}

/** The standing of a key under a limit, if it has one already. */
export function standingUnder(
  state: IspState,
  table: LimitTable,
  key: string | number | undefined,
): Standing | undefined {
  const standings = standingsUnder(state, table.limit.key);
  return standings && typeof key === 'string' ? standings.known.get(key) : undefined;
}

/**
 * A new account for a key that has none.
 * @param exception the source (index) or sender domain that an incident may name
 */
export function openFor(
  state: IspState,
  table: LimitTable,
  key: string | number,
  exception: string | number | undefined,
  now: Micros,
): Account {
  const standing = standingUnder(state, table, key);
  const account = openIn(table, key, exception, standing ? termsOf(standing, table.index) : PLAIN, now);
  if (account.rule.kind === 'bucket' && outlives(table)) {
    const spells = standing ? [...standing.past, standing.spell] : [];
    if (hasHistory(account.timeline, spells)) live(account, table.index, spells, now);
  }
  return account;
}

/** Whether a limit is about someone who may have been there before he was first seen. */
function outlives({ limit, shared }: LimitTable): boolean {
  return !shared && limit.key !== 'mailbox';
}

/** Whether a bucket could hold anything but all that it can. */
function hasHistory({ segments, day }: Timeline, spells: readonly Spell[]): boolean {
  return segments.length > 1 || day !== null || spells.length > 1;
}

/**
 * Lets a new account be what it would be had it been opened with the load: a bucket that held little a moment ago is
 * not full for whoever comes now, just as it is not for whoever came before.
 */
function live(account: Account, limit: number, spells: readonly Spell[], now: Micros): void {
  const begin = Math.min(0, now);
  const lived = openAccount(account.timeline, PLAIN, begin);
  for (const spell of spells) changeTerms(lived, termsIn(spell, limit), Math.max(begin, spell.from));
  spare(lived, now);
  account.origin = lived.origin;
  account.used = lived.used;
}

/** The account of a key under a limit whose accounts belong to no single client. */
export function sharedAccount(
  state: IspState,
  table: LimitTable,
  key: string | number,
  now: Micros,
): Account {
  const exception = table.limit.key === 'sender-domain' ? key : undefined;
  return table.accounts.get(key) ?? openFor(state, table, key, exception, now);
}
