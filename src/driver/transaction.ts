import type { Micros } from '../core/clock.ts';
import type { InjectionState } from '../record/attempt-log.ts';
import type { Message, Original } from './message.ts';
import { isPositive } from './reply-reader.ts';

/** One message to be sent. */
export interface Job {
  readonly message: number;
  /** When the schedule wanted it sent. */
  readonly due: Micros;
  /** It belongs to no load, and goes to this recipient of one. */
  readonly original?: Original;
}

/** A recipient that the server refused; `slot` is its place among the message's recipients. */
export interface RefusedSlot {
  readonly slot: number;
  readonly code: number;
}

/** How a job ended. */
export interface JobResult {
  readonly state: InjectionState;
  /** The reply that decided it; 0 if none was read. */
  readonly code: number;
  readonly sentAt: Micros;
  readonly doneAt: Micros;
  /** The recipients that were refused one by one, whether or not the message was taken for others. */
  readonly refusedSlots: readonly RefusedSlot[];
  readonly recipients: number;
}

/**
 * Whether a message that was refused may be taken at a later time: the reply was 4xx (RFC 5321 section 4.2.1), for one
 * recipient at least, or the connection ended before the message could be handed over.
 */
export function isTemporary({ state, code, refusedSlots }: JobResult): boolean {
  if (state !== 'refused') return false;
  return code < 500 || refusedSlots.some((refused) => refused.code < 500);
}

const NONE: readonly RefusedSlot[] = [];

/** A message on its way, and what its server has said to each of its commands. */
export class Transaction {
  readonly job: Job;
  readonly message: Message;
  readonly sentAt: Micros;
  /** The message itself is sent: from here on, without a reply, nobody knows whether it was taken. */
  contentSent = false;
  #answered = 0;
  #accepted = 0;
  #mailRefusal = 0;
  #dataRefusal = 0;
  #refusedSlots: RefusedSlot[] | undefined;

  constructor(job: Job, message: Message, sentAt: Micros) {
    this.job = job;
    this.message = message;
    this.sentAt = sentAt;
  }

  /** Recipients that have had their reply. */
  get answered(): number {
    return this.#answered;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get mailRefused(): boolean {
    return this.#mailRefusal !== 0;
  }

  mailAnswered(code: number): void {
    if (!isPositive(code)) this.#mailRefusal = code;
  }

  recipientAnswered(code: number): void {
    const slot = this.#answered++;
    if (isPositive(code)) this.#accepted++;
    // Behind a refused MAIL, a pipelined RCPT is out of order and its reply says nothing of the recipient.
    else if (this.#mailRefusal === 0) {
      this.#refusedSlots ??= [];
      this.#refusedSlots.push({ slot, code });
    }
  }

  dataRefused(code: number): void {
    this.#dataRefusal = code;
  }

  /**
   * The result, if the last reply was `code`: to the end of the data, or one that ended the connection (0: it ended
   * without). Where a command was refused before, that one's reply counts.
   */
  ended(code: number, doneAt: Micros): JobResult {
    return {
      state: this.#state(code),
      code: this.#refusal() || code,
      sentAt: this.sentAt,
      doneAt,
      refusedSlots: this.#refusedSlots ?? NONE,
      recipients: this.message.recipients.length,
    };
  }

  #state(code: number): InjectionState {
    if (!this.contentSent) return 'refused';
    if (code === 0) return 'unconfirmed';
    return isPositive(code) ? 'confirmed' : 'refused';
  }

  /** The reply that decided against the message before its content; 0 if none has. */
  #refusal(): number {
    if (this.contentSent) return 0;
    if (this.#mailRefusal !== 0) return this.#mailRefusal;
    if (this.#accepted > 0) return this.#dataRefusal;
    if (this.#answered < this.message.recipients.length) return 0;
    return this.#refusedSlots?.[0]?.code ?? 0;
  }
}
