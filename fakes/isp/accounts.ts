/** Opens accounts on the terms that their keys have earned. */
import type { Micros } from '../../src/core/clock.ts';
import { type Account, PLAIN } from './limits.ts';
import type { LimitKey } from './profile-schema.ts';
import { type Standing, type Standings, termsOf } from './standing.ts';
import type { IspState } from './state.ts';
import { type LimitTable, openIn } from './tables.ts';

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
  return openIn(table, key, exception, standing ? termsOf(standing, table.index) : PLAIN, now);
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
