/**
 * How a message and its recipients carry their numbers through an MTA. The message's number is in the envelope
 * sender (VERP) and in a header; the mailbox's number and the recipient's slot in the message are in the local part.
 */

/** Messages of loads have smaller numbers than those that follow bad news about a recipient (`suppression`). */
export const FIRST_FOLLOW_UP = 3e9;

/** No message has this number or a greater one. */
const END_OF_NUMBERS = 0xffffffff;

/** Whether a message belongs to no load, but follows bad news about its recipient. */
export function isFollowUp(message: number): boolean {
  return message >= FIRST_FOLLOW_UP && message < END_OF_NUMBERS;
}

/** The header that carries the message's number. */
export const MESSAGE_HEADER = 'X-Windtunnel-Message';

/** The envelope sender of a message: `b-<number>@news.sender.test`. */
export function envelopeSender(message: number, senderDomain: string): string {
  return `b-${message}@${senderDomain}`;
}

/** The message's number in an envelope sender, or undefined if it is not one of ours. */
export function messageOfSender(address: string): number | undefined {
  const at = address.charCodeAt(0) === LESS ? 1 : 0;
  if ((address.charCodeAt(at) | SMALL) !== B || address.charCodeAt(at + 1) !== HYPHEN) return undefined;
  const end = address.indexOf('@', at + 2);
  return numberIn(address, at + 2, end, 10);
}

/** A recipient's address: `u<mailbox>.<slot>@gmail.com`. */
export function recipientAddress(mailbox: number, slot: number, domain: string): string {
  return `u${mailbox}.${slot}@${domain}`;
}

/** Mailbox and slot of a recipient's address, or undefined if it is not one of ours. */
export function recipientOf(address: string): { mailbox: number; slot: number } | undefined {
  const at = address.charCodeAt(0) === LESS ? 1 : 0;
  if ((address.charCodeAt(at) | SMALL) !== U) return undefined;
  const dot = address.indexOf('.', at + 1);
  const end = address.indexOf('@', at + 1);
  const mailbox = numberIn(address, at + 1, dot, 10);
  const slot = numberIn(address, dot + 1, end, 5);
  return mailbox === undefined || slot === undefined ? undefined : { mailbox, slot };
}

const LESS = 60;
const HYPHEN = 45;
const ZERO = 48;
const B = 98;
const U = 117;
/** What makes a letter's code that of the small one. */
const SMALL = 32;

/** The number that the digits from `from` to `to` make; undefined if there is none, more than `most`, or something else. */
function numberIn(text: string, from: number, to: number, most: number): number | undefined {
  if (to <= from || to - from > most) return undefined;
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    // NaN behind the end of the text is none either.
    if (!(digit >= 0 && digit <= 9)) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

/** Where one click unsubscribes a recipient (RFC 8058): `https://news.sender.test/unsubscribe/<message>/<slot>`. */
export function unsubscribeUrl(message: number, slot: number, senderDomain: string): string {
  return `https://${senderDomain}/unsubscribe/${message}/${slot}`;
}

/** Where a mail unsubscribes a recipient (RFC 2369 section 3.2): `unsubscribe-<message>.<slot>@news.sender.test`. */
export function unsubscribeAddress(message: number, slot: number, senderDomain: string): string {
  return `unsubscribe-${message}.${slot}@${senderDomain}`;
}

/** Message and slot in an unsubscribe URL or its path, or in an unsubscribe address; undefined if it is not one of ours. */
export function unsubscribeOf(target: string): { message: number; slot: number } | undefined {
  const match =
    /^(?:https:\/\/[^/]+)?\/unsubscribe\/(\d{1,10})\/(\d{1,5})$/i.exec(target) ??
    /^<?(?:mailto:)?unsubscribe-(\d{1,10})\.(\d{1,5})@/i.exec(target);
  return match ? { message: Number(match[1]), slot: Number(match[2]) } : undefined;
}
