/**
 * The record of everything that happened, 32 bytes an event, in the order of arrival at the recorder.
 * Workers pack events with a `Packer` and hand the bytes to the recorder, which appends them to `injections.bin`
 * and `attempts.bin` (record/log-file.ts). Every figure of a report is computed from these two files.
 */
import type { Micros } from '../core/clock.ts';

export const RECORD_BYTES = 32;

/** "No reply", "no source", "no message": the largest value of the field. */
export const NONE16 = 0xffff;
export const NONE32 = 0xffffffff;
export const NO_ISP = 0xff;

/** Kinds of record. Append only: the numbers are in files. */
export const Kind = {
  injection: 1,
  attempt: 2,
  transaction: 3,
  connectionOpened: 4,
  connectionClosed: 5,
  dsn: 6,
  sample: 7,
  pending: 8,
  mark: 9,
  probe: 10,
  injectorConnection: 11,
  replyLost: 12,
  feedback: 13,
  news: 14,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** SMTP stages at which an ISP answers. */
export const STAGES = ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'dot', 'idle'] as const;
export type Stage = (typeof STAGES)[number];

/** How a recipient attempt ended. `none`: the connection went away before an answer. */
export const ATTEMPT_OUTCOMES = [
  'accepted',
  'throttled',
  'deferred',
  'rejected',
  'dropped',
  'abandoned',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** How a transaction ended (DESIGN "Words"): exactly one of these. */
export const TRANSACTION_OUTCOMES = [
  'accepted',
  'throttled',
  'deferred',
  'rejected',
  'dropped',
  'abandoned',
  'partial',
  'recycled',
] as const;
export type TransactionOutcome = (typeof TRANSACTION_OUTCOMES)[number];

/**
 * How an injection ended. `dropped`: it was due and never begun, since no connection was free in time. `deferred`: it
 * was refused for now, and another record says how a later try ended. Append only.
 */
export const INJECTION_STATES = ['confirmed', 'unconfirmed', 'refused', 'dropped', 'deferred'] as const;
export type InjectionState = (typeof INJECTION_STATES)[number];

/**
 * What happened to a connection of the driver. `opened`: it is ready for mail. `refused`: the server said no before
 * that. `failed`: it never got so far as to be answered. `lost`: the server ended one that was ready.
 */
export const CONNECTION_EVENTS = ['opened', 'refused', 'failed', 'lost'] as const;
export type ConnectionEvent = (typeof CONNECTION_EVENTS)[number];

/** Actions of a DSN (RFC 3464 section 2.3.3). */
export const DSN_ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;
export type DsnAction = (typeof DSN_ACTIONS)[number];

/**
 * What an ISP and its users do about a message that was accepted. `complaint`: a recipient calls it spam; `withdrawal`: and
 * takes it back; `bounce`: it could not be delivered after all; `auto-reply`: out of office (RFC 3834); `challenge`: prove that
 * you are human; `malformed`: a report that is none; `unsubscribe`: one click (RFC 8058) or a mail; `trap`: the address belongs
 * to nobody (nothing is sent). Append only.
 */
export const FEEDBACK_KINDS = [
  'complaint',
  'withdrawal',
  'bounce',
  'auto-reply',
  'challenge',
  'malformed',
  'unsubscribe',
  'trap',
] as const;
export type FeedbackKind = (typeof FEEDBACK_KINDS)[number];

/**
 * How far it is. `due`: it will be sent, known and recorded when the message is accepted (a trap: it was hit); `happened`: the recipient did it, whether it is reported or not;
 * `sent`: the other side confirmed it, the MTA or the mailroom; `failed`: it was refused for good, or given up; `received`: the
 * mailroom has read it. Append only.
 */
export const FEEDBACK_STATES = ['due', 'happened', 'sent', 'failed', 'received'] as const;
export type FeedbackState = (typeof FEEDBACK_STATES)[number];

/**
 * News about a recipient that a sender has to act on. `bounce`: an ISP refused it for good, or told so later; `complaint`,
 * `unsubscribe`: the recipient wants no more mail; `withdrawal`: the complaint was a mistake. Append only.
 */
export const NEWS = ['bounce', 'complaint', 'unsubscribe', 'withdrawal'] as const;
export type News = (typeof NEWS)[number];

/**
 * What the MTA's queue lists at the end of the run: the recipient, or a report about its message (a DSN that did not
 * get out). Append only.
 */
export const QUEUED = ['recipient', 'report'] as const;
export type Queued = (typeof QUEUED)[number];

/** A sample of credit is about the time before it, so long or back to the load's begin. */
export const CREDIT_MICROS: Micros = 10e6;

/** Values sampled over time. Those of a single source are recorded when they change. Append only. */
export const SAMPLES = [
  'allowance', // messages a second that an ISP would take now, per source or (source = none) over all
  'queue_depth', // recipients or messages in the MTA's queue
  'loop_delay', // event-loop delay of a worker, microseconds (slot: worker)
  'cpu', // CPU share of a worker, 0 to 1 a core (slot: worker)
  'late', // injections begun later than 10 ms after they were due, so far
  'connections_open', // SMTP connections open at an ISP, per source
  'allowance_unpunished', // the same as `allowance`, as if no penalty was earned and no reputation lost
  'injection_connections', // SMTP connections that a worker of the driver holds open (slot: worker)
  'resident', // resident memory of a worker, bytes (slot: worker)
  'loop_use', // share of the time in which a worker's event loop had work, 0 to 1 (slot: worker)
  'credit', // messages that a greedy sender could have had accepted before, per source or over all
  'reputation', // what an ISP thinks of a source, or (source = none) of a sender's domain (slot: its place in the plan)
] as const;
export type SampleName = (typeof SAMPLES)[number];

/** Moments of the run. Append only. */
export const MARKS = [
  'load_started',
  'load_ended',
  'drained',
  'drain_timeout',
  'interrupted',
  'mta_died',
  'queue_listed', // the pending records name all that was left in the MTA's queue
  'ended',
  'aborted', // a threshold with abortOnFail failed
  'fault_began', // a fault of the MTA (slot: its place in the scenario)
  'fault_ended', // it is over: an MTA that was killed takes mail again (slot)
  'mta_starting', // a killed MTA is started again; what it delivers from here on is of its new life (slot)
] as const;
export type MarkName = (typeof MARKS)[number];

/** Packs events into 32-byte records. Grows as needed; `take` hands the bytes out and starts anew. */
export class Packer {
  #capacity: number;
  #count = 0;
  #buffer: ArrayBuffer;
  #f64: Float64Array;
  #u32: Uint32Array;
  #u16: Uint16Array;
  #u8: Uint8Array;

  constructor(capacity = 1024) {
    this.#capacity = capacity;
    this.#buffer = new ArrayBuffer(capacity * RECORD_BYTES);
    this.#f64 = new Float64Array(this.#buffer);
    this.#u32 = new Uint32Array(this.#buffer);
    this.#u16 = new Uint16Array(this.#buffer);
    this.#u8 = new Uint8Array(this.#buffer);
  }

  /** Records since the last `take`. */
  get count(): number {
    return this.#count;
  }

  /** The packed records, or undefined if there are none. The bytes belong to the caller. */
  take(): Uint8Array | undefined {
    if (this.#count === 0) return undefined;
    const bytes = this.#u8.slice(0, this.#count * RECORD_BYTES);
    this.#count = 0;
    return bytes;
  }

  /**
   * One injection.
   * @param due the moment that the schedule named, microseconds since the epoch
   * @param sentAfter microseconds from due to the first byte; `doneAfter` to the MTA's reply to the dot
   * @param code the MTA's last reply code, 0 if none was read
   */
  injection(e: {
    due: Micros;
    sentAfter: number;
    doneAfter: number;
    message: number;
    connection: number;
    code: number;
    recipients: number;
    state: InjectionState;
    /** The one recipient that the MTA refused, in a record of its own after the message's. */
    refusedSlot?: number;
  }): void {
    const i = this.#next(Kind.injection);
    this.#f64[i * 4] = e.due;
    this.#u32[i * 8 + 2] = e.message;
    this.#u32[i * 8 + 3] = clamp32(e.sentAfter);
    this.#u32[i * 8 + 4] = clamp32(e.doneAfter);
    this.#u16[i * 16 + 10] = e.recipients;
    this.#u16[i * 16 + 11] = e.connection & 0xffff;
    this.#u16[i * 16 + 12] = e.code;
    this.#u8[i * 32 + 29] = INJECTION_STATES.indexOf(e.state);
    this.#u16[i * 16 + 15] = e.refusedSlot === undefined ? 0 : e.refusedSlot + 1;
  }

  /** A NOOP of a load that sends no mail: times as for an injection; `code` 0: it was not answered. */
  probe(e: { due: Micros; sentAfter: number; doneAfter: number; load: number; code: number }): void {
    const i = this.#next(Kind.probe);
    this.#f64[i * 4] = e.due;
    this.#u32[i * 8 + 3] = clamp32(e.sentAfter);
    this.#u32[i * 8 + 4] = clamp32(e.doneAfter);
    this.#u16[i * 16 + 10] = e.load;
    this.#u16[i * 16 + 12] = e.code;
  }

  /**
   * What happened to a connection of the driver.
   * @param after microseconds since it was begun
   * @param code the server's reply, 0 if there was none
   */
  injectorConnection(e: {
    at: Micros;
    after: number;
    load: number;
    code: number;
    event: ConnectionEvent;
  }): void {
    const i = this.#next(Kind.injectorConnection);
    this.#f64[i * 4] = e.at;
    this.#u32[i * 8 + 4] = clamp32(e.after);
    this.#u16[i * 16 + 10] = e.load;
    this.#u16[i * 16 + 12] = e.code;
    this.#u8[i * 32 + 29] = CONNECTION_EVENTS.indexOf(e.event);
  }

  /**
   * The end of one recipient attempt. `slot` NONE16: every recipient of the message at this ISP (a refusal at
   * MAIL names none). `mismatched`: envelope and header named different messages.
   */
  attempt(e: {
    at: Micros;
    isp: number;
    source: number;
    message: number;
    slot: number;
    connection: number;
    reply: number;
    stage: Stage;
    outcome: AttemptOutcome;
    mismatched?: boolean;
  }): void {
    const i = this.#event(Kind.attempt, e);
    this.#u32[i * 8 + 2] = e.message;
    this.#u32[i * 8 + 3] = e.connection;
    this.#u16[i * 16 + 10] = e.slot;
    this.#u16[i * 16 + 12] = e.reply;
    this.#u8[i * 32 + 28] = STAGES.indexOf(e.stage);
    this.#u8[i * 32 + 29] = ATTEMPT_OUTCOMES.indexOf(e.outcome);
    this.#u16[i * 16 + 15] = e.mismatched ? 1 : 0;
  }

  /**
   * The client can't have read that its message was accepted for a recipient: the reply never left, or the client had
   * gone before. Comes after the attempt, and has its moment and connection.
   */
  replyLost(e: {
    at: Micros;
    isp: number;
    source: number;
    message: number;
    slot: number;
    connection: number;
  }): void {
    const i = this.#event(Kind.replyLost, e);
    this.#u32[i * 8 + 2] = e.message;
    this.#u32[i * 8 + 3] = e.connection;
    this.#u16[i * 16 + 10] = e.slot;
  }

  /** The end of one transaction. `bytes`: size of the message as received, 0 if none was. */
  transaction(e: {
    at: Micros;
    isp: number;
    source: number;
    message: number;
    connection: number;
    reply: number;
    stage: Stage;
    outcome: TransactionOutcome;
    recipients: number;
    bytes: number;
  }): void {
    const i = this.#event(Kind.transaction, e);
    this.#u32[i * 8 + 2] = e.message;
    this.#u32[i * 8 + 3] = e.connection;
    this.#u32[i * 8 + 4] = clamp32(e.bytes);
    this.#u16[i * 16 + 10] = e.recipients;
    this.#u16[i * 16 + 12] = e.reply;
    this.#u8[i * 32 + 28] = STAGES.indexOf(e.stage);
    this.#u8[i * 32 + 29] = TRANSACTION_OUTCOMES.indexOf(e.outcome);
  }

  /** A connection that the ISP took, or refused with `reply` at once. */
  connectionOpened(e: { at: Micros; isp: number; source: number; connection: number; reply: number }): void {
    const i = this.#event(Kind.connectionOpened, e);
    this.#u32[i * 8 + 3] = e.connection;
    this.#u16[i * 16 + 12] = e.reply;
  }

  /** The end of a connection, with the transactions begun on it. */
  connectionClosed(e: {
    at: Micros;
    isp: number;
    source: number;
    connection: number;
    transactions: number;
    reply: number;
  }): void {
    const i = this.#event(Kind.connectionClosed, e);
    this.#u32[i * 8 + 3] = e.connection;
    this.#u32[i * 8 + 4] = e.transactions;
    this.#u16[i * 16 + 12] = e.reply;
  }

  /** One recipient's block of a delivery status notification that the mailroom received. */
  dsn(e: { at: Micros; message: number; slot: number; action: DsnAction }): void {
    const i = this.#event(Kind.dsn, { at: e.at, isp: NO_ISP, source: NONE16 });
    this.#u32[i * 8 + 2] = e.message;
    this.#u16[i * 16 + 10] = e.slot;
    this.#u8[i * 32 + 29] = DSN_ACTIONS.indexOf(e.action);
  }

  /**
   * A step of what comes back about a recipient. `source`: of the message; NONE16 in the mailroom, which can't know.
   * `message` NONE32: it names none of the run's.
   * @param tries how often it was tried to send it, of `sent` and `failed`
   */
  feedback(e: {
    at: Micros;
    isp: number;
    source: number;
    message: number;
    slot: number;
    kind: FeedbackKind;
    state: FeedbackState;
    tries?: number;
  }): void {
    const i = this.#event(Kind.feedback, e);
    this.#u32[i * 8 + 2] = e.message;
    this.#u32[i * 8 + 3] = e.tries ?? 0;
    this.#u16[i * 16 + 10] = e.slot;
    this.#u8[i * 32 + 28] = FEEDBACK_KINDS.indexOf(e.kind);
    this.#u8[i * 32 + 29] = FEEDBACK_STATES.indexOf(e.state);
  }

  /**
   * News about a recipient, at the moment from which on a sender that listens knows it.
   * @param first number of the first message that is sent to it for this news; `count`: how many there are, 0 if none
   */
  news(e: {
    at: Micros;
    isp: number;
    message: number;
    slot: number;
    news: News;
    first: number;
    count: number;
  }): void {
    const i = this.#event(Kind.news, { at: e.at, isp: e.isp, source: NONE16 });
    this.#u32[i * 8 + 2] = e.message;
    this.#u32[i * 8 + 3] = e.first;
    this.#u32[i * 8 + 4] = e.count;
    this.#u16[i * 16 + 10] = e.slot;
    this.#u8[i * 32 + 29] = NEWS.indexOf(e.news);
  }

  /**
   * A recipient that the MTA's own queue still lists at the end of the run, or of whose message it lists a report.
   * `slot` NONE16: every recipient of the message (a report in a queue does not say about whom it is).
   */
  pending(e: { at: Micros; message: number; slot: number; queued?: Queued }): void {
    const i = this.#event(Kind.pending, { at: e.at, isp: NO_ISP, source: NONE16 });
    this.#u32[i * 8 + 2] = e.message;
    this.#u16[i * 16 + 10] = e.slot;
    this.#u8[i * 32 + 29] = QUEUED.indexOf(e.queued ?? 'recipient');
  }

  /** A value at a moment. `worker` names who measured it, where it is about a worker. */
  sample(e: {
    at: Micros;
    name: SampleName;
    value: number;
    isp?: number;
    source?: number;
    worker?: number;
  }): void {
    const i = this.#event(Kind.sample, { at: e.at, isp: e.isp ?? NO_ISP, source: e.source ?? NONE16 });
    this.#f64[i * 4 + 1] = e.value;
    this.#u16[i * 16 + 10] = e.worker ?? NONE16;
    this.#u8[i * 32 + 29] = SAMPLES.indexOf(e.name);
  }

  /** A moment of the run. `fault`: the place of the fault that it is about. */
  mark(e: { at: Micros; name: MarkName; fault?: number }): void {
    const i = this.#event(Kind.mark, { at: e.at, isp: NO_ISP, source: NONE16 });
    this.#u16[i * 16 + 10] = e.fault ?? NONE16;
    this.#u8[i * 32 + 29] = MARKS.indexOf(e.name);
  }

  #event(kind: Kind, e: { at: Micros; isp: number; source: number }): number {
    const i = this.#next(kind);
    this.#f64[i * 4] = e.at;
    this.#u16[i * 16 + 11] = e.source;
    this.#u8[i * 32 + 27] = e.isp;
    return i;
  }

  #next(kind: Kind): number {
    if (this.#count === this.#capacity) this.#grow();
    const i = this.#count++;
    this.#u32.fill(0, i * 8, i * 8 + 8);
    this.#u8[i * 32 + 26] = kind;
    return i;
  }

  #grow(): void {
    this.#capacity *= 2;
    const larger = new Uint8Array(this.#capacity * RECORD_BYTES);
    larger.set(this.#u8);
    this.#u8 = larger;
    this.#buffer = larger.buffer;
    this.#f64 = new Float64Array(this.#buffer);
    this.#u32 = new Uint32Array(this.#buffer);
    this.#u16 = new Uint16Array(this.#buffer);
  }
}

/**
 * Reads packed records in place. Move `index`, then ask for fields; nothing is allocated for a record.
 * Fields mean what the Packer's method of that kind says.
 */
export class RecordView {
  readonly count: number;
  index = 0;
  readonly #f64: Float64Array;
  readonly #u32: Uint32Array;
  readonly #u16: Uint16Array;
  readonly #u8: Uint8Array;

  constructor(bytes: Uint8Array) {
    // Typed arrays need alignment; bytes that came through a file or a channel may lie anywhere.
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    this.count = Math.floor(aligned.byteLength / RECORD_BYTES);
    this.#u8 = aligned;
    this.#f64 = new Float64Array(aligned.buffer, aligned.byteOffset, this.count * 4);
    this.#u32 = new Uint32Array(aligned.buffer, aligned.byteOffset, this.count * 8);
    this.#u16 = new Uint16Array(aligned.buffer, aligned.byteOffset, this.count * 16);
  }

  get kind(): Kind {
    return this.#u8[this.index * 32 + 26] as Kind;
  }
  get at(): Micros {
    return this.#f64[this.index * 4] as number;
  }
  get value(): number {
    return this.#f64[this.index * 4 + 1] as number;
  }
  get message(): number {
    return this.#u32[this.index * 8 + 2] as number;
  }
  get connection(): number {
    return this.#u32[this.index * 8 + 3] as number;
  }
  /** Injections and probes: microseconds from due to the first byte. */
  get sentAfter(): number {
    return this.#u32[this.index * 8 + 3] as number;
  }
  /** Injections and probes: microseconds from due to the reply; connections of the driver: since it was begun. */
  get doneAfter(): number {
    return this.#u32[this.index * 8 + 4] as number;
  }
  get bytes(): number {
    return this.#u32[this.index * 8 + 4] as number;
  }
  get transactions(): number {
    return this.#u32[this.index * 8 + 4] as number;
  }
  /** News: the number of the first message that is sent for it, and how many there are. */
  get firstFollowUp(): number {
    return this.#u32[this.index * 8 + 3] as number;
  }
  get followUps(): number {
    return this.#u32[this.index * 8 + 4] as number;
  }
  get slot(): number {
    return this.#u16[this.index * 16 + 10] as number;
  }
  get recipients(): number {
    return this.#u16[this.index * 16 + 10] as number;
  }
  /** Probes and connections of the driver: the load that they belong to. */
  get load(): number {
    return this.#u16[this.index * 16 + 10] as number;
  }
  get worker(): number {
    return this.#u16[this.index * 16 + 10] as number;
  }
  /** Marks about a fault of the MTA: its place in the scenario. */
  get fault(): number {
    return this.#u16[this.index * 16 + 10] as number;
  }
  get source(): number {
    return this.#u16[this.index * 16 + 11] as number;
  }
  get reply(): number {
    return this.#u16[this.index * 16 + 12] as number;
  }
  get code(): number {
    return this.#u16[this.index * 16 + 12] as number;
  }
  get isp(): number {
    return this.#u8[this.index * 32 + 27] as number;
  }
  get stage(): Stage {
    return STAGES[this.#u8[this.index * 32 + 28] as number] as Stage;
  }
  /** Feedback: how often it was tried to hand it over, of `sent` and `failed`. */
  get tries(): number {
    return this.#u32[this.index * 8 + 3] as number;
  }
  /** The ordinal of a kind of feedback. */
  get feedbackKind(): number {
    return this.#u8[this.index * 32 + 28] as number;
  }
  /** The ordinal of outcome, state, action, sample or mark; look it up in the list of that kind. */
  get outcome(): number {
    return this.#u8[this.index * 32 + 29] as number;
  }
  /** Injections: the recipient that this record is about, undefined where it is the whole message. */
  get refusedSlot(): number | undefined {
    const field = this.#u16[this.index * 16 + 15] as number;
    return field === 0 ? undefined : field - 1;
  }
  get mismatched(): boolean {
    return this.#u16[this.index * 16 + 15] === 1;
  }
}

function clamp32(value: number): number {
  return Math.max(0, Math.min(NONE32 - 1, Math.round(value)));
}
