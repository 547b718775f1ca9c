/** All that an ISP remembers. It changes in place; the resolved ISP never does. */
import type { Micros } from '../../src/core/clock.ts';
import { createDisturbances, type Disturbing } from './disturbances.ts';
import { emptyGreylist, type Greylist } from './greylist.ts';
import type { Part } from './leases.ts';
import { LIMIT_STAGES, type LimitStage, STANDING_KEYS, type StandingKey } from './limit-words.ts';
import type { Account } from './limits.ts';
import { createMailboxes, type Mailboxes } from './mailboxes.ts';
import type { ResolvedIsp } from './resolved-isp.ts';
import type { Standings } from './standing.ts';
import { createTables, type LimitTable, PRUNE_AT } from './tables.ts';
import type { Verdict } from './verdict.ts';
import type { WarmingUp } from './warmup.ts';

/** A connection, and what is under way on it. */
export interface Connection {
  readonly connection: number;
  readonly source: number;
  readonly client: string;
  readonly netblock: string;
  /** Transactions begun on it. */
  transaction: number;
  sender: string;
  senderDomain: string;
  /** Hash of the recipient that is asked about; 0: none. */
  recipient: number;
  dkimDomain: string | undefined;
  /** Places that it holds under caps on connections. */
  readonly held: Account[];
  /** What it has used of its rations, by the limit's index; undefined: no such ration, or nothing yet. */
  readonly rations: (Account | undefined)[];
}

/** An ISP in the course of a run. */
export interface IspState {
  readonly isp: ResolvedIsp;
  readonly tables: readonly LimitTable[];
  readonly atStage: Readonly<Record<LimitStage, readonly LimitTable[]>>;
  /** Limits that end with the transaction. */
  readonly perTransaction: readonly LimitTable[];
  readonly standings: Readonly<Record<StandingKey, Standings>>;
  /** Those of them that can be changed by conduct. */
  readonly judged: readonly Standings[];
  /** Whether anything depends on who signed a message. */
  readonly readsSignatures: boolean;
  /** Whether a reply names a message by its Message-ID. */
  readonly readsMessageIds: boolean;
  /** By client. */
  readonly warming: Map<string, WarmingUp>;
  readonly greylist: Greylist;
  readonly mailboxes: Mailboxes;
  readonly disturbances: readonly Disturbing[];
  readonly accepts: Readonly<Record<LimitStage, Verdict & { kind: 'accept' }>>;
  /** By reply: the verdict that says it and is about no limit. */
  readonly refusals: readonly Verdict[];
  readonly connections: Map<number, Connection>;
  /** As whom each source is counted, as far as it has connected. */
  readonly clients: Map<number, { readonly client: string; readonly netblock: string }>;
  /** Accounts to be charged by the decision under way. */
  readonly touched: (Account | undefined)[];
  /** What it holds of limits that it shares with other processes of its ISP; undefined: it is the only one. */
  leases: LeaseCounter | undefined;
}

/** Hears what is spent of limits that are shared, and what is refused for want of them (lease-holder.ts). */
export interface LeaseCounter {
  charged(table: LimitTable, key: string | number, account: Account, amount: number, now: Micros): void;
  refused(table: LimitTable, key: string | number, account: Account, amount: number): void;
}

/** The state of an ISP that nobody has talked to. `part`: of one worker, where the ISP has several. */
export function createState(isp: ResolvedIsp, part?: Part): IspState {
  const tables = createTables(isp, part);
  const standings = Object.fromEntries(
    STANDING_KEYS.map((kind): [StandingKey, Standings] => [
      kind,
      {
        kind,
        penalty: isp.penalties.find((p) => p.key === kind),
        reputation: isp.reputation.find((r) => r.key === kind),
        known: new Map(),
        pruneAt: PRUNE_AT,
        witness: undefined,
      },
    ]),
  ) as Record<StandingKey, Standings>;
  const byStage = <T>(make: (stage: LimitStage) => T): Record<LimitStage, T> =>
    Object.fromEntries(LIMIT_STAGES.map((stage) => [stage, make(stage)])) as Record<LimitStage, T>;
  return {
    isp,
    tables,
    atStage: byStage((stage) => tables.filter((t) => t.limit.stage === stage)),
    perTransaction: tables.filter(({ limit }) => limit.key === 'transaction'),
    standings,
    judged: Object.values(standings).filter((s) => s.penalty || s.reputation),
    readsSignatures: [...isp.limits, ...isp.penalties, ...isp.reputation].some(
      ({ key }) => key === 'dkim-domain',
    ),
    readsMessageIds: isp.replies.some(({ lines }) => lines.some((line) => line.includes('{mid}'))),
    warming: new Map(),
    greylist: emptyGreylist(),
    mailboxes: createMailboxes(isp),
    disturbances: createDisturbances(isp),
    accepts: byStage((stage) => ({ kind: 'accept', reply: isp.answers[stage] })),
    refusals: isp.replies.map(({ closes }, reply) => ({
      kind: 'refuse',
      reply,
      close: closes,
      limit: undefined,
    })),
    connections: new Map(),
    clients: new Map(),
    touched: [],
    leases: undefined,
  };
}

/** The key of a connection under a kind of limit; undefined where it has none (yet). */
export function keyOf(
  kind: StandingKey | 'isp' | 'connection' | 'transaction' | 'mailbox',
  connection: Connection,
): string | number | undefined {
  switch (kind) {
    case 'source':
    case 'netblock':
    case 'sender-domain':
    case 'dkim-domain':
      return standingKeyOf(kind, connection);
    case 'isp':
      return 0;
    case 'connection':
    case 'transaction':
      return connection.connection;
    case 'mailbox':
      return connection.recipient;
  }
}

/** The key under which a connection has a standing; undefined where it has none (yet). */
export function standingKeyOf(kind: StandingKey, connection: Connection): string | undefined {
  switch (kind) {
    case 'source':
      return connection.client;
    case 'netblock':
      return connection.netblock;
    case 'sender-domain':
      return connection.transaction === 0 ? undefined : connection.senderDomain;
    case 'dkim-domain':
      return connection.dkimDomain;
  }
}
