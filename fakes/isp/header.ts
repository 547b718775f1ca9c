/** Reads the header of a message, as much of it as was kept. */

/** The value of a header field, unfolded; undefined if the header, as far as it was kept, has none (RFC 5322 section 2.2). */
export function headerField(head: string, name: string): string | undefined {
  const end = head.indexOf('\r\n\r\n');
  const header = `\r\n${end < 0 ? head : head.slice(0, end)}`;
  // Most have just the case that is asked for, and a search for any case copies the header.
  let start = header.indexOf(`\r\n${name}:`);
  if (start < 0) start = header.toLowerCase().indexOf(`\r\n${name.toLowerCase()}:`);
  if (start < 0) return undefined;
  const from = start + name.length + 3;
  const value = /^(?:[^\r]|\r\n[ \t])*/.exec(header.slice(from))?.[0] ?? '';
  return value.replace(/\r\n/g, '').trim();
}

/** The d= of the first DKIM signature in a header, in small letters; undefined if there is none (RFC 6376 section 3.5). */
export function signingDomain(head: string): string | undefined {
  return /(?:^|;)\s*d\s*=\s*([^\s;]+)/.exec(headerField(head, 'DKIM-Signature') ?? '')?.[1]?.toLowerCase();
}
