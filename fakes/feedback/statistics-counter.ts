/** Counts what an ISP sees of its senders, by simulated day. */
import type { Micros } from '../../src/core/clock.ts';
import { headerField } from '../isp/header.ts';
import { domainOf } from '../isp/render.ts';
import type { Scores } from '../isp/scores.ts';
import type { IspObserver } from '../isp/session.ts';
import type { AcceptedMessage, FeedbackWatcher } from './accepted.ts';
import { feedbackIdsIn } from './feedback-id.ts';
import type { ResolvedFeedback } from './resolved-feedback.ts';
import {
  type Course,
  type DayStatistics,
  domainOn,
  earliest,
  emptyDay,
  idOn,
  latest,
  note,
  type SourceTally,
  sourceOn,
} from './statistics.ts';

/** Older days are forgotten, as Postmaster Tools does after 120. */
const MOST_DAYS = 120;

/** A tally in which complaints are a share of recipients. */
interface Rated {
  recipients: number;
  complaints: number;
  readonly course: Course;
}

/** Watches an ISP's sessions and what becomes of what it accepted. */
export class StatisticsCounter implements FeedbackWatcher {
  readonly #length: Micros;
  /** Gmail knows complaint rates of mail with a DKIM signature that holds, and of no other (documented). */
  readonly #signedOnly: boolean;
  readonly #days = new Map<number, DayStatistics>();
  readonly #changed = new Set<DayStatistics>();

  constructor({ day, data }: Pick<ResolvedFeedback, 'day' | 'data'>) {
    this.#length = day;
    this.#signedOnly = data === 'postmaster-tools';
  }

  /** The days on which something has changed since this was last asked; they are still being counted. */
  changes(): DayStatistics[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** Passes everything on, and counts the commands of each source and the refusals of each domain. */
  watching(observer: IspObserver): IspObserver {
    return {
      ...observer,
      attempt: (e) => {
        if (e.stage === 'dot') sourceOn(this.#day(e.at), e.source).messageRecipients++;
        observer.attempt(e);
      },
      transaction: (e) => {
        this.#transaction(e);
        observer.transaction(e);
      },
    };
  }

  accepted(message: AcceptedMessage): void {
    const { at, recipients, tls, passed, helo, sender } = message;
    const day = this.#day(at);
    for (const domain of domainsOf(message)) {
      const tally = domainOn(day, domain);
      if (!tally) {
        day.beyond++;
        continue;
      }
      tally.messages++;
      tally.accepted += recipients.length;
      tally.sources.add(message.source);
      if (tls) tally.tls++;
      if (passed) {
        tally.checked++;
        if (passed.spf) tally.spf++;
        if (passed.dkim) tally.dkim++;
        if (passed.dmarc) tally.dmarc++;
      }
    }
    this.#rate(message, at, recipients.length, 0, () => day.beyond++);
    const source = sourceOn(day, message.source);
    source.messages++;
    source.accepted += recipients.length;
    source.helo ??= helo;
    source.sender ??= sender;
  }

  complained(message: AcceptedMessage, _recipient: string, at: Micros): void {
    this.#rate(message, at, 0, 1);
    sourceOn(this.#day(at), message.source).complaints++;
  }

  /** Takes a complaint back where it was counted: on the last day that has one. */
  withdrew(message: AcceptedMessage, _recipient: string, at: Micros): void {
    const last = this.#dayOf(at);
    for (let number = last; number > last - MOST_DAYS && number >= 0; number--) {
      const day = this.#days.get(number);
      const source = day?.sources.get(message.source);
      if (!source || source.complaints === 0) continue;
      source.complaints--;
      // To a day that is over it is as if nobody had complained at all.
      this.#rate(message, number === last ? at : (number + 1) * this.#length - 1, 0, -1);
      return;
    }
  }

  trapped(message: AcceptedMessage, _recipient: string, at: Micros): void {
    const day = this.#day(at);
    const source = sourceOn(day, message.source);
    source.traps++;
    source.firstTrap = earliest(source.firstTrap, at);
    source.lastTrap = latest(source.lastTrap, at);
    for (const domain of domainsOf(message)) {
      const tally = domainOn(day, domain);
      if (tally) tally.traps++;
    }
  }

  /** Takes down what the ISP thinks of the senders of this day. */
  scored({ sources, domains }: Scores, at: Micros): void {
    // A day without mail has no figures, and so no reputation.
    const day = this.#days.get(this.#dayOf(at));
    if (!day) return;
    for (const [source, score] of sources) {
      const tally = day.sources.get(source);
      if (!tally || tally.score === score) continue;
      tally.score = score;
      this.#changed.add(day);
    }
    for (const [domain, score] of domains) {
      const tally = day.domains.get(domain);
      if (!tally || tally.score === score) continue;
      tally.score = score;
      this.#changed.add(day);
    }
  }

  #transaction({ at, source, sender, stage, outcome, recipients, reply }: Transaction): void {
    const day = this.#day(at);
    const tally: SourceTally = sourceOn(day, source);
    tally.first = earliest(tally.first, at);
    tally.last = latest(tally.last, at);
    tally.rcptCommands += recipients;
    if (stage === 'data' || stage === 'dot') tally.dataCommands++;
    if (sender === '' || reply === undefined || outcome === 'abandoned' || outcome === 'recycled') return;
    const domain = domainOn(day, domainOf(sender).toLowerCase());
    if (!domain) return;
    domain.tried++;
    if (outcome !== 'accepted' && outcome !== 'partial')
      domain.errors.set(reply, (domain.errors.get(reply) ?? 0) + 1);
  }

  /** Counts recipients and complaints of a message wherever they make a rate. */
  #rate(
    message: AcceptedMessage,
    at: Micros,
    recipients: number,
    complaints: number,
    onBeyond = (): void => {},
  ): void {
    const signer = signerOf(message);
    if (this.#signedOnly && signer === undefined) return;
    const day = this.#day(at);
    const after = at - day.day * this.#length;
    const add = (rated: Rated): void => {
      rated.recipients += recipients;
      rated.complaints += complaints;
      note(day, rated.course, after, recipients, complaints);
    };
    for (const domain of domainsOf(message)) {
      const tally = domainOn(day, domain);
      if (tally) add(tally);
    }
    if (signer === undefined) return;
    for (const id of feedbackIdsIn(headerField(message.header, 'Feedback-ID') ?? '')) {
      const tally = idOn(day, signer, id);
      if (tally) add(tally);
      else onBeyond();
    }
  }

  #dayOf(at: Micros): number {
    return Math.max(0, Math.floor(at / this.#length));
  }

  #day(at: Micros): DayStatistics {
    const number = this.#dayOf(at);
    let day = this.#days.get(number);
    if (!day) {
      day = emptyDay(number);
      this.#days.set(number, day);
      for (const old of this.#days.keys()) {
        if (this.#days.size <= MOST_DAYS) break;
        this.#days.delete(old);
      }
    }
    this.#changed.add(day);
    return day;
  }
}

type Transaction = Parameters<IspObserver['transaction']>[0];

/** The domains that a message counts for: its author's and its signer's. */
function domainsOf({ fromDomain, dkimDomain }: AcceptedMessage): ReadonlySet<string> {
  return new Set([fromDomain, dkimDomain].filter((domain) => domain !== undefined));
}

/** The domain that vouches for a message. A signature that nobody looked at is taken to hold. */
function signerOf({ dkimDomain, passed }: AcceptedMessage): string | undefined {
  return passed?.dkim === false ? undefined : dkimDomain;
}
