/**
 * Limits and warm-up at one stage. They are checked first, in the profile's order, and charged only if all of them
 * have room: an attempt over a limit costs nothing. So a limit counts what was let past its stage, whatever became of
 * it: after the dot, messages that were received whole.
 */
import type { Micros } from '../../src/core/clock.ts';
import { openFor, standingUnder } from './accounts.ts';
import type { LimitStage, LimitUnit } from './limit-words.ts';
import { type Account, fits, openAccount, PLAIN, spare } from './limits.ts';
import { WARMUP } from './resolved-isp.ts';
import { noteViolation, settle, standingOf } from './standing.ts';
import { type Connection, type IspState, keyOf, standingKeyOf } from './state.ts';
import { type LimitTable, timelineFor } from './tables.ts';
import type { PolicyEvent, Verdict } from './verdict.ts';
import { countToday, firstDay, isNew, leftToday, type WarmingUp } from './warmup.ts';

type Asking = Exclude<PolicyEvent, { kind: 'close' }>;

/** The verdict of the first limit without room; undefined if all had room, and then they have been charged. */
export function admit(
  state: IspState,
  stage: LimitStage,
  connection: Connection,
  event: Asking,
  now: Micros,
): Verdict | undefined {
  const tables = state.atStage[stage];
  const { touched, leases } = state;
  for (let i = 0; i < tables.length; i++) {
    const table = tables[i] as LimitTable;
    const key = keyOf(table.limit.key, connection);
    const account =
      key === undefined
        ? undefined
        : ((table.isRation ? connection.rations[table.index] : table.accounts.get(key)) ??
          open(state, table, key, connection, now));
    touched[i] = account;
    if (account && !hasRoom(table, account, connection, event, now)) {
      if (table.shared)
        state.leases?.refused(table, key as string | number, account, amountOf(table.limit.unit, event));
      return refuse(state, table, connection, now);
    }
  }
  const ramp = state.isp.warmup?.stage === stage ? state.isp.warmup : null;
  const warming = ramp && warmingOf(state, connection);
  if (ramp && warming && leftToday(ramp, warming, now) < amountOf(ramp.unit, event)) {
    noteViolations(state, connection, WARMUP, now);
    return state.refusals[ramp.reply];
  }

  for (let i = 0; i < tables.length; i++) {
    const account = touched[i];
    if (!account) continue;
    const table = tables[i] as LimitTable;
    const amount = table.isCap ? hold(connection, account) : amountOf(table.limit.unit, event);
    account.used += amount;
    if (leases && table.shared && amount > 0)
      leases.charged(table, keyOf(table.limit.key, connection) as string | number, account, amount, now);
  }
  if (ramp && warming) countToday(warming, amountOf(ramp.unit, event), now);
  return undefined;
}

function hasRoom(
  { isCap, limit }: LimitTable,
  account: Account,
  connection: Connection,
  event: Asking,
  now: Micros,
): boolean {
  if (!isCap) return fits(account, amountOf(limit.unit, event), now);
  // A connection that holds a place keeps it; the cap is about new ones.
  return connection.held.includes(account) || spare(account, now) >= 1;
}

function open(
  state: IspState,
  table: LimitTable,
  key: string | number,
  connection: Connection,
  now: Micros,
): Account {
  if (table.isRation) return ration(table, connection, now);
  const { key: kind } = table.limit;
  const exception =
    kind === 'sender-domain' ? connection.senderDomain : kind === 'source' ? connection.source : undefined;
  return openFor(state, table, key, exception, now);
}

/** A new account for what a connection or a transaction may have, which nobody's standing changes. */
function ration(table: LimitTable, connection: Connection, now: Micros): Account {
  const source = table.limit.key === 'connection' ? connection.source : undefined;
  const account = openAccount(timelineFor(table, source), PLAIN, now);
  connection.rations[table.index] = account;
  return account;
}

/** Takes a place under a cap, if the connection has none yet; returns the number of places taken. */
function hold(connection: Connection, account: Account): number {
  if (connection.held.includes(account)) return 0;
  connection.held.push(account);
  return 1;
}

/** What is over a limit is refused in the limit's words, or in those of a bad reputation; and it is a violation. */
function refuse(state: IspState, table: LimitTable, connection: Connection, now: Micros): Verdict {
  const reply = standingUnder(state, table, keyOf(table.limit.key, connection))?.spell.tier?.reply ?? null;
  noteViolations(state, connection, table.index, now);
  if (reply === null || !state.isp.replies[reply]?.stages.includes(table.limit.stage)) return table.refusal;
  const close = state.isp.replies[reply]?.closes ?? false;
  return { kind: 'refuse', reply, close, limit: table.index };
}

/** Counts a violation for everyone whom the profile punishes for it. */
function noteViolations(state: IspState, connection: Connection, limit: number, now: Micros): void {
  for (const standings of state.judged) {
    if (!standings.penalty?.on.includes(limit)) continue;
    const key = standingKeyOf(standings.kind, connection);
    if (key === undefined) continue;
    if (standings.witness) {
      standings.witness.violation(standings.kind, key, limit, connection.client);
      continue;
    }
    const standing = standingOf(standings, key, state.tables, now);
    settle(standings, standing, state.tables, now);
    const begins = noteViolation(standings, standing, limit, state.tables, now);
    const warming = begins ? state.warming.get(connection.client) : undefined;
    if (warming) warming.punished = true;
  }
}

function warmingOf(state: IspState, { client, source }: Connection): WarmingUp | undefined {
  const known = state.warming.get(client);
  if (known || !state.isp.warmup || !isNew(state.isp.warmup, source)) return known;
  const warming = firstDay();
  state.warming.set(client, warming);
  return warming;
}

function amountOf(unit: LimitUnit, event: Asking): number {
  switch (event.kind) {
    case 'mail':
      return unit === 'bytes' ? (event.size ?? 0) : 1;
    case 'dot':
      return unit === 'bytes' ? event.bytes : unit === 'recipients' ? event.recipients.length : 1;
    default:
      return 1;
  }
}
