/**
 * What became of each recipient: 30 bytes a recipient, in pages of typed arrays that are made when they are first
 * needed. It is an index over the record files and can be rebuilt from them at any time.
 */
import type { Micros } from '../core/clock.ts';
import { ATTEMPT_OUTCOMES, DSN_ACTIONS, INJECTION_STATES, NONE16, type RecordView } from './attempt-log.ts';
import { type LoadModel, loadOfMessage } from './run-model.ts';

/** Injection of the recipient's message; `none`: no record of it (yet). */
const INJECTION_NONE = 0xff;

/** The class of the last answer that a recipient had. */
export type LastAnswer = 'none' | 'accepted' | '4xx' | '5xx' | 'no-reply';

const ACCEPTED = ATTEMPT_OUTCOMES.indexOf('accepted');
const REJECTED = ATTEMPT_OUTCOMES.indexOf('rejected');
const THROTTLED = ATTEMPT_OUTCOMES.indexOf('throttled');
const ATTEMPT_DEFERRED = ATTEMPT_OUTCOMES.indexOf('deferred');
const FAILED = DSN_ACTIONS.indexOf('failed');
const CONFIRMED = INJECTION_STATES.indexOf('confirmed');
const REFUSED = INJECTION_STATES.indexOf('refused');
const DEFERRED = INJECTION_STATES.indexOf('deferred');

const FLAG_DSN_FAILED = 1;
const FLAG_DSN_OTHER = 2;
const FLAG_PENDING = 4;
/** A record names the recipient, so it is one of the run. */
const FLAG_KNOWN = 8;

const PAGE_BITS = 14;
const PAGE_SIZE = 1 << PAGE_BITS;
const IN_PAGE = PAGE_SIZE - 1;

/** The state of PAGE_SIZE recipients whose numbers follow each other. */
class Page {
  readonly due = new Float64Array(PAGE_SIZE);
  /** When it was first accepted, or else reported as failed. */
  readonly endedAt = new Float64Array(PAGE_SIZE);
  /** Seconds: four bytes keep a millisecond over four hours. */
  readonly confirmedAt = new Float32Array(PAGE_SIZE);
  readonly attempts = new Uint16Array(PAGE_SIZE);
  readonly acceptedFrom = new Uint16Array(PAGE_SIZE).fill(NONE16);
  readonly lastReply = new Uint16Array(PAGE_SIZE).fill(NONE16);
  readonly accepted = new Uint8Array(PAGE_SIZE);
  readonly injection = new Uint8Array(PAGE_SIZE).fill(INJECTION_NONE);
  readonly last = new Uint8Array(PAGE_SIZE).fill(0xff);
  readonly flags = new Uint8Array(PAGE_SIZE);
}

/** Stands for every page that was never written to. */
const BLANK = new Page();

/** The state of every recipient of a run. */
export class Ledger {
  /** Records that name a message or slot that was never planned. */
  strangers = 0;
  /**
   * Called once for each recipient of a confirmed injection, as soon as an ISP's 250 for it is known; for those who
   * can't go through all recipients again and again.
   */
  onDelivered: ((recipient: number) => void) | undefined;

  readonly #loads: readonly LoadModel[];
  readonly #pages = new Map<number, Page>();
  /** The page that was used last; neighbours are told of at about the same time. */
  #near = BLANK;
  #nearNumber = -1;

  constructor(loads: readonly LoadModel[]) {
    this.#loads = loads;
  }

  /** Bytes that the ledger takes. */
  get bytes(): number {
    return this.#pages.size * PAGE_SIZE * 30;
  }

  /** The numbers of all recipients that a record names, rising within a page. */
  *recipients(): Generator<number> {
    for (const [number, page] of this.#pages) {
      const first = number * PAGE_SIZE;
      for (let i = 0; i < PAGE_SIZE; i++) if (page.flags[i] !== 0) yield first + i;
    }
  }

