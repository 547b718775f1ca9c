/**
 * How an ISP decides: a pure state machine, no I/O, no clock. The same code runs behind sockets in real time and in a
 * loop in virtual time. State changes in place; the resolved ISP never does.
 *
 * Order: the limits of a stage are checked first, in the profile's order, and charged only if all of them have room:
 * an attempt over a limit costs nothing. Then comes the fate of the mailbox. So a limit counts what was let past its
 * stage, whatever became of it: after the dot, messages that were received whole.
 */
import type { Micros } from '../../src/core/clock.ts';
import { type Prng, Purpose } from '../../src/core/prng.ts';
import type { Stage } from '../../src/record/attempt-log.ts';
import { type Account, fits, isFresh, openAccount, type Segment, spare } from './limits.ts';
import type { LimitKey, LimitStage } from './profile.ts';
import type { ResolvedIsp, ResolvedLimit } from './resolve.ts';

/** Something that happens at an ISP. `connection` names the connection of a `connect` before. */
export type PolicyEvent =
  | {
      readonly kind: 'connect';
      readonly connection: number;
      readonly source: number;
      /** Stands for the network that the source is in. */
      readonly netblock: number;
    }
  | { readonly kind: 'mail'; readonly connection: number; readonly senderDomain: string }
  | { readonly kind: 'rcpt'; readonly connection: number; readonly recipient: string }
  | {
      readonly kind: 'dot';
      readonly connection: number;
      /** Recipients that were accepted at RCPT. */
      readonly recipients: readonly string[];
      readonly bytes: number;
    }
  | { readonly kind: 'close'; readonly connection: number };

/** What the ISP does. `limit`: index of the limit that was met; undefined where it is the mailbox. */
export type Verdict =
  | { readonly kind: 'accept'; readonly reply: number }
  | {
      readonly kind: 'refuse';
      readonly reply: number;
      readonly close: boolean;
      readonly limit: number | undefined;
    }
  | { readonly kind: 'hangup'; readonly limit: number };

/** Accounts of one limit by key, with the verdict for what is over it. */
export interface LimitTable {
  readonly limit: ResolvedLimit;
  readonly accounts: Map<string | number, Account>;
  readonly refusal: Verdict;
  /** Number of accounts at which unused ones are forgotten. */
  pruneAt: number;
}

interface Connection {
  readonly source: number;
  readonly netblock: number;
  senderDomain: string;
  /** Places that it holds under caps on connections. */
  readonly held: Account[];
}

/** What happens to mail for one kind of mailbox. */
interface Fate {
  readonly share: number;
  /** Where the refusal is said. */
  readonly stage: Stage | undefined;
  readonly refusal: Verdict;
}

/** All that an ISP remembers. */
export interface IspState {
  readonly isp: ResolvedIsp;
  /** The moment that incidents count from, on the clock of the events. */
  loadStart: Micros;
  readonly tables: readonly LimitTable[];
  readonly atStage: Readonly<Record<LimitStage, readonly LimitTable[]>>;
  readonly fates: readonly Fate[];
  readonly fatesAtDot: boolean;
  readonly accepts: Readonly<Record<LimitStage, Verdict>>;
  readonly connections: Map<number, Connection>;
  readonly netblockOf: Map<number, number>;
  readonly senderDomains: Set<string>;
  /** Accounts to be charged by the decision under way. */
  readonly touched: Account[];
}

const PRUNE_AT = 16384;

/** The state of an ISP that nobody has talked to. `loadStart`: see IspState; Infinity while it is not known. */
export function createState(isp: ResolvedIsp, loadStart: Micros = 0): IspState {
  const refuse = (reply: number, limit: number | undefined): Verdict => ({
    kind: 'refuse',
    reply,
    close: isp.replies[reply]?.closes ?? false,
    limit,
  });
  const tables = isp.limits.map((limit, index) => ({
    limit,
    accounts: new Map<string | number, Account>(),
    refusal: limit.reply === null ? ({ kind: 'hangup', limit: index } as const) : refuse(limit.reply, index),
    pruneAt: PRUNE_AT,
  }));
  const at = (stage: LimitStage): LimitTable[] => tables.filter((t) => t.limit.stage === stage);
  const accept = (stage: LimitStage): Verdict => ({ kind: 'accept', reply: isp.answers[stage] });
  return {
    isp,
    loadStart,
    tables,
    atStage: { connect: at('connect'), mail: at('mail'), rcpt: at('rcpt'), dot: at('dot') },
    fates: isp.mailboxes.map(({ share, reply }) => ({
      share,
      stage: isp.replies[reply]?.stage,
      refusal: refuse(reply, undefined),
    })),
    fatesAtDot: isp.mailboxes.some(({ reply }) => isp.replies[reply]?.stage === 'dot'),
    accepts: { connect: accept('connect'), mail: accept('mail'), rcpt: accept('rcpt'), dot: accept('dot') },
    connections: new Map(),
    netblockOf: new Map(),
    senderDomains: new Set(),
    touched: [],
  };
}

/**
 * Decides about one event at the moment `now`, microseconds on the clock of `state.loadStart`. Every connection that
 * was announced must be closed with `close`, refused ones too; the verdict on that means nothing.
 */
