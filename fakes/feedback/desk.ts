/**
 * The desk of an ISP that sends back what comes of mail after its acceptance. It decides at once, by keyed chance, what
 * that will be, lets each thing happen at its moment, and hands it over, with as many tries as an MTA would make. It has
 * no socket and no clock of its own, so that it runs in virtual time too.
 */
import type { Micros } from '../../src/core/clock.ts';
import { type Prng, Purpose } from '../../src/core/prng.ts';
import type { FeedbackKind, FeedbackState } from '../../src/record/attempt-log.ts';
import type { Observation } from '../isp/policy.ts';
import { domainOf } from '../isp/render.ts';
import type { AcceptedMessage, FeedbackWatcher } from './accepted.ts';
import { Fates, letterOf } from './fates.ts';
import { addresseeOf } from './forms/returned-mail.ts';
import type { ReturnedMail, ReturnedSubject } from './mail.ts';
import { type OneClick, oneClickOf } from './one-click.ts';
import type { HandOver, Outbound } from './outbound.ts';
import type { ResolvedFeedback } from './resolved-feedback.ts';
import { Schedule } from './schedule.ts';

/** A clock that wakes. */
export interface DeskClock {
  /** Microseconds since the load began. */
  now(): Micros;
  /** Calls `act` once, at that moment or soon after, unless the returned function is called first. */
  at(moment: Micros, act: () => void): () => void;
  /** What mail says of a moment. */
  wall(moment: Micros): Date;
}

/** A step of something that comes back, as the run records it. */
export interface FeedbackStep {
  readonly at: Micros;
  readonly kind: FeedbackKind;
  readonly state: Exclude<FeedbackState, 'received'>;
  readonly message: AcceptedMessage;
  readonly recipient: string;
  /** How often it was tried to hand it over, of `sent` and `failed`. */
  readonly tries: number;
}

export interface DeskOptions {
  readonly feedback: ResolvedFeedback;
  /** The name that the ISP's servers go by. */
  readonly mta: string;
  readonly feedbackAddress: string;
  readonly clock: DeskClock;
  readonly prng: Prng;
  readonly outbound: Outbound;
  write(subject: ReturnedSubject): ReturnedMail;
  /** Tells the ISP's policy what its users and its filters say. */
  observe(observation: Observation): void;
  readonly watchers: readonly FeedbackWatcher[];
  record(step: FeedbackStep): void;
}

/** Something that comes back. */
interface Errand {
  readonly kind: FeedbackKind;
  readonly message: AcceptedMessage;
  readonly recipient: string;
  /** Whether the sender hears of it. */
  isReported: boolean;
  /** How it unsubscribes, where it does by one click. */
  readonly click: OneClick | undefined;
  /** Of a complaint: when it is taken back, counted from its report; undefined: it is not. */
  readonly withdrawal: Micros | undefined;
  tries: number;
  /** When the first try was due. */
  first: Micros;
}

