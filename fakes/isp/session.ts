/**
 * The seam between the SMTP engines and the ISP: an engine speaks the protocol and calls these hooks, a session holds
 * what a connection has said, asks the policy, finds the words and tells the observer what became of everything.
 *
 * Every transaction (a MAIL command that was read) ends in exactly one outcome. Every recipient named in it gets
 * exactly one attempt; one that the ISP ended before any recipient was named gets one attempt that names none.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { Prng } from '../../src/core/prng.ts';
import type { AttemptOutcome, Stage, TransactionOutcome } from '../../src/record/attempt-log.ts';
import type { AcceptedMessage } from '../feedback/accepted.ts';
import type { Authenticator } from './authenticator.ts';
import type { ProtocolError } from './protocol.ts';
import type { Rendered, Renderer } from './render.ts';
import type { ResolvedIsp } from './resolve.ts';
import type { IspState } from './state.ts';

/** What an engine asks. Each answer is written as it is; if it says so, the connection is closed afterwards. */
export interface Session {
  onConnect(): Rendered;
  onHelo(verb: 'HELO' | 'EHLO', name: string): Rendered;
  /** Only an engine that can do it asks. After a reply of 220 it shakes hands and calls `onSecured`. */
  onStartTls(): Rendered;
  /** The connection is encrypted; what was said before is forgotten (RFC 3207 section 4.2). */
  onSecured(): void;
  /** `size`: what the client declares (RFC 1870). */
  onMail(sender: string, size?: number): Rendered;
  onRcpt(recipient: string): Rendered;
  /** DATA, or the first BDAT. Code 354: the message may come. */
  onData(): Rendered;
  /** Bytes of the message's beginning to hand to `onDot`; asked after `onData`. More than its head costs memory. */
  readonly wantsContent: number;
  /** A chunk that is not the last is in (RFC 3030). */
  onChunk(bytes: number): Rendered;
  /** The message is in. The answer comes later only if the message is authenticated. */
  onDot(message: IncomingMessage): Rendered | Promise<Rendered>;
  /** VRFY, HELP: a reply, if the ISP has one. */
  onCourtesy(command: 'vrfy' | 'help'): Rendered;
  /** A command that can't be carried out. `argument`: what it was about. */
  onError(error: ProtocolError, argument?: string): Rendered;
  /** RSET, and NOOP with `keep`. */
  onReset(keep?: boolean): Rendered;
  onQuit(): Rendered;
  /** The connection is gone. `byIsp`: the ISP went away, not the client. May be called more than once. */
  onClose(byIsp?: boolean): void;
}

/** A message that was received whole. */
export interface IncomingMessage {
  /** Its size without dot-stuffing. */
  readonly bytes: number;
  /** Its beginning, as much as the session wanted. It may be overwritten when `onDot` has returned. */
  readonly head: Buffer;
  /** Whether a line of it was longer than the ISP allows. */
  readonly longText?: boolean;
}

/** How much of a message is kept to read its header. */
export const HEAD_BYTES = 8192;

/** Whom sessions report to. `reply`: index in the ISP's replies. Times are those of the sink's clock. */
export interface IspObserver {
  /** A connection was taken, or refused with `reply` at once. */
  connectionOpened(e: { at: Micros; source: number; connection: number; reply: number | undefined }): void;
  /** A connection ended. `reply`: the one that the ISP closed it with; undefined: the client left, or no word was said. */
  connectionClosed(e: {
    at: Micros;
    source: number;
    connection: number;
    transactions: number;
    reply: number | undefined;
  }): void;
  /** The end of the attempt to deliver to one recipient. `recipient` undefined: refused at MAIL, none was named. */
  attempt(e: {
    at: Micros;
    source: number;
    connection: number;
    sender: string;
    recipient: string | undefined;
    /** The message's number as its header says it; undefined where no header was read. */
    headerMessage: string | undefined;
    stage: Stage;
    outcome: AttemptOutcome;
    reply: number | undefined;
  }): void;
  /**
   * The client can't have read that a message was accepted for this recipient. Told after the attempt, with its moment;
   * perhaps after the end of the connection.
   */
  replyLost(e: {
    at: Micros;
    source: number;
    connection: number;
    sender: string;
    recipient: string;
    headerMessage: string | undefined;
  }): void;
  /** The end of a transaction. `recipients`: how many different ones were named. */
  transaction(e: {
    at: Micros;
    source: number;
    connection: number;
    sender: string;
    stage: Stage;
    outcome: TransactionOutcome;
    recipients: number;
    bytes: number;
    reply: number | undefined;
  }): void;
}

/** What all sessions of an ISP share. */
export interface SessionWorld {
  readonly isp: ResolvedIsp;
  readonly state: IspState;
  readonly clock: { now(): Micros };
  readonly prng: Prng;
  readonly observer: IspObserver;
  readonly render: Renderer;
  /** Looks at who sends; undefined: nobody does. */
  readonly authenticator?: Authenticator | undefined;
  /** Sees to what comes of an accepted message; undefined: nothing does. */
  readonly onAccepted?: ((message: AcceptedMessage) => void) | undefined;
  /** Sessions that are open now. */
  readonly open: Set<Session>;
}

/** Who is connected. */
export interface Peer {
  /** Number of the connection, new for each. */
  readonly connection: number;
  readonly address: string;
  /** Its address in the simulated world, where that is another. */
  readonly simulatedAddress?: string | undefined;
  readonly source: number;
  /** As whom and in which network it is counted (networks.ts). */
  readonly client: string;
  readonly netblock: string;
}
