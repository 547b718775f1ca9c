/** What the MTA says that it did, held against what the ISPs saw, recipient by recipient. */
import { messageOfSender, recipientOf } from '../core/identity.ts';
import type { Ledger } from '../record/ledger.ts';
import { eachRecipient, type LoadModel, placeOfRecipient } from '../record/run-model.ts';

/** An entry of the MTA's log, as far as it is compared. */
export interface LoggedEvent {
  /** `unreadable`: it should tell something, and can't be read. */
  readonly kind: 'received' | 'delivered' | 'deferred' | 'bounced' | 'expired' | 'unreadable';
  /** The envelope sender; undefined where only the recipient is told. */
  readonly sender: string | undefined;
  readonly recipient: string;
  /** The address that it was sent from, or the name of the virtual MTA, if told. */
  readonly source: string | undefined;
}

/** Recipients of one ISP. */
export interface LogCounts {
  /** The log says that they were delivered. */
  delivered: number;
  /** The ISP has accepted them. */
  accepted: number;
  /** The log says that they bounced or expired, and of no delivery. */
  bounced: number;
  /** The ISP's last answer was a 5xx, and it never accepted them. */
  rejected: number;
  /** Delivered, says the log, and the ISP never accepted them. */
  falselyDelivered: number;
  /** Accepted by the ISP, which the MTA can have read, and the log tells of no delivery. */
  untold: number;
  /** The same, and the log says that they bounced or expired. */
  falselyBounced: number;
  /** The log names another source than the one that the ISP saw. */
  wrongSource: number;
}

const DELIVERED = 1;
const GIVEN_UP = 2;
const WRONG_SOURCE = 4;

const PAGE_BITS = 14;
const PAGE_SIZE = 1 << PAGE_BITS;

/** Takes in a log, an entry after the other: a byte a recipient, however many entries there are. */
export class OwnLog {
  /** Entries about recipients of this run; about others; and those that could not be read. */
  events = 0;
  others = 0;
  unreadable = 0;
  readonly #ledger: Ledger;
  readonly #loads: readonly LoadModel[];
  readonly #sources: ReadonlyMap<string, readonly number[]>;
  readonly #pages = new Map<number, Uint8Array>();

  /**
   * @param ledger of the whole run
   * @param sources numbers of sources by what a log may call them: an address, or the name of a virtual MTA
   */
  constructor(ledger: Ledger, loads: readonly LoadModel[], sources: ReadonlyMap<string, readonly number[]>) {
    this.#ledger = ledger;
    this.#loads = loads;
    this.#sources = sources;
  }

  take(event: LoggedEvent): void {
    if (event.kind === 'unreadable') {
      this.unreadable++;
      return;
    }
    const recipient = this.#recipientOf(event.sender, event.recipient);
    if (recipient === undefined) {
      this.others++;
      return;
    }
    this.events++;
    if (event.kind === 'bounced' || event.kind === 'expired') this.#mark(recipient, GIVEN_UP);
    if (event.kind !== 'delivered') return;
    this.#mark(recipient, DELIVERED);
    if (event.source !== undefined && this.#isWrong(recipient, event.source))
      this.#mark(recipient, WRONG_SOURCE);
  }

  /** Compares it with the ledger, in one pass; one entry an ISP. */
  compare(isps: number): LogCounts[] {
    const counts = Array.from({ length: isps }, noCounts);
    for (const r of this.#ledger.recipients()) {
      const at = counts[this.#ledger.isp(r)];
      if (!at) continue;
      const said = this.#pages.get(r >>> PAGE_BITS)?.[r & (PAGE_SIZE - 1)] ?? 0;
      const delivered = (said & DELIVERED) !== 0;
      const bounced = !delivered && (said & GIVEN_UP) !== 0;
      const accepted = this.#ledger.accepted(r) > 0;
      if (delivered) at.delivered++;
      if (bounced) at.bounced++;
      if (accepted) at.accepted++;
      else if (this.#ledger.lastAnswer(r) === '5xx') at.rejected++;
      if (delivered && !accepted) at.falselyDelivered++;
      if ((said & WRONG_SOURCE) !== 0) at.wrongSource++;
      if (delivered || !this.#ledger.canKnowOfAcceptance(r)) continue;
      at.untold++;
      if (bounced) at.falselyBounced++;
    }
    return counts;
  }

  /** By sender and slot; where the sender is not told, by mailbox, if each is written to once. */
  #recipientOf(sender: string | undefined, recipient: string): number | undefined {
    const to = recipientOf(recipient);
    if (!to) return undefined;
    if (sender === undefined) {
      const place = placeOfRecipient(this.#loads, to.mailbox);
      return place && place.load.repeatAfter === undefined ? to.mailbox : undefined;
    }
    const message = messageOfSender(sender);
    let found: number | undefined;
    if (message !== undefined)
      eachRecipient(this.#loads, message, to.slot, undefined, (r) => {
        found = r;
      });
    return found;
  }

  /** Who was accepted more than once may have been so from several sources. */
  #isWrong(recipient: number, source: string): boolean {
    if (this.#ledger.accepted(recipient) !== 1) return false;
    return !this.#sources.get(source.toLowerCase())?.includes(this.#ledger.acceptedFrom(recipient));
  }

  #mark(recipient: number, flag: number): void {
    const number = recipient >>> PAGE_BITS;
    let page = this.#pages.get(number);
    if (!page) {
      page = new Uint8Array(PAGE_SIZE);
      this.#pages.set(number, page);
    }
    const i = recipient & (PAGE_SIZE - 1);
    page[i] = (page[i] as number) | flag;
  }
}

function noCounts(): LogCounts {
  return {
    delivered: 0,
    accepted: 0,
    bounced: 0,
    rejected: 0,
    falselyDelivered: 0,
    untold: 0,
    falselyBounced: 0,
    wrongSource: 0,
  };
}
