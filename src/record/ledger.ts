/**
 * What became of each recipient: 30 bytes a recipient, in pages of typed arrays that are made when they are first
 * needed. It is an index over the record files and can be rebuilt from them at any time.
 */
import type { Micros } from '../core/clock.ts';
import {
  ATTEMPT_OUTCOMES,
  DSN_ACTIONS,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  INJECTION_STATES,
  NONE16,
  NONE32,
  type RecordView,
} from './attempt-log.ts';
import { eachRecipient, type LoadModel, loadOfMessage, placeOfRecipient } from './run-model.ts';

/** Injection of the recipient's message; `none`: no record of it (yet). */
const INJECTION_NONE = 0xff;

/** Last answer of whom nobody tried. */
const NO_ATTEMPT = 0xff;

/** The class of the last answer that a recipient had; who was accepted once stays so. */
export type LastAnswer = 'none' | 'accepted' | '4xx' | '5xx' | 'no-reply';

/**
 * What an MTA could know when it delivered again. `knowingly`: it can have read a 250 before, and was not started anew since.
 * `after a restart`: it was, before every delivery that it can have known to be another one. `unknowingly`: neither.
 */
export type Repeated = 'knowingly' | 'after a restart' | 'unknowingly';

const ACCEPTED = ATTEMPT_OUTCOMES.indexOf('accepted');
const REJECTED = ATTEMPT_OUTCOMES.indexOf('rejected');
const THROTTLED = ATTEMPT_OUTCOMES.indexOf('throttled');
const ATTEMPT_DEFERRED = ATTEMPT_OUTCOMES.indexOf('deferred');
const FAILED = DSN_ACTIONS.indexOf('failed');
const BOUNCE = FEEDBACK_KINDS.indexOf('bounce');
const DUE = FEEDBACK_STATES.indexOf('due');
const CONFIRMED = INJECTION_STATES.indexOf('confirmed');
const REFUSED = INJECTION_STATES.indexOf('refused');
const DEFERRED = INJECTION_STATES.indexOf('deferred');

const FLAG_DSN_FAILED = 1;
const FLAG_DSN_OTHER = 2;
const FLAG_PENDING = 4;
/** A record names the recipient, so it is one of the run. */
const FLAG_KNOWN = 8;
/** The MTA can't know of the last acceptance. */
const FLAG_LAST_REPLY_LOST = 16;
/** The MTA was started anew between two acceptances. */
const FLAG_RESTARTED_BETWEEN = 32;
/** The ISP bounces what it accepted. */
const FLAG_BOUNCED_LATER = 64;

const PAGE_BITS = 14;
const PAGE_SIZE = 1 << PAGE_BITS;
const IN_PAGE = PAGE_SIZE - 1;

/** The state of PAGE_SIZE recipients whose numbers follow each other. */
class Page {
  readonly due = new Float64Array(PAGE_SIZE);
  /** The first acceptance or, while there is none, the last attempt. */
  readonly moment = new Float64Array(PAGE_SIZE);
  /** Seconds: four bytes keep a millisecond over four hours. */
  readonly confirmedAt = new Float32Array(PAGE_SIZE);
  readonly attempts = new Uint16Array(PAGE_SIZE);
  readonly acceptedFrom = new Uint16Array(PAGE_SIZE).fill(NONE16);
  /** The source of the first attempt. */
  readonly firstFrom = new Uint16Array(PAGE_SIZE).fill(NONE16);
  readonly accepted = new Uint8Array(PAGE_SIZE);
  readonly injection = new Uint8Array(PAGE_SIZE).fill(INJECTION_NONE);
  readonly last = new Uint8Array(PAGE_SIZE).fill(NO_ATTEMPT);
  readonly flags = new Uint8Array(PAGE_SIZE);
  /** The last acceptance of those that were accepted more than once; such pages are few. */
  lastAccepted: Float64Array | undefined;
  /** When a recipient was reported as failed, in seconds; made when the first one is. */
  failedAt: Float32Array | undefined;
  /** Acceptances of which the MTA can't know; such pages are few. */
  repliesLost: Uint8Array | undefined;
  /** Acceptances of which the MTA can know, and that it may have forgotten, since it was started anew before the next one. */
  forgotten: Uint8Array | undefined;

  get bytes(): number {
    const { lastAccepted, failedAt, repliesLost, forgotten } = this;
    const rare = (lastAccepted ? 8 : 0) + (failedAt ? 4 : 0) + (repliesLost ? 1 : 0) + (forgotten ? 1 : 0);
    return PAGE_SIZE * (30 + rare);
  }
}

/** How the later attempts for an ISP's recipients left, beside the first attempt of each. */
export interface RetryCounts {
  retries: number;
  /** Those that left from another address. */
  fromOtherSource: number;
  /** Those of them whose address belongs to another virtual MTA, or to none. */
  fromOtherVmta: number;
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

  /** First attempts by ISP, then by source (NONE16: an address that is none of the run's). */
  readonly firsts = new Map<number, Map<number, number>>();
  /** Later attempts by ISP. */
  readonly retries = new Map<number, RetryCounts>();

