/** Listens for bad news about recipients, and has them written to again, as a list would that does not listen. */
import type { Micros } from '../../core/clock.ts';
import { FIRST_FOLLOW_UP } from '../../core/identity.ts';
import type { FollowUp } from '../../driver/follow-ups.ts';
import {
  ATTEMPT_OUTCOMES,
  DSN_ACTIONS,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  Kind,
  type News,
  NONE16,
  type Packer,
  RecordView,
} from '../../record/attempt-log.ts';
import { type LoadModel, loadOfMessage } from '../../record/run-model.ts';
import type { Plan } from '../../scenario/plan.ts';
import { type BadNews, spanOf } from '../../scenario/suppression.ts';

const REJECTED = ATTEMPT_OUTCOMES.indexOf('rejected');
const FAILED = DSN_ACTIONS.indexOf('failed');
const SENT = FEEDBACK_STATES.indexOf('sent');

/** So many messages more than the loads have handed over may follow news, as a share of these. */
const SHARE = 0.1;

/** Recipients that are remembered at most; of a load that repeats its mailboxes all count that there was news about. */
const KNOWN = 100_000;

/** Mailboxes of these kinds take no mail ever. */
const DEAD = ['unknown', 'disabled'];

/** News as it came in. */
interface Message {
  readonly message: number;
  readonly slot: number;
}

/** A recipient about whom there was news. */
interface KnownRecipient extends Message {
  readonly news: BadNews;
  withdrawn: boolean;
  /** There was bad news again after it was withdrawn. */
  renewed: boolean;
  /** It is written to again. */
  readonly followed: boolean;
}

/** What decides. */
export interface NewsOptions {
  readonly plan: Pick<Plan, 'suppression' | 'isps' | 'duration'>;
  readonly loads: readonly LoadModel[];
  /** The MTA reports whom it gives up, so that nobody is given up before that. */
  readonly sendsDsn: boolean;
}

/** Whether a run has to listen at all. */
export function listensForNews(
  { suppression, adapter }: Pick<Plan, 'suppression' | 'adapter'>,
  loads: readonly LoadModel[],
): boolean {
  return (
    adapter !== 'none' && (suppression !== undefined || loads.some((load) => load.repeatAfter !== undefined))
  );
}

/** Takes in all records, and says from time to time what is new. */
export class NewsDesk {
  readonly #options: NewsOptions;
  readonly #deadReplies: ReadonlySet<number>;
  /** Refused for good and not reported, or reported and not known to be refused for good. */
  readonly #rejected = new Set<string>();
  readonly #reported = new Set<string>();
  readonly #known = new Map<string, KnownRecipient>();
  readonly #fresh: (Message & { readonly news: News })[] = [];
  /** Messages and recipients granted by kind of news. */
  readonly #granted = new Map<BadNews, { messages: number; recipients: number }>();
  /** Whom the messages are for that followed a withdrawal. */
  readonly #forgiven = new Map<number, KnownRecipient>();
  #next = FIRST_FOLLOW_UP;

  constructor(options: NewsOptions) {
    this.#options = options;
    this.#deadReplies = deadReplies(options.plan);
  }