/** What comes back of what one ISP, or one of its workers, accepts. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #fates: Fates;
  /** What has not happened yet, and what is to be tried again. */
  readonly #later = new Schedule<Errand>();
  /** What waits for a lane. */
  readonly #ready = new Schedule<Errand>();
  #underWay = 0;
  #wakes: Micros = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#fates = new Fates(options.feedback.rules, options.prng);
  }

  /** How many things are not over yet. */
  get waiting(): number {
    return this.#later.size + this.#ready.size + this.#underWay;
  }

  /** The ISP has accepted a message. Its moment must not be before that of the one before. */
  accepted(message: AcceptedMessage): void {
    if (this.#closed) return;
    for (const watcher of this.#options.watchers) watcher.accepted(message);
    const letter = letterOf(message, this.#options.prng);
    for (const recipient of message.recipients) {
      const fates = this.#fates.of(message, recipient, letter);
      const withdrawal = fates.find(({ kind }) => kind === 'withdrawal')?.delay;
      for (const { kind, delay } of fates)
        if (kind !== 'withdrawal') this.#expect(kind, message, recipient, delay, withdrawal);
    }
    this.#wake();
  }

  /** Ends it. What is under way or still to come stays as it is; nothing more is recorded. */
  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#options.outbound.close();
  }

  /** Plans something, if this message at this ISP can have it. */
  #expect(
    kind: FeedbackKind,
    message: AcceptedMessage,
    recipient: string,
    delay: Micros,
    withdrawal: Micros | undefined,
  ): void {
    const { oneClick } = this.#options.feedback;
    const errand: Errand = {
      kind,
      message,
      recipient,
      click: kind === 'unsubscribe' && oneClick ? oneClickOf(message.header) : undefined,
      withdrawal: kind === 'complaint' ? withdrawal : undefined,
      isReported: kind !== 'trap',
      tries: 0,
      first: message.at + delay,
    };
    const isMail = kind !== 'trap' && errand.click === undefined;
    if (isMail && !this.#hasAddressee(errand)) {
      // A complaint is made whether or not anybody is told.
      if (kind !== 'complaint') return;
      errand.isReported = false;
    }
    if (errand.isReported) this.#record(errand, 'due', message.at);
    if (errand.isReported && errand.withdrawal !== undefined)
      this.#record({ ...errand, kind: 'withdrawal' }, 'due', message.at);
    this.#later.add(errand.first, errand);
  }

  #hasAddressee(errand: Errand): boolean {
    if (errand.kind === 'complaint' && !this.#isEnrolled(errand.message)) return false;
    return addresseeOf(this.#subjectOf(errand, errand.first)) !== undefined;
  }

  /** Whether the sender of a message is in the ISP's complaint loop. */
  #isEnrolled({ dkimDomain, source }: AcceptedMessage): boolean {
    const { key, loops } = this.#options.feedback.complaints;
    if (key === 'source') return loops?.sources.includes(source) ?? true;
    return dkimDomain !== undefined && (loops?.domains.includes(dkimDomain) ?? true);
  }

  /** Lets everything happen whose moment has come. */
  #turn(): void {
    this.#wakes = Number.POSITIVE_INFINITY;
    const now = this.#options.clock.now();
    for (let errand = this.#later.take(now); errand; errand = this.#later.take(now)) {
      if (errand.tries === 0) this.#happen(errand, now);
      if (errand.isReported) this.#ready.add(now, errand);
      else this.#planWithdrawal(errand, now);
    }
    this.#handOver(now);
    this.#wake();
  }

  /** What a user does, or a filter finds, moves the sender's reputation. */
  #happen(errand: Errand, now: Micros): void {
    const { kind, message, recipient } = errand;
    const { observe, watchers } = this.#options;
    if (kind !== 'complaint' && kind !== 'withdrawal' && kind !== 'trap') return;
    this.#record(errand, kind === 'trap' ? 'due' : 'happened', now);
    const { source, sender, dkimDomain } = message;
    const domain = domainOf(sender).toLowerCase();
    observe({
      kind,
      source,
      ...(domain !== '' && { senderDomain: domain }),
      ...(dkimDomain !== undefined && { dkimDomain }),
    });
    for (const watcher of watchers) watcher[TOLD_AS[kind]](message, recipient, now);
  }

  #handOver(now: Micros): void {
    const { outbound } = this.#options;
    while (this.#underWay < outbound.lanes) {
      const errand = this.#ready.take(now);
      if (!errand) return;
      this.#underWay++;
      errand.tries++;
      const done = (came: HandOver): void => this.#cameBack(errand, came);
      if (errand.click) outbound.click(errand.click, done);
      else outbound.mail(this.#options.write(this.#subjectOf(errand, now)), done);
    }
  }

  #cameBack(errand: Errand, came: HandOver): void {
    if (this.#closed) return;
    this.#underWay--;
    const { retry, expire } = this.#options.feedback;
    const now = this.#options.clock.now();
    const wait = retry[Math.min(errand.tries, retry.length) - 1] ?? expire;
    const again = now + wait;
    if (came === 'taken') {
      this.#record(errand, 'sent', now);
      this.#planWithdrawal(errand, now);
    } else if (came === 'later' && again < errand.first + expire) this.#later.add(again, errand);
    else {
      this.#record(errand, 'failed', now);
      // What was never reported is not taken back.
      if (errand.withdrawal !== undefined)
        this.#record({ ...errand, kind: 'withdrawal', tries: 0 }, 'failed', now);
    }
    // There may be a lane for something else, from where nobody is called back into.
    this.#wake(this.#ready.size > 0 ? now : undefined);
  }

  /** A complaint that was made, and reported if it is, may be taken back. */
  #planWithdrawal(errand: Errand, now: Micros): void {
    if (errand.withdrawal === undefined) return;
    const first = now + errand.withdrawal;
    this.#later.add(first, { ...errand, kind: 'withdrawal', withdrawal: undefined, tries: 0, first });
  }

  /** Sees to it that the next moment is not missed. */
  #wake(next: Micros = this.#later.next): void {
    if (this.#closed || next >= this.#wakes) return;
    this.#cancel();
    this.#wakes = next;
    this.#cancel = this.#options.clock.at(next, () => this.#turn());
  }

  #record({ kind, message, recipient, tries }: Errand, state: FeedbackStep['state'], at: Micros): void {
    this.#options.record({ at, kind, state, message, recipient, tries });
  }

  #subjectOf({ kind, message, recipient }: Errand, now: Micros): ReturnedSubject {
    const { feedback, mta, feedbackAddress, prng, clock } = this.#options;
    const person = prng.hash(recipient.toLowerCase());
    const letter = letterOf(message, prng);
    return {
      kind: kind as ReturnedSubject['kind'],
      message,
      recipient,
      acceptedAt: clock.wall(message.at),
      sentAt: clock.wall(now),
      feedbackAddress,
      mta,
      complaint: feedback.complaints,
      bounce: feedback.bounces,
      chance: (name) => prng.chance(Purpose.feedbackForm, prng.hash(`${kind} ${name}`) ^ person, letter),
    };
  }
}

const TOLD_AS = { complaint: 'complained', withdrawal: 'withdrew', trap: 'trapped' } as const;
