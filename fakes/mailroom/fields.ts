/** Reads header fields (RFC 5322 section 2.2), and the blocks of fields that machine-readable reports are made of. */

/** Unfolded values by names in small letters. Of several fields of a name the first counts. */
export type Fields = ReadonlyMap<string, string>;

/** Lines, each with those that continue it (RFC 5322 section 2.2.3). */
function unfold(text: string): string[] {
  const lines: string[] = [];
  let parts: string[] = [];
  // A field is joined once, however many lines it has.
  const end = (): void => {
    if (parts.length > 0) lines.push(parts.join(' '));
    parts = [];
  };
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (/^[ \t]/.test(line) && parts.some((part) => part !== '')) parts.push(line.trim());
    else {
      end();
      parts = [line.trimEnd()];
    }
  }
  end();
  return lines;
}

/**
 * Blocks of fields, with blank lines between them. Copes with bare LF.
 * @param begins names of fields of which a block has one each, so that a second one begins the next block
 */
export function blocksOf(text: string, begins: ReadonlySet<string> = new Set()): Fields[] {
  const blocks: Map<string, string>[] = [];
  let block = new Map<string, string>();
  for (const line of unfold(text)) {
    const field = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line);
    const name = field?.[1]?.toLowerCase() ?? '';
    if (line === '' || (begins.has(name) && block.has(name))) {
      if (block.size > 0) blocks.push(block);
      block = new Map();
    }
    if (field && !block.has(name)) block.set(name, (field[2] ?? '').trim());
  }
  if (block.size > 0) blocks.push(block);
  return blocks;
}

/** The fields of a message's header; of a text that has none, none. */
export function headerOf(text: string): Fields {
  return blocksOf(headOf(text))[0] ?? new Map();
}

/** A message up to its first empty line. */
export function headOf(text: string): string {
  const end = /\r?\n\r?\n|\r\r/.exec(text);
  return end ? text.slice(0, end.index) : text;
}

/** What follows the `type;` of a field (RFC 3464 section 2.1.2), or the whole value if it has no type. */
export function withoutType(value: string | undefined): string {
  return (value ?? '').replace(/^[\w.-]+[ \t]*;/, '').trim();
}

/** `rfc822; <user@host> (a comment)` without type, brackets and comment; undefined if nothing is left. */
export function addressOf(value: string | undefined): string | undefined {
  const address = withoutType(value)
    .replace(/\s.*$/, '')
    .replace(/^<(.*)>$/, '$1');
  return address === '' ? undefined : address;
}