  /** Takes in one injection. */
  addInjection(view: RecordView): void {
    const { message, outcome } = view;
    // A later record of the same message says how that ended.
    if (outcome === DEFERRED) return;
    const load = loadOfMessage(this.#loads, message);
    if (!load) {
      this.strangers++;
      return;
    }
    const first = load.firstRecipient + (message - load.firstMessage) * load.recipientsPerMessage;
    // A refusal of one recipient comes after its message's own record.
    const refusedSlot = view.refusedSlot;
    if (refusedSlot !== undefined) {
      if (refusedSlot < load.recipientsPerMessage)
        this.#write(first + refusedSlot).injection[(first + refusedSlot) & IN_PAGE] = REFUSED;
      return;
    }
    for (let r = first; r < first + load.recipientsPerMessage; r++) {
      const page = this.#write(r);
      const i = r & IN_PAGE;
      page.due[i] = view.at;
      page.confirmedAt[i] = (view.at + view.doneAfter) / 1e6;
      page.injection[i] = outcome;
      if (outcome === CONFIRMED && page.accepted[i] !== 0) this.onDelivered?.(r);
    }
  }

  /** Takes in one recipient attempt. */
  addAttempt(view: RecordView): void {
    this.#each(view.message, view.slot, view.isp, (page, i, recipient) => {
      page.attempts[i] = Math.min((page.attempts[i] as number) + 1, 0xffff);
      page.last[i] = view.outcome;
      page.lastReply[i] = view.reply;
      if (view.outcome !== ACCEPTED) return;
      const before = page.accepted[i] as number;
      if (before < 0xff) page.accepted[i] = before + 1;
      // Workers report in batches, so a later delivery may be told first.
      if (before === 0 || view.at < (page.endedAt[i] as number)) {
        page.endedAt[i] = view.at;
        page.acceptedFrom[i] = view.source;
      }
      if (before === 0 && page.injection[i] === CONFIRMED) this.onDelivered?.(recipient);
    });
  }

  /** Takes in one recipient's block of a DSN. */
  addDsn(view: RecordView): void {
    const flag = view.outcome === FAILED ? FLAG_DSN_FAILED : FLAG_DSN_OTHER;
    this.#each(view.message, view.slot, undefined, (page, i) => {
      if (flag === FLAG_DSN_FAILED && page.accepted[i] === 0) page.endedAt[i] = view.at;
      page.flags[i] = (page.flags[i] as number) | flag;
    });
  }

  /** Takes in one recipient that the MTA's queue lists at the end. */
  addPending(view: RecordView): void {
    this.#each(view.message, view.slot, undefined, (page, i) => {
      page.flags[i] = (page.flags[i] as number) | FLAG_PENDING;
    });
  }

  /** The ISP (index) of a recipient. */
  isp(recipient: number): number {
    const load = this.#loads.find((l) => recipient < l.firstRecipient + l.messages * l.recipientsPerMessage);
    if (!load) return -1;
    const n = recipient - load.firstRecipient;
    const slot = n % load.recipientsPerMessage;
    return load.ispOf(load.firstMessage + (n - slot) / load.recipientsPerMessage, slot);
  }
  /** The state of the recipient's injection, or undefined if there is no record of one. */
  injection(recipient: number): (typeof INJECTION_STATES)[number] | undefined {
    return INJECTION_STATES[this.#read(recipient).injection[recipient & IN_PAGE] as number];
  }
  isConfirmed(recipient: number): boolean {
    return this.#read(recipient).injection[recipient & IN_PAGE] === CONFIRMED;
  }
  /** The moment that the schedule named for the recipient's message. */
  due(recipient: number): Micros {
    return this.#read(recipient).due[recipient & IN_PAGE] as number;
  }
  /** The moment at which the driver read the MTA's 250 for the message; meaningful for confirmed injections. */
  confirmedAt(recipient: number): Micros {
    return (this.#read(recipient).confirmedAt[recipient & IN_PAGE] as number) * 1e6;
  }
  attempts(recipient: number): number {
    return this.#read(recipient).attempts[recipient & IN_PAGE] as number;
  }
  /** How often an ISP accepted mail for this recipient's slot: more than once is a duplicate. */
  accepted(recipient: number): number {
    return this.#read(recipient).accepted[recipient & IN_PAGE] as number;
  }
  /** The first acceptance; meaningful where `accepted` is not 0. */
  acceptedAt(recipient: number): Micros {
    return this.#read(recipient).endedAt[recipient & IN_PAGE] as number;
  }
  /** When the MTA was done with a recipient: it was accepted, or reported as failed; undefined: neither. */
  endedAt(recipient: number): Micros | undefined {
    const ended = this.accepted(recipient) > 0 || this.hasFailedDsn(recipient);
    return ended ? (this.#read(recipient).endedAt[recipient & IN_PAGE] as number) : undefined;
  }
  /** The source of the first acceptance. */
  acceptedFrom(recipient: number): number {
    return this.#read(recipient).acceptedFrom[recipient & IN_PAGE] as number;
  }
  /** The reply of the last attempt, NONE16 if there was none. */
  lastReply(recipient: number): number {
    return this.#read(recipient).lastReply[recipient & IN_PAGE] as number;
  }
  lastAnswer(recipient: number): LastAnswer {
    switch (this.#read(recipient).last[recipient & IN_PAGE]) {
      case ACCEPTED:
        return 'accepted';
      case REJECTED:
        return '5xx';
      case THROTTLED:
      case ATTEMPT_DEFERRED:
        return '4xx';
      case 0xff:
        return 'none';
      default:
        return 'no-reply';
    }
  }
  hasFailedDsn(recipient: number): boolean {
    return ((this.#read(recipient).flags[recipient & IN_PAGE] as number) & FLAG_DSN_FAILED) !== 0;
  }
  isPending(recipient: number): boolean {
    return ((this.#read(recipient).flags[recipient & IN_PAGE] as number) & FLAG_PENDING) !== 0;
  }

  /** The page of a recipient, to look at. */
  #read(recipient: number): Page {
    const number = recipient >>> PAGE_BITS;
    if (number !== this.#nearNumber) {
      this.#near = this.#pages.get(number) ?? BLANK;
      this.#nearNumber = number;
    }
    return this.#near;
  }

  /** The page of a recipient that a record names. */
  #write(recipient: number): Page {
    let page = this.#read(recipient);
    if (page === BLANK) {
      page = new Page();
      this.#pages.set(recipient >>> PAGE_BITS, page);
      this.#near = page;
    }
    const i = recipient & IN_PAGE;
    page.flags[i] = (page.flags[i] as number) | FLAG_KNOWN;
    return page;
  }

  #each(
    message: number,
    slot: number,
    isp: number | undefined,
    act: (page: Page, indexInPage: number, recipient: number) => void,
  ): void {
    const load = loadOfMessage(this.#loads, message);
    if (!load || (slot !== NONE16 && slot >= load.recipientsPerMessage)) {
      this.strangers++;
      return;
    }
    const first = load.firstRecipient + (message - load.firstMessage) * load.recipientsPerMessage;
    if (slot !== NONE16) {
      act(this.#write(first + slot), (first + slot) & IN_PAGE, first + slot);
      return;
    }
    for (let r = first; r < first + load.recipientsPerMessage; r++) {
      if (isp === undefined || load.ispOf(message, r - first) === isp) act(this.#write(r), r & IN_PAGE, r);
    }
  }
}
