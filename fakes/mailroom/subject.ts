/** Finds out which message and which of its recipients a returned mail is about. */
import { MESSAGE_HEADER, messageOfSender, recipientOf } from '../../src/core/identity.ts';
import { addressOf, type Fields, headerOf } from './fields.ts';

/** What a mail is about, as far as it tells. */
export interface Subject {
  readonly message: number | undefined;
  /** The recipient's place in the message; undefined where it is hidden. */
  readonly slot: number | undefined;
  /** The recipient's mailbox; undefined where it is hidden. */
  readonly mailbox: number | undefined;
}

/** Where ISPs put down whom they delivered a message to. */
const DELIVERED_TO = [
  'x-hmxmroriginalrecipient',
  'x-apparently-to',
  'delivered-to',
  'x-original-to',
  'envelope-to',
];

/** Enough of a header for addresses: a longer one is no header of the run's. */
const LONGEST_LIST = 100_000;

/**
 * The message by the address that the mail came to (VERP), else by the header of the returned message, else by the reverse
 * path that the mail quotes.
 * @param to the envelope recipient
 * @param returned headers of returned messages, as text; whole messages will do
 * @param senders addresses that the mail calls the reverse path of the message
 * @param recipients addresses that the mail names as the recipient, the surest first
 */
export function subjectOf(
  to: string,
  returned: readonly string[],
  senders: readonly (string | undefined)[] = [],
  recipients: readonly (string | undefined)[] = [],
): Subject {
  const headers = returned.map(headerOf);
  const message = first([
    () => messageOfSender(to),
    ...headers.map((header) => () => messageOfHeader(header)),
    ...[...senders, ...headers.map((header) => header.get('return-path'))].map(
      (sender) => () => (sender === undefined ? undefined : messageOfSender(sender)),
    ),
  ]);
  const recipient = first<{ readonly slot: number; readonly mailbox: number | undefined }>([
    ...recipients.map((address) => () => oneRecipientOf(address)),
    ...headers.flatMap((header) => DELIVERED_TO.map((name) => () => oneRecipientOf(header.get(name)))),
    ...headers.map((header) => () => hiddenIn(header.get('to')) ?? oneRecipientOf(header.get('to'))),
  ]);
  return { message, slot: recipient?.slot, mailbox: recipient?.mailbox };
}

/** The message's number in the header of a returned message; undefined if it has none. */
function messageOfHeader(header: Fields): number | undefined {
  const match = /^(\d{1,10})$/.exec(header.get(MESSAGE_HEADER.toLowerCase()) ?? '');
  return match ? Number(match[1]) : undefined;
}

/**
 * The place of a hidden recipient among all of the message, where the others still stand: ISPs put `redacted` for the local part,
 * as the example of RFC 6590 does.
 */
function hiddenIn(
  to: string | undefined,
): { readonly slot: number; readonly mailbox: undefined } | undefined {
  const slot = (to ?? '')
    .slice(0, LONGEST_LIST)
    .split(',')
    .findIndex((address) => /^\s*<?redacted@/i.test(address));
  return slot < 0 ? undefined : { slot, mailbox: undefined };
}

/** The only address of ours in a field; undefined if there are none or several. */
function oneRecipientOf(value: string | undefined): ReturnType<typeof recipientOf> {
  const addresses = new Set(
    (value ?? '')
      .slice(0, LONGEST_LIST)
      .toLowerCase()
      .match(/\bu\d{1,10}\.\d{1,5}@[^\s,;<>()]+/g),
  );
  const [address = ''] = addresses;
  return addresses.size === 1 ? recipientOf(address) : undefined;
}

/** The address in a field such as From, whatever name stands with it; undefined if there is none. */
export function mailboxIn(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = value.slice(0, LONGEST_LIST);
  const inBrackets = text.slice(text.lastIndexOf('<') + 1);
  return addressOf(text.includes('<') ? inBrackets.replace(/>.*$/, '') : text)?.toLowerCase();
}

function first<T>(ways: readonly (() => T | undefined)[]): T | undefined {
  for (const way of ways) {
    const found = way();
    if (found !== undefined) return found;
  }
  return undefined;
}
