/**
 * What will come of a message that was accepted, for each of its recipients. Chance is keyed by the recipient and the
 * message, so that the same seed gives the same fates whatever the order of things; what is so of a mailbox (that it
 * bounces later, that it is a trap) by the recipient alone.
 */
import type { Micros } from '../../src/core/clock.ts';
import { MESSAGE_HEADER, messageOfSender } from '../../src/core/identity.ts';
import { type Prng, Purpose } from '../../src/core/prng.ts';
import { FEEDBACK_KINDS, type FeedbackKind } from '../../src/record/attempt-log.ts';
import { headerField } from '../isp/header.ts';
import { quantile } from '../isp/spread.ts';
import type { AcceptedMessage } from './accepted.ts';
import type { FeedbackRule } from './resolved-feedback.ts';

/** Something that will come of a message for one recipient. */
export interface Fate {
  readonly kind: FeedbackKind;
  /** From the acceptance; of a withdrawal: from the complaint's report. */
  readonly delay: Micros;
}

const PURPOSES = {
  complaint: Purpose.complaint,
  withdrawal: Purpose.withdrawal,
  bounce: Purpose.bounceLater,
  'auto-reply': Purpose.autoReply,
  challenge: Purpose.challenge,
  malformed: Purpose.malformedReport,
  unsubscribe: Purpose.unsubscribe,
  trap: Purpose.trap,
} as const satisfies Record<FeedbackKind, Purpose>;

/** Kinds that only someone who has read the message can cause. */
const OF_READERS = ['complaint', 'auto-reply', 'challenge', 'unsubscribe'] as const;

/** Knows the rules of one ISP. */
export class Fates {
  readonly #rules: ReadonlyMap<FeedbackKind, readonly FeedbackRule[]>;
  readonly #prng: Prng;

  constructor(rules: readonly FeedbackRule[], prng: Prng) {
    this.#prng = prng;
    this.#rules = new Map(FEEDBACK_KINDS.map((kind) => [kind, rules.filter((rule) => rule.kind === kind)]));
  }

  /**
   * All that will come of a message for a recipient; a withdrawal only beside its complaint, right after it. A mailbox
   * that bounces later, or is a trap, has no reader: the shares of what readers do are of all recipients nevertheless.
   */
  of(message: AcceptedMessage, recipient: string, letter = letterOf(message, this.#prng)): Fate[] {
    const fates: Fate[] = [];
    const person = this.#prng.hash(recipient.toLowerCase());
    const add = (kind: FeedbackKind, rule: FeedbackRule | undefined, share: number, key: number): boolean => {
      if (!rule || this.#prng.chance(PURPOSES[kind], person, key) >= share) return false;
      fates.push({ kind, delay: this.#delayOf(rule, person, letter) });
      return true;
    };
    const bounce = this.#ruleFor('bounce', message, person);
    const trap = this.#ruleFor('trap', message, person);
    const bounces = bounce?.share ?? 0;
    const traps = trap?.share ?? 0;
    const readers = 1 - bounces - traps;
    const isDead = add('bounce', bounce, bounces, 0) || add('trap', trap, traps / (1 - bounces), 0);
    if (!isDead && readers > 0) {
      for (const kind of OF_READERS) {
        const rule = this.#ruleFor(kind, message, person);
        if (!rule || !add(kind, rule, rule.share / readers, letter) || kind !== 'complaint') continue;
        const withdrawal = this.#ruleFor('withdrawal', message, person);
        add('withdrawal', withdrawal, withdrawal?.share ?? 0, letter);
      }
    }
    const malformed = this.#ruleFor('malformed', message, person);
    add('malformed', malformed, malformed?.share ?? 0, letter);
    return fates;
  }

  /** The last rule that holds. */
  #ruleFor(kind: FeedbackKind, message: AcceptedMessage, person: number): FeedbackRule | undefined {
    const rules = this.#rules.get(kind) ?? [];
    for (let i = rules.length - 1; i >= 0; i--) {
      const rule = rules[i] as FeedbackRule;
      if (this.#holds(rule, message, person)) return rule;
    }
    return undefined;
  }

  #holds(
    { start, end, sources, group, header }: FeedbackRule,
    message: AcceptedMessage,
    person: number,
  ): boolean {
    if (message.at < start || (end !== null && message.at >= end)) return false;
    if (sources !== null && !sources.includes(message.source)) return false;
    if (group !== null && this.#prng.chance(Purpose.recipientGroup, person) >= group) return false;
    if (header === null) return true;
    const value = headerField(message.header, header.name);
    return value?.toLowerCase().includes(header.value.toLowerCase()) ?? false;
  }

  #delayOf({ kind, delay }: FeedbackRule, person: number, letter: number): Micros {
    const key = Math.imul(FEEDBACK_KINDS.indexOf(kind) + 1, 0x9e3779b1) + letter;
    // In the middle of its 32-bit cell, since a quantile is between 0 and 1.
    return quantile(delay, this.#prng.chance(Purpose.feedbackDelay, person, key) + 2 ** -33);
  }
}

/** What stands for a message in keyed chance: its number, if it is one of the run's. */
export function letterOf(message: AcceptedMessage, prng: Prng): number {
  return messageNumberOf(message) ?? prng.hash(message.sender);
}

/** The number of a message of the run, from its envelope, else from its header. */
export function messageNumberOf({ sender, header }: AcceptedMessage): number | undefined {
  return messageOfSender(sender) ?? numberIn(headerField(header, MESSAGE_HEADER));
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
