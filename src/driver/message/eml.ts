/** Real messages from .eml files, one character a byte (latin1), so that 8-bit content stays as it is. */
import { type Field, fieldsOf } from './header.ts';

/** A message from a file, as plain data. */
export interface Eml {
  /** As the scenario names it. */
  readonly file: string;
  readonly text: string;
}

/** RFC 5322 section 2.1.1, without the CRLF. */
export const LONGEST_LINE = 998;

/** Fields of another journey, which would be wrong or would give the blind copies away. */
const DROPPED = new Set(['return-path', 'received', 'dkim-signature', 'bcc']);

/** What is wrong with a file's text as a message, or undefined. */
export function emlProblem(text: string): string | undefined {
  const lines = wireLines(text);
  const end = lines.indexOf('');
  const header = end < 0 ? lines : lines.slice(0, end);
  if (header.length === 0) return 'it has no header';
  const odd = header.findIndex(
    (line, at) => !/^[!-9;-~]+[ \t]*:/.test(line) && !(at > 0 && /^[ \t]/.test(line)),
  );
  if (odd >= 0) return `line ${odd + 1} of its header is not a field such as "Subject: …"`;
  const long = lines.findIndex((line) => line.length > LONGEST_LINE);
  return long < 0
    ? undefined
    : `its line ${long + 1} has ${lines[long]?.length} bytes; SMTP takes at most ${LONGEST_LINE}`;
}

/**
 * Takes a file apart.
 * @param replaced names of the fields that the message gets from elsewhere
 */
export function readEml(text: string, replaced: readonly string[]): { fields: Field[]; body: string } {
  const lines = wireLines(text);
  const end = lines.indexOf('');
  const dropped = new Set([...DROPPED, ...replaced.map((name) => name.toLowerCase())]);
  const body = end < 0 ? '' : lines.slice(end + 1).join('\r\n');
  return {
    fields: fieldsOf(lines.slice(0, end < 0 ? undefined : end).join('\r\n')).filter(
      ({ name }) => !dropped.has(name.toLowerCase()),
    ),
    body: body === '' || body.endsWith('\r\n') ? body : `${body}\r\n`,
  };
}

/** Its lines, whatever ended them: a bare CR or LF can't go over the wire (RFC 5321 section 2.3.8). */
function wireLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}
