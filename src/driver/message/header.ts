/** The header fields of a message: those that carry its identity, and those that a scenario asks for. */
import { encodeWord, foldLines } from 'nodemailer/lib/mime-funcs';
import { MESSAGE_HEADER } from '../../core/identity.ts';
import type { Unsubscribe } from './values.ts';

/** One field as it goes over the wire, folded, without its last CRLF. */
export interface Field {
  readonly name: string;
  readonly text: string;
  /** Whether placeholders in it stand for values; not in what comes from a file. */
  readonly merged: boolean;
}

/** A field made from its name and the text that a scenario gives, with placeholders. */
export function field(name: string, value: string): Field {
  return { name, text: foldLines(`${name}: ${encoded(value)}`, 76), merged: true };
}

/** The fields that every message has; `date` is that of the Date field (RFC 5322 section 3.3). */
export function identityFields(date: Date): Field[] {
  return [
    field('From', '{{sender}}'),
    // Already folded, one recipient a line.
    { name: 'To', text: 'To: {{to}}', merged: true },
    field('Message-ID', '<{{message}}@{{senderDomain}}>'),
    field('Date', date.toUTCString().replace('GMT', '+0000')),
    field(MESSAGE_HEADER, '{{message}}'),
  ];
}

/** RFC 8058 section 3.1 wants the second field beside an https address in the first. */
export function unsubscribeFields(how: Unsubscribe): Field[] {
  if (how === 'none') return [];
  const list = field('List-Unsubscribe', '<{{unsubscribe}}>');
  return how === 'mailto' ? [list] : [list, field('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click')];
}

/**
 * A value that is not plain ASCII becomes encoded words (RFC 2047) throughout, placeholders in words of their own:
 * the blanks between neighbouring words don't count (section 6.2).
 */
function encoded(value: string): string {
  if (/^[\t -~]*$/.test(value)) return value;
  return value
    .split(/(\{\{[a-zA-Z]+\}\})/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('{{') ? `=?UTF-8?Q?${part.replace('{{', '{{=')}?=` : encodeWord(part, 'Q', 52),
    )
    .join(' ');
}

/** Takes a header apart into its fields; what is neither a field nor its continuation is left out. */
export function fieldsOf(header: string): Field[] {
  return header.split(/\r\n(?![ \t])/).flatMap((text) => {
    const name = /^([!-9;-~]+)[ \t]*:/.exec(text)?.[1];
    return name === undefined ? [] : [{ name, text, merged: false }];
  });
}
