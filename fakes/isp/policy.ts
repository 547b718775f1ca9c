/**
 * How an ISP decides: a pure state machine, no I/O, no clock. The same code runs behind sockets in real time and in a
 * loop in virtual time.
 *
 * Order at each stage: what an incident forces, penalties and the worst reputation, limits and warm-up, greylisting,
 * the fate of the mailbox.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { Prng } from '../../src/core/prng.ts';
import { admit } from './admission.ts';
import { effectOn, forcedOn } from './disturbances.ts';
import { passes, tripletOf } from './greylist.ts';
import type { LimitStage, StandingKey } from './limit-words.ts';
import { type Finding, findAtDot, findAtRcpt } from './mailboxes.ts';
import type { Conduct } from './profile-schema.ts';
import { noteConduct, noteInsistence, refusalIn, settle, standingOf } from './standing.ts';
import { type Connection, type IspState, standingKeyOf } from './state.ts';
import type { PolicyEvent, Verdict } from './verdict.ts';

type Asking = Exclude<PolicyEvent, { kind: 'close' }>;

/** What an ISP learns outside of its sessions. */
export interface Observation {
  readonly kind: Extract<Conduct, 'complaint' | 'withdrawal' | 'trap' | 'unauthenticated'>;
  /** Index of the source that the mail came from. */
  readonly source?: number;
  readonly senderDomain?: string;
  readonly dkimDomain?: string;
}

/**
 * Decides about one event at the moment `now`, microseconds since the load began; moments must not go back. Every
 * connection that was announced must be closed with `close`, refused ones too; the verdict on that means nothing.
 */
export function decide(state: IspState, event: PolicyEvent, now: Micros, chance: Prng): Verdict {
  if (event.kind === 'connect') {
    const connection = open(state, event);
    return (
      refusalAt(state, 'connect', connection, event, now, chance) ??
      accept(state, 'connect', connection, now, chance)
    );
  }
  const connection = state.connections.get(event.connection);
  if (!connection) throw new Error(`connection ${event.connection} was never opened`);
  switch (event.kind) {
    case 'mail':
      beginTransaction(state, connection, event);
      return (
        refusalAt(state, 'mail', connection, event, now, chance) ??
        accept(state, 'mail', connection, now, chance)
      );
    case 'rcpt': {
      const address = event.recipient.toLowerCase();
      // Signed, so that V8 keeps it as it is in every table; chance goes by its 32 bits.
      connection.recipient = chance.hash(address) | 0;
      return (
        refusalAt(state, 'rcpt', connection, event, now, chance) ??
        greylisted(state, connection, address, now, chance) ??
        found(state, connection, findAtRcpt(state.mailboxes, address, connection.recipient, chance), now) ??
        state.accepts.rcpt
      );
    }
    case 'dot': {
      connection.recipient = 0;
      connection.dkimDomain = event.dkimDomain;
      const refusal =
        refusalAt(state, 'dot', connection, event, now, chance) ??
        found(state, connection, findAtDot(state.mailboxes, event.recipients, chance), now);
      if (refusal) return refusal;
      note(state, connection, 'accepted', now);
      return accept(state, 'dot', connection, now, chance);
    }
    case 'close':
      close(state, connection);
      return state.accepts.connect;
  }
}

/** Takes into account what an ISP learns from its users and its filters, at the moment `now`. */
export function observe(state: IspState, observation: Observation, now: Micros): void {
  const { kind, source, senderDomain, dkimDomain } = observation;
  const seen = source === undefined ? undefined : state.clients.get(source);
  const keys: Record<StandingKey, string | undefined> = {
    source: seen?.client,
    netblock: seen?.netblock,
    'sender-domain': senderDomain,
    'dkim-domain': dkimDomain,
  };
  for (const standings of state.judged) {
    const key = keys[standings.kind];
    if (key === undefined || !standings.reputation) continue;
    const standing = standingOf(standings, key, state.tables, now);
    settle(standings, standing, state.tables, now);
    noteConduct(standings, standing, kind, state.tables, now);
  }
}