  /** Takes in packed records. */
  take(records: Uint8Array): void {
    const view = new RecordView(records);
    for (view.index = 0; view.index < view.count; view.index++) {
      switch (view.kind) {
        case Kind.attempt:
          if (view.outcome === REJECTED && this.#deadReplies.has(view.reply)) this.#givenUp(view, 'rejected');
          break;
        case Kind.dsn:
          if (view.outcome === FAILED) this.#givenUp(view, 'reported');
          break;
        case Kind.feedback:
          if (view.outcome === SENT) this.#feedback(view);
          break;
      }
    }
  }

  /**
   * Packs what is new since the last time, as known from now on.
   * @param confirmed messages that the MTA has taken so far
   * @returns what is to be handed over because of it
   */
  tell(events: Packer, now: Micros, confirmed: number): FollowUp[] {
    return this.#fresh.splice(0).flatMap(({ news, ...about }) => {
      const { message, slot } = this.#forgiven.get(about.message) ?? about;
      const load = loadOfMessage(this.#options.loads, message);
      if (!load || slot >= load.recipientsPerMessage) return [];
      const key = mailboxOf(load, message, slot);
      const known = this.#known.get(key);
      const common = { at: now, isp: load.ispOf(message, slot) };
      if (news === 'withdrawal') {
        if (known?.news !== 'complaint' || known.withdrawn) return [];
        known.withdrawn = true;
        const orders = known.followed ? this.#orders(known, now, 'complaint') : [];
        for (const order of orders) this.#forgiven.set(order.message, known);
        events.news({ ...common, message: known.message, slot, news, ...rangeOf(orders) });
        return orders;
      }
      if (known?.withdrawn && !known.renewed) {
        known.renewed = true;
        events.news({ ...common, message: known.message, slot, news, first: 0, count: 0 });
      }
      if (known || this.#known.size >= KNOWN) return [];
      const followed = this.#mayFollow(news, now, confirmed);
      if (!followed && load.repeatAfter === undefined) return [];
      this.#known.set(key, { message, slot, news, withdrawn: false, renewed: false, followed });
      const orders = followed ? this.#orders({ message, slot }, now, news) : [];
      events.news({ ...common, message, slot, news, ...rangeOf(orders) });
      return orders;
    });
  }

  #givenUp({ message, slot }: RecordView, how: 'rejected' | 'reported'): void {
    if (slot === NONE16) return;
    const key = `${message}/${slot}`;
    const other = how === 'rejected' ? this.#reported : this.#rejected;
    const isKnown = other.delete(key);
    if (isKnown || (how === 'rejected' && !this.#options.sendsDsn))
      this.#fresh.push({ message, slot, news: 'bounce' });
    else (how === 'rejected' ? this.#rejected : this.#reported).add(key);
  }

  #feedback({ message, slot, feedbackKind }: RecordView): void {
    const kind = FEEDBACK_KINDS[feedbackKind];
    if (slot === NONE16) return;
    if (kind === 'bounce' || kind === 'complaint' || kind === 'unsubscribe' || kind === 'withdrawal')
      this.#fresh.push({ message, slot, news: kind });
  }

  /** Each kind of news has its part of what may be sent, and all messages must come before the load ends. */
  #mayFollow(news: BadNews, now: Micros, confirmed: number): boolean {
    const { suppression, duration } = this.#options.plan;
    if (!suppression?.of.includes(news) || now + spanOf(suppression) > duration) return false;
    const { of, times, most } = suppression;
    const { messages, recipients } = this.#grants(news);
    return (
      messages + times <= (SHARE * confirmed) / of.length && recipients + 1 <= Math.ceil(most / of.length)
    );
  }

  #orders(original: Message, now: Micros, news: BadNews): FollowUp[] {
    const { suppression } = this.#options.plan;
    if (!suppression) return [];
    const { delay, every, times } = suppression;
    const grants = this.#grants(news);
    grants.messages += times;
    grants.recipients++;
    const { message, slot } = original;
    return Array.from({ length: times }, (_, n) => ({
      message: this.#next++,
      original: { message, slot },
      due: now + delay + n * every,
    }));
  }

  #grants(news: BadNews): { messages: number; recipients: number } {
    const grants = this.#granted.get(news) ?? { messages: 0, recipients: 0 };
    this.#granted.set(news, grants);
    return grants;
  }
}

function rangeOf(orders: readonly FollowUp[]): { first: number; count: number } {
  return { first: orders[0]?.message ?? 0, count: orders.length };
}

/** What names a mailbox: the first message to it. */
function mailboxOf({ firstMessage, repeatAfter }: LoadModel, message: number, slot: number): string {
  const n = message - firstMessage;
  return `${firstMessage + (repeatAfter === undefined ? n : n % repeatAfter)}/${slot}`;
}

/** The replies, by their places in the run's list of all replies, that say of a mailbox that it takes no mail ever. */
function deadReplies({ isps }: NewsOptions['plan']): ReadonlySet<number> {
  const found = new Set<number>();
  let offset = 0;
  for (const { resolved } of isps) {
    for (const { name, reply } of [...resolved.mailboxes, ...resolved.hosted.mailboxes])
      if (DEAD.includes(name)) found.add(offset + reply);
    offset += resolved.replies.length;
  }
  return found;
}
