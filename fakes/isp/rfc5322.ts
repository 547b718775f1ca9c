/** What receivers look for in a header: fields that must be there, and once (RFC 5322 section 3.6); unsubscribing (RFC 8058). */
import addressparser from 'nodemailer/lib/addressparser';

/** A field of a header. The value is unfolded. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** What can be wrong with a header. */
export const HEADER_FAULTS = [
  'no-from', // no From field, or no address in it
  'several-from-addresses', // an author too many for receivers, though RFC 5322 allows it
  'no-date',
  'no-message-id', // RFC 5322 asks for one, receivers insist on it
  'repeated-field', // a field that may be there once only
  'encoded-address', // an encoded word where no text may be (RFC 2047 section 5)
] as const;
export type HeaderFaultKind = (typeof HEADER_FAULTS)[number];

/** A fault and the field that has it, as the message spells it. */
export interface HeaderFault {
  readonly kind: HeaderFaultKind;
  readonly field: string;
}

/** How one leaves a mailing list: at one click, by some other means that a header names, or not that way. */
export type Unsubscribe = 'one-click' | 'header' | 'none';

/** What a header says. */
export interface HeaderReport {
  readonly faults: readonly HeaderFault[];
  /** The domain in From in small letters; '' unless there is exactly one address. */
  readonly fromDomain: string;
  readonly unsubscribe: Unsubscribe;
}

/** Fields that may be there once at most (RFC 5322 section 3.6). */
const ONCE = new Set([
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
]);

/** Fields that hold addresses or ids, and what of them no encoded word may stand in. */
const ADDRESSES = new Set(['from', 'sender', 'reply-to', 'to', 'cc']);
const ENCODED_WORD = /=\?[^?\s]+\?[bq]\?[^?\s]*\?=/i;
const ENCODED_ADDRESS = /<[^<>]*=\?[^?\s]+\?[bq]\?[^?\s]*\?=[^<>]*>/i;

/** The fields of a message's header in their order. Lines that belong to none are left out. */
export function headerFields(message: string): HeaderField[] {
  const end = message.startsWith('\r\n') ? 0 : message.indexOf('\r\n\r\n');
  const header = end < 0 ? message : message.slice(0, end);
  return header
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .flatMap((line) => {
      const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [{ name, value: value.trim() }];
    });
}

/** Looks a header over. */
export function reportOnHeader(fields: readonly HeaderField[]): HeaderReport {
  const faults: HeaderFault[] = [];
  const found = new Map<string, HeaderField>();
  for (const field of fields) {
    const key = field.name.toLowerCase();
    if (!found.has(key)) found.set(key, field);
    else if (ONCE.has(key)) faults.push({ kind: 'repeated-field', field: field.name });
    if (hasEncodedAddress(key, field.value)) faults.push({ kind: 'encoded-address', field: field.name });
  }
  const authors = addressesOf(found.get('from')?.value ?? '');
  if (authors.length === 0) faults.push({ kind: 'no-from', field: 'From' });
  if (authors.length > 1) faults.push({ kind: 'several-from-addresses', field: 'From' });
  if (!found.get('date')?.value) faults.push({ kind: 'no-date', field: 'Date' });
  if (!/<[^<>\s@]+@[^<>\s@]+>/.test(found.get('message-id')?.value ?? ''))
    faults.push({ kind: 'no-message-id', field: 'Message-ID' });
  const [author = '', ...others] = authors;
  return {
    faults,
    fromDomain: others.length > 0 ? '' : author.slice(author.lastIndexOf('@') + 1).toLowerCase(),
    unsubscribe: unsubscribeOf(
      found.get('list-unsubscribe')?.value,
      found.get('list-unsubscribe-post')?.value,
    ),
  };
}

/** Addresses with a domain in a field's value, those of groups too. */
function addressesOf(value: string): string[] {
  return addressparser(value, { flatten: true }).flatMap(({ address }) =>
    /^[^@\s].*@[^@\s]+$/.test(address ?? '') ? [address as string] : [],
  );
}

function hasEncodedAddress(key: string, value: string): boolean {
  if (key === 'message-id') return ENCODED_WORD.test(value);
  return ADDRESSES.has(key) && ENCODED_ADDRESS.test(value);
}

/** RFC 8058 section 3.1. That DKIM signs both fields (section 4) is not looked at. */
function unsubscribeOf(list: string | undefined, post: string | undefined): Unsubscribe {
  if (!list) return 'none';
  const oneClick = /^List-Unsubscribe=One-Click$/i.test(post ?? '') && /<\s*https:[^<>]*>/i.test(list);
  return oneClick ? 'one-click' : 'header';
}
