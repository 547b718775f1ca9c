/** Reads delivery status notifications (RFC 3464). Pure: text in, reports out. */
import { MESSAGE_HEADER, recipientOf } from '../src/core/identity.ts';
import { DSN_ACTIONS, type DsnAction } from '../src/record/attempt-log.ts';

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
}

type Fields = Map<string, string>;

/** Of these a recipient has one each, so that a second one begins the next recipient. */
const RECIPIENT_FIELDS = new Set(['original-recipient', 'final-recipient', 'action', 'status']);

/**
 * Parses the body of a `message/delivery-status` part (RFC 3464 section 2.1: fields of the message, then those of
 * each recipient, blank lines between them). Copes with missing blank lines and bare LF.
 */
export function parseDeliveryStatus(text: string): DeliveryStatus {
  const reports: RecipientReport[] = [];
  let malformed = 0;
  for (const block of blocksOf(text)) {
    const report = reportOf(block);
    if (report) reports.push(report);
    else if ([...block.keys()].some((name) => RECIPIENT_FIELDS.has(name))) malformed++;
  }
  return { reports, malformed };
}

/** The message's number in the headers of a returned message (or in its whole text); undefined if it has none. */
export function messageOfReturned(text: string): number | undefined {
  const [headers = ''] = text.split(/\r?\n\r?\n/, 1);
  const match = /^(\d{1,10})$/.exec(blocksOf(headers)[0]?.get(MESSAGE_HEADER.toLowerCase()) ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Blocks of fields with lower-case names and unfolded values. The first of several fields of a name counts. */
function blocksOf(text: string): Fields[] {
  const blocks: Fields[] = [];
  let block: Fields = new Map();
  for (const line of unfold(text)) {
    const field = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line);
    const name = field?.[1]?.toLowerCase() ?? '';
    if (line === '' || (RECIPIENT_FIELDS.has(name) && block.has(name))) {
      if (block.size > 0) blocks.push(block);
      block = new Map();
    }
    if (field && !block.has(name)) block.set(name, (field[2] ?? '').trim());
  }
  if (block.size > 0) blocks.push(block);
  return blocks;
}

/** Lines, each with those that continue it (RFC 5322 section 2.2.3). */
function unfold(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const last = lines.length - 1;
    if (/^[ \t]/.test(line) && lines[last]) lines[last] = `${lines[last]} ${line.trim()}`;
    else lines.push(line.trimEnd());
  }
  return lines;
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

/** `rfc822; <user@host> (a comment)` without type, brackets and comment. */
function addressOf(value: string | undefined): string | undefined {
  const address = withoutType(value)
    .replace(/\s.*$/, '')
    .replace(/^<(.*)>$/, '$1');
  return address === '' ? undefined : address;
}

function wordOf(value: string | undefined): string {
  return /^[a-z]+/.exec((value ?? '').toLowerCase())?.[0] ?? '';
}

/** What follows the `type;` of a field (RFC 3464 section 2.1.2), or the whole value if it has no type. */
function withoutType(value: string | undefined): string {
  return (value ?? '').replace(/^[\w.-]+[ \t]*;/, '').trim();
}
