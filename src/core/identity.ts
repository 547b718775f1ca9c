/**
 * How a message and its recipients carry their numbers through an MTA. The message's number is in the envelope
 * sender (VERP) and in a header; the mailbox's number and the recipient's slot in the message are in the local part.
 */

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