  readonly #loads: readonly LoadModel[];
  readonly #vmtas: readonly number[];
  readonly #pages = new Map<number, Page>();
  /** When the MTA was started anew, rising. */
  readonly #restarts: Micros[] = [];
  /** The page that was used last; neighbours are told of at about the same time. */
  #near = BLANK;
  #nearNumber = -1;

  /** @param vmtas the virtual MTA of each source; a source without one is its own */
  constructor(loads: readonly LoadModel[], vmtas: readonly number[] = []) {
    this.#loads = loads;
    this.#vmtas = vmtas;
  }

  /** Bytes that the ledger takes. */
  get bytes(): number {
    let bytes = 0;
    for (const page of this.#pages.values()) bytes += page.bytes;
    return bytes;
  }

  /** The numbers of all recipients that a record names, rising. */
  *recipients(): Generator<number> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const page = this.#pages.get(number) as Page;
      const first = number * PAGE_SIZE;
      for (let i = 0; i < PAGE_SIZE; i++) if (page.flags[i] !== 0) yield first + i;
    }
  }

  /** A number that no message of a load reaches of which there is a record. */
  endOfMessages({ firstMessage, firstRecipient, recipientsPerMessage }: LoadModel): number {
    let last = -1;
    for (const number of this.#pages.keys()) last = Math.max(last, number);
    const recipients = (last + 1) * PAGE_SIZE - firstRecipient;
    return firstMessage + Math.max(0, Math.ceil(recipients / recipientsPerMessage));
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

  /** Takes in that the MTA was started anew; before any attempt that came after. */
  addRestart(at: Micros): void {
    this.#restarts.push(at);
  }

  /** Takes in one recipient attempt. Workers report in batches, so a later one may be told first. */
  addAttempt(view: RecordView): void {
    const { at, outcome, source, isp } = view;
    this.#each(view.message, view.slot, isp, (page, i, recipient) => {
      this.#compareSource(page, i, isp, source, at);
      page.attempts[i] = Math.min((page.attempts[i] as number) + 1, 0xffff);
      const before = page.accepted[i] as number;
      if (outcome === ACCEPTED) {
        page.accepted[i] = Math.min(before + 1, 0xff);
        if (before > 0) this.#acceptedAgain(page, i, before, at);
        if (before > 0 && at >= (page.moment[i] as number)) return;
        page.acceptedFrom[i] = source;
      } else if (before > 0 || (page.last[i] !== NO_ATTEMPT && at < (page.moment[i] as number))) return;
      page.last[i] = outcome;
      page.moment[i] = at;
      if (outcome === ACCEPTED && before === 0 && page.injection[i] === CONFIRMED)
        this.onDelivered?.(recipient);
    });
  }

  /** Takes in that the MTA can't know of an acceptance, after that acceptance. */
  addReplyLost(view: RecordView): void {
    const { at } = view;
    this.#each(view.message, view.slot, undefined, (page, i) => {
      const accepted = page.accepted[i] as number;
      if (accepted === 0) return;
      page.repliesLost ??= new Uint8Array(PAGE_SIZE);
      page.repliesLost[i] = Math.min((page.repliesLost[i] as number) + 1, 0xff);
      if (at === lastAcceptance(page, i, accepted))
        page.flags[i] = (page.flags[i] as number) | FLAG_LAST_REPLY_LOST;
    });
  }

  /** Takes in one recipient's block of a DSN. */
  addDsn(view: RecordView): void {
    const flag = view.outcome === FAILED ? FLAG_DSN_FAILED : FLAG_DSN_OTHER;
    this.#each(view.message, view.slot, undefined, (page, i) => {
      if (flag === FLAG_DSN_FAILED) {
        page.failedAt ??= new Float32Array(PAGE_SIZE);
        page.failedAt[i] = view.at / 1e6;
      }
      page.flags[i] = (page.flags[i] as number) | flag;
    });
  }

  /** Takes in what came back: a bounce of what the ISP had accepted is one that the MTA need not account for. */
  addFeedback(view: RecordView): void {
    if (view.feedbackKind !== BOUNCE || view.outcome !== DUE || view.message === NONE32) return;
    this.#each(view.message, view.slot, undefined, (page, i) => {
      page.flags[i] = (page.flags[i] as number) | FLAG_BOUNCED_LATER;
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
    const place = placeOfRecipient(this.#loads, recipient);
    return place ? place.load.ispOf(place.message, place.slot) : -1;
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
  /**
   * The moment at which the driver read the MTA's 250 for the message, or knew that it would not; of one that was never
   * begun, the moment that the schedule named.
   */
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
    return this.#read(recipient).moment[recipient & IN_PAGE] as number;
  }
  /** The end of the last attempt; meaningful where there was one and `accepted` is 0. */
  lastTriedAt(recipient: number): Micros {
    return this.#read(recipient).moment[recipient & IN_PAGE] as number;
  }
  /** When the MTA was done with a recipient: it was accepted, or reported as failed; undefined: neither. */
  endedAt(recipient: number): Micros | undefined {
    if (this.accepted(recipient) > 0) return this.acceptedAt(recipient);
    if (!this.hasFailedDsn(recipient)) return undefined;
    return (this.#read(recipient).failedAt?.[recipient & IN_PAGE] as number) * 1e6;
  }
  /** The source of the first attempt; meaningful where there was one. */
  firstFrom(recipient: number): number {
    return this.#read(recipient).firstFrom[recipient & IN_PAGE] as number;
  }
  /** The source of the first acceptance. */
  acceptedFrom(recipient: number): number {
    return this.#read(recipient).acceptedFrom[recipient & IN_PAGE] as number;
  }
  /** The last acceptance; meaningful where `accepted` is not 0. */
  lastAcceptedAt(recipient: number): Micros {
    const page = this.#read(recipient);
    const i = recipient & IN_PAGE;
    return lastAcceptance(page, i, page.accepted[i] as number);
  }
  /** What the MTA could know when it delivered again; meaningful where `accepted` is above 1. */
  repeated(recipient: number): Repeated {
    const page = this.#read(recipient);
    const i = recipient & IN_PAGE;
    const flags = page.flags[i] as number;
    const told = (page.accepted[i] as number) - (page.repliesLost?.[i] ?? 0);
    const lastTold = (flags & FLAG_LAST_REPLY_LOST) === 0 ? 1 : 0;
    if (told - lastTold > (page.forgotten?.[i] ?? 0)) return 'knowingly';
    return (flags & FLAG_RESTARTED_BETWEEN) === 0 ? 'unknowingly' : 'after a restart';
  }
  /** Whether the MTA can have read a 250 for it. */
  canKnowOfAcceptance(recipient: number): boolean {
    const page = this.#read(recipient);
    const i = recipient & IN_PAGE;
    return (page.accepted[i] as number) > (page.repliesLost?.[i] ?? 0);
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
      case NO_ATTEMPT:
        return 'none';
      default:
        return 'no-reply';
    }
  }
  hasFailedDsn(recipient: number): boolean {
    return ((this.#read(recipient).flags[recipient & IN_PAGE] as number) & FLAG_DSN_FAILED) !== 0;
  }
  /** Whether the ISP has bounced what it accepted, by a DSN of its own. */
  isBouncedLater(recipient: number): boolean {
    return ((this.#read(recipient).flags[recipient & IN_PAGE] as number) & FLAG_BOUNCED_LATER) !== 0;
  }
  isPending(recipient: number): boolean {
    return ((this.#read(recipient).flags[recipient & IN_PAGE] as number) & FLAG_PENDING) !== 0;
  }

  /** Takes in an acceptance of a recipient that has been accepted so many times before. */
  #acceptedAgain(page: Page, i: number, before: number, at: Micros): void {
    const last = lastAcceptance(page, i, before);
    page.lastAccepted ??= new Float64Array(PAGE_SIZE);
    page.lastAccepted[i] = Math.max(last, at);
    const flags = page.flags[i] as number;
    if (this.#restarts.some((restart) => Math.min(last, at) < restart && restart <= Math.max(last, at))) {
      page.flags[i] = flags | FLAG_RESTARTED_BETWEEN;
      if ((flags & FLAG_LAST_REPLY_LOST) === 0) {
        page.forgotten ??= new Uint8Array(PAGE_SIZE);
        page.forgotten[i] = Math.min((page.forgotten[i] as number) + 1, 0xff);
      }
    }
    if (at >= last) page.flags[i] = (page.flags[i] as number) & ~FLAG_LAST_REPLY_LOST;
  }

  /** Counts by source what is the first attempt, and compares what is not with it; before the attempt is taken in. */
  #compareSource(page: Page, i: number, isp: number, source: number, at: Micros): void {
    const before = page.attempts[i] as number;
    const first = page.firstFrom[i] as number;
    // Of two, the later one may be told first.
    const earlier = before === 1 && at < (page.moment[i] as number);
    if (before === 0 || earlier) {
      page.firstFrom[i] = source;
      const bySource = this.firsts.get(isp) ?? new Map<number, number>();
      this.firsts.set(isp, bySource);
      bySource.set(source, (bySource.get(source) ?? 0) + 1);
      if (before === 0) return;
      bySource.set(first, (bySource.get(first) ?? 0) - 1);
    }
    const counts = this.retries.get(isp) ?? { retries: 0, fromOtherSource: 0, fromOtherVmta: 0 };
    this.retries.set(isp, counts);
    counts.retries++;
    if (source === first) return;
    counts.fromOtherSource++;
    if (this.#vmtaOf(source) !== this.#vmtaOf(first)) counts.fromOtherVmta++;
  }

  #vmtaOf(source: number): number {
    return this.#vmtas[source] ?? -1 - source;
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
    const planned = eachRecipient(this.#loads, message, slot, isp, (r) =>
      act(this.#write(r), r & IN_PAGE, r),
    );
    if (!planned) this.strangers++;
  }
}

/** The last acceptance of a recipient that has been accepted so many times. */
function lastAcceptance(page: Page, i: number, accepted: number): Micros {
  return (accepted > 1 ? page.lastAccepted?.[i] : page.moment[i]) as Micros;
}