function open(state: IspState, event: PolicyEvent & { kind: 'connect' }): Connection {
  const { connection: number, source, client, netblock } = event;
  const connection: Connection = {
    connection: number,
    source,
    client,
    netblock,
    transaction: 0,
    sender: '',
    senderDomain: '',
    recipient: 0,
    dkimDomain: undefined,
    held: [],
    rations: state.tables.map(() => undefined),
  };
  state.connections.set(number, connection);
  if (!state.clients.has(source)) state.clients.set(source, { client, netblock });
  return connection;
}

function beginTransaction(
  state: IspState,
  connection: Connection,
  { sender, senderDomain }: PolicyEvent & { kind: 'mail' },
): void {
  connection.transaction++;
  connection.sender = sender;
  connection.senderDomain = senderDomain;
  connection.recipient = 0;
  connection.dkimDomain = undefined;
  for (const { index } of state.perTransaction) {
    const account = connection.rations[index];
    // A window that is as long as the transaction begins with the first thing that is counted.
    if (account) account.used = 0;
  }
}

/** What speaks against going on before anyone looks at the mailbox. */
function refusalAt(
  state: IspState,
  stage: LimitStage,
  connection: Connection,
  event: Asking,
  now: Micros,
  chance: Prng,
): Verdict | undefined {
  const { disturbances } = state;
  return (
    (disturbances.length > 0 ? forcedOn(disturbances, stage, connection, now, chance) : undefined) ??
    punished(state, stage, connection, now) ??
    admit(state, stage, connection, event, now)
  );
}

/** The refusal that a penalty or the worst reputation has for everything at this stage. */
function punished(
  state: IspState,
  stage: LimitStage,
  connection: Connection,
  now: Micros,
): Verdict | undefined {
  let refusal: Verdict | undefined;
  for (const standings of state.judged) {
    const key = standingKeyOf(standings.kind, connection);
    const standing = key === undefined ? undefined : standings.known.get(key);
    if (!standing) continue;
    settle(standings, standing, state.tables, now);
    const reply = refusalIn(standing.spell);
    if (reply === undefined || state.isp.replies[reply]?.stage !== stage) continue;
    noteInsistence(standings, standing, state.tables, now);
    refusal ??= state.refusals[reply];
  }
  return refusal;
}

function greylisted(
  state: IspState,
  { netblock, sender }: Connection,
  recipient: string,
  now: Micros,
  chance: Prng,
): Verdict | undefined {
  const rule = state.isp.greylist;
  if (!rule) return undefined;
  const triplet = chance.hash(tripletOf(netblock, sender, recipient));
  return passes(rule, state.greylist, triplet, now) ? undefined : state.refusals[rule.reply];
}

function found(
  state: IspState,
  connection: Connection,
  { refusal, dead }: Finding,
  now: Micros,
): Verdict | undefined {
  for (let i = 0; i < dead; i++) note(state, connection, 'unknown', now);
  return refusal;
}

function note(state: IspState, connection: Connection, what: Conduct, now: Micros): void {
  for (const standings of state.judged) {
    if (!standings.reputation) continue;
    const key = standingKeyOf(standings.kind, connection);
    if (key === undefined) continue;
    const standing = standingOf(standings, key, state.tables, now);
    noteConduct(standings, standing, what, state.tables, now);
  }
}

function accept(
  { accepts, disturbances }: IspState,
  stage: LimitStage,
  connection: Connection,
  now: Micros,
  chance: Prng,
): Verdict {
  const effect = disturbances.length > 0 ? effectOn(disturbances, stage, connection, now, chance) : undefined;
  return effect ? { ...accepts[stage], effect } : accepts[stage];
}

function close(state: IspState, connection: Connection): void {
  for (const account of connection.held) account.used--;
  state.connections.delete(connection.connection);
}
