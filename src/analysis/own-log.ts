/** What the MTA says that it did, held against what the ISPs saw, recipient by recipient. */
import { messageOfSender, recipientOf } from '../core/identity.ts';
import type { Ledger } from '../record/ledger.ts';
import { RecipientFlags } from '../record/recipient-flags.ts';
import { eachRecipient, type LoadModel, loadOfMessage, placeOfRecipient } from '../record/run-model.ts';
import { REPORT_KINDS, type ReportKind, reportFlag, type SentReports } from '../record/sent-reports.ts';

/** An entry of the MTA's log, as far as it is compared. */
export interface LoggedEvent {
  /** `unreadable`: it should tell something, and can't be read. */
  readonly kind:
    | 'received'
    | 'delivered'
    | 'deferred'
    | 'bounced'
    | 'expired'
    | 'complaint'
    | 'withdrawal'
    | 'remote-bounce'
    | 'unreadable';
  /** The envelope sender; undefined where only the recipient is told. */
  readonly sender: string | undefined;
  readonly recipient: string;
  /** The message's number, where a report tells it otherwise. */
  readonly message?: number;
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

/** Reports of one kind that ISPs have sent to the MTA, in recipients. */
export interface ReportCounts {
  readonly kind: ReportKind;
  /** Confirmed by the MTA. */
  readonly sent: number;
  /** Of these the log tells that it was read. */
  readonly processed: number;
  /** The log tells of a report that no ISP has sent. */
  readonly unasked: number;
}

const DELIVERED = 1;
const GIVEN_UP = 2;
const WRONG_SOURCE = 4;

/** The reports that entries about what came back are about. */
export const REPORT_OF = {
  complaint: 'complaint',
  withdrawal: 'withdrawal',
  'remote-bounce': 'bounce',
} as const satisfies Partial<Record<LoggedEvent['kind'], ReportKind>>;

/** Takes in a log, an entry after the other: a byte a recipient, however many entries there are. */
export class OwnLog {
  /** Entries about recipients of this run; about others; and those that could not be read. */
  events = 0;
  others = 0;
  unreadable = 0;
  readonly #ledger: Ledger;
  readonly #loads: readonly LoadModel[];
  readonly #sources: ReadonlyMap<string, readonly number[]>;
  readonly #said = new RecipientFlags();
  /** Whom the log tells of reports about. */
  readonly #reported = new RecipientFlags();
  /** Reports about a message of several recipients that hide whom they are about. */
  readonly #hidden = new Map<ReportKind, number>();

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
    if (event.kind in REPORT_OF) {
      this.#takeReport(REPORT_OF[event.kind as keyof typeof REPORT_OF], event);
      return;
    }
    const recipient = this.#recipientOf(event.sender, event.recipient);
    if (recipient === undefined) {
      this.others++;
      return;
    }
    this.events++;
    if (event.kind === 'bounced' || event.kind === 'expired') this.#said.mark(recipient, GIVEN_UP);
    if (event.kind !== 'delivered') return;
    this.#said.mark(recipient, DELIVERED);
    if (event.source !== undefined && this.#isWrong(recipient, event.source))
      this.#said.mark(recipient, WRONG_SOURCE);
  }

  /** Compares it with the ledger, in one pass; one entry an ISP. */
  compare(isps: number): LogCounts[] {
    const counts = Array.from({ length: isps }, noCounts);
    for (const r of this.#ledger.recipients()) {
      const at = counts[this.#ledger.isp(r)];
      if (!at) continue;
      const said = this.#said.of(r);
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

  /**
   * Compares what it tells of reports with those that were sent, by kind. Who is hidden in a report counts as one of those of
   * whom it tells nothing.
   */
  compareReports(sent: SentReports): ReportCounts[] {
    return REPORT_KINDS.map((kind) => {
      const flag = reportFlag(kind);
      const counts = { sent: 0, told: 0, unasked: 0 };
      for (const [recipient, flags] of sent.recipients()) {
        if ((flags & flag) === 0) continue;
        counts.sent++;
        if ((this.#reported.of(recipient) & flag) !== 0) counts.told++;
      }
      for (const [recipient, flags] of this.#reported)
        if ((flags & flag) !== 0 && (sent.of(recipient) & flag) === 0) counts.unasked++;
      const hidden = this.#hidden.get(kind) ?? 0;
      const found = Math.min(hidden, counts.sent - counts.told);
      return {
        kind,
        sent: counts.sent,
        processed: counts.told + found,
        unasked: counts.unasked + hidden - found,
      };
    });
  }

  #takeReport(kind: ReportKind, { sender, recipient, message: told }: LoggedEvent): void {
    const message = told ?? (sender === undefined ? undefined : messageOfSender(sender));
    const load = message === undefined ? undefined : loadOfMessage(this.#loads, message);
    const named =
      message === undefined || !load
        ? this.#recipientOf(undefined, recipient)
        : this.#placed(message, load.recipientsPerMessage === 1 ? 0 : recipientOf(recipient)?.slot);
    if (named === undefined && !load) {
      this.others++;
      return;
    }
    this.events++;
    if (named === undefined) this.#hidden.set(kind, (this.#hidden.get(kind) ?? 0) + 1);
    else this.#reported.mark(named, reportFlag(kind));
  }

  /** By sender and slot; where the sender is not told, by mailbox, if each is written to once. */
  #recipientOf(sender: string | undefined, recipient: string): number | undefined {
    const to = recipientOf(recipient);
    if (!to) return undefined;
    if (sender === undefined) {
      const place = placeOfRecipient(this.#loads, to.mailbox);
      return place && place.load.mailboxesRepeat !== true ? to.mailbox : undefined;
    }
    const message = messageOfSender(sender);
    return message === undefined ? undefined : this.#placed(message, to.slot);
  }

  /** The number of a message's recipient; undefined if it was never planned. */
  #placed(message: number, slot: number | undefined): number | undefined {
    let found: number | undefined;
    if (slot !== undefined)
      eachRecipient(this.#loads, message, slot, undefined, (recipient) => {
        found = recipient;
      });
    return found;
  }

  /** Who was accepted more than once may have been so from several sources. */
  #isWrong(recipient: number, source: string): boolean {
    if (this.#ledger.accepted(recipient) !== 1) return false;
    return !this.#sources.get(source.toLowerCase())?.includes(this.#ledger.acceptedFrom(recipient));
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
