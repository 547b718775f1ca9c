/** Puts mails together: fields, parts, boundaries. Whatever a value has in it stays in its field. */
import { encodeWords } from 'nodemailer/lib/mime-funcs';
import type { ReturnedMail } from '../mail.ts';

/** A field: its name, and its value without the blank after the colon. A value may be folded. */
export type Field = readonly [name: string, value: string];

/** A mail, or a part of one. */
export interface Entity {
  /** Lines with their CRLF, without the empty line. */
  readonly header: string;
  readonly body: string;
}

/** Longest line that SMTP carries, without CRLF (RFC 5321 section 4.5.3.1.6). */
const LONGEST_LINE = 998;
/** Characters that may be in no header: bare CR and LF, NUL and their like. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNFIT = /[\x00-\x08\x0a-\x1f\x7f]/g;

/** Text for the inside of a field: on one line, without control characters. */
export function onOneLine(text: string): string {
  return text.replaceAll('\r\n', ' ').replace(UNFIT, ' ');
}

/** A header of these fields. A value can't break out of its field: only CRLF before a blank folds, and the rest is one line. */
export function header(fields: readonly Field[]): string {
  return fields.map(([name, value]) => withShortLines(`${name}: ${inField(value)}`.trimEnd())).join('');
}

function inField(value: string): string {
  const ascii = /[\x80-\uffff]/.test(value) ? encodeWords(utf8(value), 'Q', 52) : value;
  return ascii
    .split(/\r\n(?=[ \t]+\S)/)
    .map(onOneLine)
    .join('\r\n');
}

/** Bytes as characters, or characters as they are where the bytes are no UTF-8. */
function utf8(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

/** A part; it is marked as 8bit if it has to be (RFC 2045 section 6.2). */
export function entity(fields: readonly Field[], body: string): Entity {
  const marked = fields.some(([name]) => name === 'Content-Transfer-Encoding');
  const eightBit = !marked && /[\x80-\xff]/.test(body);
  return {
    header: header(eightBit ? [...fields, ['Content-Transfer-Encoding', '8bit']] : fields),
    body,
  };
}

/** What follows the header of a multipart entity. Each part's body ends in CRLF, or gets one. */
export function partsBody(boundary: string, parts: readonly Entity[], preamble = ''): string {
  const each = parts.map((part) => `--${boundary}\r\n${textOf(part)}\r\n`);
  return `${preamble}${each.join('')}--${boundary}--\r\n`;
}

/** A boundary that is in none of the parts, so that nothing quoted can end its part. @param make the n-th try */
export function unusedBoundary(parts: readonly Entity[], make: (n: number) => string): string {
  for (let n = 0; ; n++) {
    const boundary = make(n);
    if (!parts.some(({ header, body }) => header.includes(boundary) || body.includes(boundary)))
      return boundary;
  }
}

/** A mail as it goes over the wire. */
export function mail(sender: string, recipient: string, whole: Entity): ReturnedMail {
  return { sender, recipient, text: textOf(whole) };
}

function textOf({ header, body }: Entity): string {
  return `${header}\r\n${body.endsWith('\r\n') || body === '' ? body : `${body}\r\n`}`;
}

/** A field's lines with their CRLF. One that no MTA need carry is folded where it gets too long. */
export function withShortLines(field: string): string {
  return field
    .split('\r\n')
    .flatMap((line) => (line.length > LONGEST_LINE ? piecesOf(line) : [line]))
    .map((line) => `${line}\r\n`)
    .join('');
}

/** Blanks are made few, so that no piece is nothing but blanks. */
function piecesOf(line: string): string[] {
  const pieces =
    line
      .trimEnd()
      .replace(/[ \t]+/g, ' ')
      .match(new RegExp(`.{1,${LONGEST_LINE - 1}}`, 'gs')) ?? [];
  return pieces.map((piece, i) => (i === 0 || piece.startsWith(' ') ? piece : ` ${piece}`));
}

/** A body of these lines: ASCII, with question marks for what is above, and nothing that a line may not have. */
export function textBody(lines: readonly string[]): string {
  return lines
    .map((line) => onOneLine(line).replace(/[\x80-\uffff]/g, '?'))
    .flatMap((line) => line.match(new RegExp(`.{1,${LONGEST_LINE}}`, 'g')) ?? [''])
    .map((line) => `${line}\r\n`)
    .join('');
}
