/**
 * Hides whom a complaint is from (RFC 6590). The recipient's address becomes `redacted` at its own domain wherever it
 * stands, other recipients of the message stay as they are. So the message can still be told by its header, and the
 * recipient by the place that `redacted` has in To: an MTA under test that knows neither can't tell.
 */
import type { ReturnedSubject } from '../mail.ts';

/** What stands for the local part of a hidden address. */
const REDACTED = 'redacted';

/** Hides what a report about this subject has to hide: of a text, or of an address. */
export type Redaction = (text: string) => string;

/**
 * @param sender also hides the reverse path, which often tells the recipient (VERP)
 */
export function redactionOf(subject: ReturnedSubject, { sender }: { readonly sender: boolean }): Redaction {
  if (!subject.complaint.redacted) return (text) => text;
  const hidden = [subject.recipient, ...(sender ? [subject.message.sender] : [])].filter(
    (address) => address.lastIndexOf('@') > 0,
  );
  return (text) => hidden.reduce(withoutAddress, text);
}

/** As it is in fields, in a VERP address of its own, and in a URL. */
function withoutAddress(text: string, address: string): string {
  const at = address.lastIndexOf('@');
  const local = escaped(address.slice(0, at));
  const domain = escaped(address.slice(at + 1));
  return text.replace(
    new RegExp(`(?<![\\w.])${local}(@|=|%40)(${domain})(?!\\.?[\\w-])`, 'gi'),
    `${REDACTED}$1$2`,
  );
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
