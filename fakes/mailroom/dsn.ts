/** Reads delivery status notifications (RFC 3464). Pure: text in, reports out. */
import { recipientOf } from '../../src/core/identity.ts';
import { DSN_ACTIONS, type DsnAction } from '../../src/record/attempt-log.ts';
import { addressOf, blocksOf, type Fields, withoutType } from './fields.ts';

/** What a notification says about one recipient. */
export interface RecipientReport {
  /** Final-Recipient, or Original-Recipient where only that is an address of ours; without its type. */
  readonly recipient: string;
  /** From the recipient's local part; undefined if it is not one of ours. */
  readonly mailbox: number | undefined;
  readonly slot: number | undefined;
  readonly action: DsnAction;
  /** `5.1.1`; empty if the block has no status that can be read. */
  readonly status: string;
  /** The Diagnostic-Code on one line, without its type. */
  readonly diagnostic: string | undefined;
}

/** One `message/delivery-status` body. */
export interface DeliveryStatus {
  /** One for each recipient block. */
  readonly reports: readonly RecipientReport[];
  /** Recipient blocks that had to be left out: no recipient, or no action that RFC 3464 section 2.3.3 knows. */
  readonly malformed: number;
  /** Whose report it is: the Reporting-MTA without its type, in small letters. */
  readonly reportingMta: string | undefined;
}

/** Of these a recipient has one each, so that a second one begins the next recipient. */
const RECIPIENT_FIELDS = new Set(['original-recipient', 'final-recipient', 'action', 'status']);

/**
 * Parses the body of a `message/delivery-status` part (RFC 3464 section 2.1: fields of the message, then those of
 * each recipient, blank lines between them). Copes with missing blank lines and bare LF.
 */
export function parseDeliveryStatus(text: string): DeliveryStatus {
  const reports: RecipientReport[] = [];
  let malformed = 0;
  let reportingMta: string | undefined;
  for (const block of blocksOf(text, RECIPIENT_FIELDS)) {
    reportingMta ??= addressOf(block.get('reporting-mta'))?.toLowerCase();
    const report = reportOf(block);
    if (report) reports.push(report);
    else if ([...block.keys()].some((name) => RECIPIENT_FIELDS.has(name))) malformed++;
  }
  return { reports, malformed, reportingMta };
}

function reportOf(block: Fields): RecipientReport | undefined {
  const final = addressOf(block.get('final-recipient'));
  const original = addressOf(block.get('original-recipient'));
  const recipient = [final, original].find((address) => address && recipientOf(address)) ?? final ?? original;
  const status = /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)/.exec(block.get('status') ?? '')?.[0] ?? '';
  const action = block.has('action')
    ? DSN_ACTIONS.find((known) => known === wordOf(block.get('action')))
    : impliedAction(status);
  if (recipient === undefined || action === undefined) return undefined;
  const ours = recipientOf(recipient);
  return {
    recipient,
    mailbox: ours?.mailbox,
    slot: ours?.slot,
    action,
    status,
    diagnostic: withoutType(block.get('diagnostic-code')) || undefined,
  };
}

/**
 * The action of a block that names none, although RFC 3464 section 2.3.3 asks for it: Haraka 3.3 leaves it out where
 * an ISP refused some of a message's recipients. A notification without more to say is one of failure.
 */
function impliedAction(status: string): DsnAction {
  if (status.startsWith('2')) return 'delivered';
  return status.startsWith('4') ? 'delayed' : 'failed';
}

function wordOf(value: string | undefined): string {
  return /^[a-z]+/.exec((value ?? '').toLowerCase())?.[0] ?? '';
}
