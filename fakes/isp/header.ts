/** Reads the header of a message, as much of it as was kept. */

const END = Buffer.from('\r\n\r\n');

/** The header in the first `most` bytes of a message, one character a byte; all of them if it does not end there. */
export function headerOf(message: Buffer, most: number): string {
  const end = message.indexOf(END);
  return message.toString('latin1', 0, end < 0 ? most : Math.min(end, most));
}

/** The value of a header field, unfolded; undefined if the header, as far as it was kept, has none (RFC 5322 section 2.2). */
export function headerField(head: string, name: string): string | undefined {
  // From line to line: a search for any case would have to copy the header.
  for (let at = 0; !head.startsWith('\r\n', at); ) {
    const end = endOfLine(head, at);
    if (head[at + name.length] === ':' && isName(head, at, name)) return valueAt(head, at + name.length + 1);
    if (end === head.length) return undefined;
    at = end + 2;
  }
  return undefined;
}

/** The d= of the first DKIM signature in a header, in small letters; undefined if there is none (RFC 6376 section 3.5). */
export function signingDomain(head: string): string | undefined {
  const signature = headerField(head, 'DKIM-Signature');
  if (signature === undefined) return undefined;
  return /(?:^|;)\s*d\s*=\s*([^\s;]+)/.exec(signature)?.[1]?.toLowerCase();
}

/** The domain in From, in small letters; undefined if there is none (RFC 5322 section 3.6.2). */
export function authorDomain(head: string): string | undefined {
  const author = headerField(head, 'From');
  return author && /@([^\s<>@,;()"]+)[^@]*$/.exec(author)?.[1]?.toLowerCase();
}

/** The Message-ID in a header, without its brackets; empty if there is none (RFC 5322 section 3.6.4). */
export function messageIdOf(head: string): string {
  return /^<([^<>\s]+)>/.exec(headerField(head, 'Message-ID') ?? '')?.[1] ?? '';
}

function isName(head: string, at: number, name: string): boolean {
  const found = head.slice(at, at + name.length);
  return found === name || found.toLowerCase() === name.toLowerCase();
}

/** The rest of a line and the lines that continue it. */
function valueAt(head: string, from: number): string {
  const first = endOfLine(head, from);
  let end = first;
  while (head[end + 2] === ' ' || head[end + 2] === '\t') end = endOfLine(head, end + 2);
  const value = head.slice(from, end);
  return (end === first ? value : value.replaceAll('\r\n', '')).trim();
}

function endOfLine(head: string, from: number): number {
  const end = head.indexOf('\r\n', from);
  return end < 0 ? head.length : end;
}
