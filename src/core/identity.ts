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
  const match = /^<?b-(\d{1,10})@/i.exec(address);
  return match ? Number(match[1]) : undefined;
}

/** A recipient's address: `u<mailbox>.<slot>@gmail.com`. */
export function recipientAddress(mailbox: number, slot: number, domain: string): string {
  return `u${mailbox}.${slot}@${domain}`;
}

/** Mailbox and slot of a recipient's address, or undefined if it is not one of ours. */
export function recipientOf(address: string): { mailbox: number; slot: number } | undefined {
  const match = /^<?u(\d{1,10})\.(\d{1,5})@/i.exec(address);
  return match ? { mailbox: Number(match[1]), slot: Number(match[2]) } : undefined;
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
