/**
 * What became of each recipient: a few typed arrays, 26 bytes a recipient. It is an index over the record files and
 * can be rebuilt from them at any time. Recipients are numbered message × recipients-per-message + slot.
 */
import type { Micros } from '../core/clock.ts';
import { ATTEMPT_OUTCOMES, DSN_ACTIONS, INJECTION_STATES, NONE16, type RecordView } from './attempt-log.ts';

/** Injection of the recipient's message; `none`: no record of it (yet). */
export const INJECTION_NONE = 0xff;

/** The class of the last answer that a recipient had. */
export type LastAnswer = 'none' | 'accepted' | '4xx' | '5xx' | 'no-reply';

const ACCEPTED = ATTEMPT_OUTCOMES.indexOf('accepted');
const REJECTED = ATTEMPT_OUTCOMES.indexOf('rejected');
const THROTTLED = ATTEMPT_OUTCOMES.indexOf('throttled');
const DEFERRED = ATTEMPT_OUTCOMES.indexOf('deferred');
const FAILED = DSN_ACTIONS.indexOf('failed');
const CONFIRMED = INJECTION_STATES.indexOf('confirmed');
const REFUSED = INJECTION_STATES.indexOf('refused');

const FLAG_DSN_FAILED = 1;
const FLAG_DSN_OTHER = 2;
const FLAG_PENDING = 4;

/** The state of every recipient of a run. */
export class Ledger {
  readonly messages: number;
  readonly recipientsPerMessage: number;
  readonly size: number;
  /** Records that name a message or slot that was never planned. */
  strangers = 0;

  readonly #ispOf: (message: number, slot: number) => number;
  readonly #due: Float64Array;
  readonly #acceptedAt: Float64Array;
  readonly #attempts: Uint16Array;
  readonly #acceptedFrom: Uint16Array;
  readonly #lastReply: Uint16Array;
  readonly #accepted: Uint8Array;
  readonly #injection: Uint8Array;
  readonly #last: Uint8Array;
  readonly #flags: Uint8Array;

  /**
   * @param ispOf the ISP of a recipient, for refusals at MAIL, which name a message but no recipient
   */
  constructor(
    messages: number,
    recipientsPerMessage: number,
    ispOf: (message: number, slot: number) => number,
  ) {
    this.messages = messages;
    this.recipientsPerMessage = recipientsPerMessage;
    this.size = messages * recipientsPerMessage;
    this.#ispOf = ispOf;
    this.#due = new Float64Array(this.size);
    this.#acceptedAt = new Float64Array(this.size);
    this.#attempts = new Uint16Array(this.size);
    this.#acceptedFrom = new Uint16Array(this.size).fill(NONE16);
    this.#lastReply = new Uint16Array(this.size).fill(NONE16);
    this.#accepted = new Uint8Array(this.size);
    this.#injection = new Uint8Array(this.size).fill(INJECTION_NONE);
    this.#last = new Uint8Array(this.size).fill(0xff);
    this.#flags = new Uint8Array(this.size);
  }

  /** Takes in one injection. */
  addInjection(view: RecordView): void {
    const { message } = view;
    if (message >= this.messages) {
      this.strangers++;
      return;
    }
    const first = message * this.recipientsPerMessage;
    // A refusal of one recipient comes after its message's own record.
    const refusedSlot = view.refusedSlot;
    if (refusedSlot !== undefined) {
      if (refusedSlot < this.recipientsPerMessage) this.#injection[first + refusedSlot] = REFUSED;
      return;
    }
    for (let r = first; r < first + this.recipientsPerMessage; r++) {
      this.#due[r] = view.at;
      this.#injection[r] = view.outcome;
    }
  }

  /** Takes in one recipient attempt. */
  addAttempt(view: RecordView): void {
    this.#each(view.message, view.slot, view.isp, (r) => {
      this.#attempts[r] = Math.min((this.#attempts[r] as number) + 1, 0xffff);
      this.#last[r] = view.outcome;
      this.#lastReply[r] = view.reply;
      if (view.outcome !== ACCEPTED) return;
      const before = this.#accepted[r] as number;
      if (before < 0xff) this.#accepted[r] = before + 1;
      // Workers report in batches, so a later delivery may be told first.
      if (before === 0 || view.at < (this.#acceptedAt[r] as number)) {
        this.#acceptedAt[r] = view.at;
        this.#acceptedFrom[r] = view.source;
      }
    });
  }

  /** Takes in one recipient's block of a DSN. */
  addDsn(view: RecordView): void {
    const flag = view.outcome === FAILED ? FLAG_DSN_FAILED : FLAG_DSN_OTHER;
    this.#each(view.message, view.slot, undefined, (r) => {
      this.#flags[r] = (this.#flags[r] as number) | flag;
    });
  }

  /** Takes in one recipient that the MTA's queue lists at the end. */
  addPending(view: RecordView): void {
    this.#each(view.message, view.slot, undefined, (r) => {
      this.#flags[r] = (this.#flags[r] as number) | FLAG_PENDING;
    });
  }

  isp(recipient: number): number {
    const slot = recipient % this.recipientsPerMessage;
    return this.#ispOf((recipient - slot) / this.recipientsPerMessage, slot);
  }
  /** The state of the recipient's injection, or undefined if there is no record of one. */
  injection(recipient: number): (typeof INJECTION_STATES)[number] | undefined {
    return INJECTION_STATES[this.#injection[recipient] as number];
  }
  isConfirmed(recipient: number): boolean {
    return this.#injection[recipient] === CONFIRMED;
  }
  /** The moment that the schedule named for the recipient's message. */
  due(recipient: number): Micros {
    return this.#due[recipient] as number;
  }
  attempts(recipient: number): number {
    return this.#attempts[recipient] as number;
  }
  /** How often an ISP accepted mail for this recipient's slot: more than once is a duplicate. */
  accepted(recipient: number): number {
    return this.#accepted[recipient] as number;
  }
  /** The first acceptance; meaningful where `accepted` is not 0. */
  acceptedAt(recipient: number): Micros {
    return this.#acceptedAt[recipient] as number;
  }
  /** The source of the first acceptance. */
  acceptedFrom(recipient: number): number {
    return this.#acceptedFrom[recipient] as number;
  }
  /** The reply of the last attempt, NONE16 if there was none. */
  lastReply(recipient: number): number {
    return this.#lastReply[recipient] as number;
  }
  lastAnswer(recipient: number): LastAnswer {
    switch (this.#last[recipient]) {
      case ACCEPTED:
        return 'accepted';
      case REJECTED:
        return '5xx';
      case THROTTLED:
      case DEFERRED:
        return '4xx';
      case 0xff:
        return 'none';
      default:
        return 'no-reply';
    }
  }
  hasFailedDsn(recipient: number): boolean {
    return ((this.#flags[recipient] as number) & FLAG_DSN_FAILED) !== 0;
  }
  isPending(recipient: number): boolean {
    return ((this.#flags[recipient] as number) & FLAG_PENDING) !== 0;
  }

  #each(message: number, slot: number, isp: number | undefined, act: (recipient: number) => void): void {
    if (message >= this.messages || (slot !== NONE16 && slot >= this.recipientsPerMessage)) {
      this.strangers++;
      return;
    }
    const first = message * this.recipientsPerMessage;
    if (slot !== NONE16) {
      act(first + slot);
      return;
    }
    for (let r = first; r < first + this.recipientsPerMessage; r++) {
      if (isp === undefined || this.#ispOf(message, r - first) === isp) act(r);
    }
  }
}
