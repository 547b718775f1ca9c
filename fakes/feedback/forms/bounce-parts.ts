/** What delivery status notifications have in common (RFC 3464), whoever writes them. */
import type { ReturnedSubject } from '../mail.ts';
import { type Entity, entity, type Field, header, textBody } from './mime.ts';
import { quotedHeader } from './original.ts';

/** Why a message that was accepted could not be delivered. */
export interface BounceReason {
  /** How often it is this one, against the others of its form. */
  readonly share: number;
  /** RFC 3463. */
  readonly status: string;
}

/** The machine-readable part: fields about the message, then those about its one recipient. */
export function statusPart(about: readonly Field[], recipient: readonly Field[]): Entity {
  return entity([['Content-Type', 'message/delivery-status']], `${header(about)}\r\n${header(recipient)}`);
}

/** The message as it comes back: its header, for ISPs keep no bodies here. */
export function returnedPart(
  { message }: ReturnedSubject,
  type: 'message/rfc822' | 'text/rfc822-headers' = 'message/rfc822',
): Entity {
  const quoted = quotedHeader(message.header);
  return entity([['Content-Type', type]], type === 'message/rfc822' ? `${quoted}\r\n` : quoted);
}

/** A text part. */
export function textPart(type: string, fields: readonly Field[], text: readonly string[]): Entity {
  return entity([['Content-Type', type], ...fields], textBody(text));
}