export function decide(state: IspState, event: PolicyEvent, now: Micros, chance: Prng): Verdict {
  if (event.kind === 'connect') {
    const { source, netblock } = event;
    const connection: Connection = { source, netblock, senderDomain: '', held: [] };
    state.connections.set(event.connection, connection);
    state.netblockOf.set(source, netblock);
    return overLimit(state, 'connect', connection, event, now, chance) ?? state.accepts.connect;
  }
  const connection = state.connections.get(event.connection);
  if (!connection) throw new Error(`connection ${event.connection} was never opened`);
  switch (event.kind) {
    case 'mail':
      connection.senderDomain = event.senderDomain;
      state.senderDomains.add(event.senderDomain);
      return overLimit(state, 'mail', connection, event, now, chance) ?? state.accepts.mail;
    case 'rcpt':
      return (
        overLimit(state, 'rcpt', connection, event, now, chance) ??
        fateOf(state, event.recipient, 'rcpt', chance) ??
        state.accepts.rcpt
      );
    case 'dot': {
      const over = overLimit(state, 'dot', connection, event, now, chance);
      if (over) return over;
      return (state.fatesAtDot && fateOfAll(state, event.recipients, chance)) || state.accepts.dot;
    }
    case 'close':
      close(state, event.connection, connection);
      return state.accepts.connect;
  }
}

/** The verdict of the first limit without room; undefined if all had room, and then they have been charged. */
function overLimit(
  state: IspState,
  stage: LimitStage,
  connection: Connection,
  event: Exclude<PolicyEvent, { kind: 'close' }>,
  now: Micros,
  chance: Prng,
): Verdict | undefined {
  const tables = state.atStage[stage];
  const { touched } = state;
  touched.length = 0;
  for (const table of tables) {
    const account = accountOf(
      state,
      table,
      keyOf(table.limit.key, connection, event, chance),
      connection.source,
      now,
    );
    touched.push(account);
    if (table.limit.segments[0]?.rule.kind === 'concurrency') {
      // A connection that holds a place keeps it; the cap is about new ones.
      if (connection.held.includes(account)) continue;
      if (spare(account, now, state.loadStart) < 1) return table.refusal;
    } else if (!fits(account, amountOf(table.limit, event), now, state.loadStart)) {
      return table.refusal;
    }
  }
  for (let i = 0; i < tables.length; i++) {
    const { limit } = tables[i] as LimitTable;
    const account = touched[i] as Account;
    if (limit.segments[0]?.rule.kind !== 'concurrency') account.used += amountOf(limit, event);
    else if (!connection.held.includes(account)) {
      account.used++;
      connection.held.push(account);
    }
  }
  return undefined;
}

function amountOf({ unit }: ResolvedLimit, event: PolicyEvent): number {
  if (event.kind !== 'dot') return 1;
  switch (unit) {
    case 'bytes':
      return event.bytes;
    case 'recipients':
      return event.recipients.length;
    default:
      return 1;
  }
}

function keyOf(key: LimitKey, connection: Connection, event: PolicyEvent, chance: Prng): string | number {
  switch (key) {
    case 'source':
      return connection.source;
    case 'netblock':
      return connection.netblock;
    case 'sender-domain':
      return connection.senderDomain;
    case 'isp':
      return 0;
    case 'connection':
      return event.connection;
    case 'mailbox':
      return event.kind === 'rcpt' ? chance.hash(event.recipient.toLowerCase()) : 0;
  }
}

function accountOf(
  state: IspState,
  table: LimitTable,
  key: string | number,
  source: number,
  now: Micros,
): Account {
  const known = table.accounts.get(key);
  if (known) return known;
  if (table.accounts.size >= table.pruneAt) prune(state, table, now);
  const account = openAccount(segmentsFor(table.limit, source), now, state.loadStart);
  table.accounts.set(key, account);
  return account;
}

/** Forgets accounts with nothing used, which a new one would equal. Rare enough to cost little for each account. */
function prune(state: IspState, table: LimitTable, now: Micros): void {
  for (const [key, account] of table.accounts) {
    if (isFresh(account, now, state.loadStart)) table.accounts.delete(key);
  }
  table.pruneAt = Math.max(PRUNE_AT, table.accounts.size * 2);
}

/** A limit's rule over time, as it holds for a source. */
export function segmentsFor(
  { segments, ofSource }: ResolvedLimit,
  source: number | undefined,
): readonly Segment[] {
  if (ofSource.length === 0) return segments;
  return ofSource.find((s) => s.source === source)?.segments ?? segments;
}

/** The refusal by a mailbox that takes no mail, if it speaks at this stage. Depends on seed, ISP and address alone. */
function fateOf(
  { isp, fates }: IspState,
  recipient: string,
  stage: 'rcpt' | 'dot',
  chance: Prng,
): Verdict | undefined {
  if (fates.length === 0) return undefined;
  let at = chance.chance(Purpose.mailboxFate, chance.hash(recipient.toLowerCase()), isp.number);
  for (const fate of fates) {
    at -= fate.share;
    if (at < 0) return fate.stage === stage ? fate.refusal : undefined;
  }
  return undefined;
}

/**
 * After the dot there is one reply for all recipients. It refuses if none of them can be delivered, in the words for
 * the first; if one can, the message is accepted (assumed: no source says what Yahoo does).
 */
function fateOfAll(state: IspState, recipients: readonly string[], chance: Prng): Verdict | undefined {
  let first: Verdict | undefined;
  for (const recipient of recipients) {
    const fate = fateOf(state, recipient, 'dot', chance);
    if (!fate) return undefined;
    first ??= fate;
  }
  return first;
}

function close(state: IspState, number: number, connection: Connection): void {
  for (const account of connection.held) account.used--;
  for (const table of state.tables) if (table.limit.key === 'connection') table.accounts.delete(number);
  state.connections.delete(number);
}
