/** Bad news about recipients, and what became of the messages that followed it, added up from records. */
import type { Micros } from '../core/clock.ts';
import { isFollowUp } from '../core/identity.ts';
import {
  INJECTION_STATES,
  type InjectionState,
  NEWS,
  type News,
  QUEUED,
  type RecordView,
} from './attempt-log.ts';

/** A message that belongs to no load, but followed bad news. */
export interface FollowUpFacts {
  /** undefined: there is no record of it (yet). */
  injection: InjectionState | undefined;
  /** The MTA refused it with a 5xx. */
  isRefusedForGood: boolean;
  due: Micros;
  /** Recipient attempts at an ISP, and when the last one ended. */
  attempts: number;
  lastAttemptAt: Micros;
  /** The MTA's queue lists it at the end. */
  pending: boolean;
}

/** A range of message numbers. */
export interface FollowUpRange {
  readonly first: number;
  readonly count: number;
}

/** A recipient about whom there was bad news. */
export interface BadRecipient {
  readonly isp: number;
  /** The message that it was about, or that led to it. */
  readonly message: number;
  readonly slot: number;
  readonly news: Exclude<News, 'withdrawal'>;
  readonly at: Micros;
  /** When it was withdrawn; undefined: it still holds. */
  withdrawnAt: Micros | undefined;
  /** When there was bad news again after that; undefined: there was none. */
  renewedAt: Micros | undefined;
  /** What was asked to be sent after it, and after its withdrawal. */
  readonly followUps: FollowUpRange[];
}

const REFUSED = INJECTION_STATES.indexOf('refused');
const DEFERRED = INJECTION_STATES.indexOf('deferred');
const RECIPIENT = QUEUED.indexOf('recipient');

/** Takes in records in whatever order they come. Recipients are as many as there was news about, not all of a run. */
export class SuppressionTally {
  readonly #bad = new Map<string, BadRecipient>();
  readonly #messages = new Map<number, FollowUpFacts>();
  /** Messages of loads whose mailboxes repeat that the MTA refused with a 5xx. */
  readonly refusedForGood = new Set<number>();
  readonly #repeats: boolean;

  /** @param repeats some load writes to its mailboxes more than once */
  constructor(repeats: boolean) {
    this.#repeats = repeats;
  }

  /** All recipients about whom there was news, in the order of the records. */
  get recipients(): Iterable<BadRecipient> {
    return this.#bad.values();
  }

  /** What is known of a message that followed; undefined: nothing. */
  message(number: number): Readonly<FollowUpFacts> | undefined {
    return this.#messages.get(number);
  }

  /** Takes in a record of the kind `news`. */
  addNews(view: RecordView): void {
    const { at, isp, message, slot } = view;
    const news = NEWS[view.outcome];
    const key = `${message}/${slot}`;
    const range = { first: view.firstFollowUp, count: view.followUps };
    const known = this.#bad.get(key);
    if (news === undefined) return;
    if (news === 'withdrawal') {
      if (known) {
        known.withdrawnAt ??= at;
        known.followUps.push(range);
      }
    } else if (known) {
      if (known.withdrawnAt !== undefined) known.renewedAt ??= at;
    } else {
      const nothingSince = { withdrawnAt: undefined, renewedAt: undefined };
      this.#bad.set(key, { isp, message, slot, news, at, ...nothingSince, followUps: [range] });
    }
  }

  /** Takes in how an injection ended. True: it was no load's. */
  addInjection(view: RecordView): boolean {
    const isRefusedForGood = view.outcome === REFUSED && view.code >= 500;
    if (!isFollowUp(view.message)) {
      if (this.#repeats && isRefusedForGood) this.refusedForGood.add(view.message);
      return false;
    }
    if (view.refusedSlot !== undefined || view.outcome === DEFERRED) return true;
    const facts = this.#of(view.message);
    facts.injection = INJECTION_STATES[view.outcome];
    facts.isRefusedForGood = isRefusedForGood;
    facts.due = view.at;
    return true;
  }

  /** Takes in a recipient attempt. True: its message was no load's. */
  addAttempt(view: RecordView): boolean {
    if (!isFollowUp(view.message)) return false;
    const facts = this.#of(view.message);
    facts.attempts++;
    facts.lastAttemptAt = Math.max(facts.lastAttemptAt, view.at);
    return true;
  }

  /** Takes in what the MTA's queue lists at the end. True: its message was no load's. */
  addPending(view: RecordView): boolean {
    if (!isFollowUp(view.message)) return false;
    if (view.outcome === RECIPIENT) this.#of(view.message).pending = true;
    return true;
  }

  #of(message: number): FollowUpFacts {
    const known = this.#messages.get(message);
    if (known) return known;
    const facts: FollowUpFacts = {
      injection: undefined,
      isRefusedForGood: false,
      due: 0,
      attempts: 0,
      lastAttemptAt: Number.NEGATIVE_INFINITY,
      pending: false,
    };
    this.#messages.set(message, facts);
    return facts;
  }
}
