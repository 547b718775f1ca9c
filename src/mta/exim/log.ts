/** Exim's main log (chapter 52 of its specification), as the adapter's `log_selector` and `timezone` have it. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { MtaEvent } from '../adapter.ts';
import { UNREADABLE } from '../events.ts';

/** When, which message, what happened, and the rest. */
const LINE =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([0-9A-Za-z]{6}-[0-9A-Za-z]+-[0-9A-Za-z]+) (<=|=>|->|>>|==|\*\*|Completed)(?: (.*))?$/;

/** What every line begins with, but those that continue one: `failed to write journal` ends in a line of its own. */
const STAMP = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|: |\s)/;

/** What an ISP said, at whatever stage; Exim writes the ends of its lines as \n. */
const REPLY = /SMTP error from remote mail server after .*?: (\d{3})[ -](.*?)(?:: retry timeout exceeded)?$/;

/** What Exim says of a recipient that it has given up. */
const EXPIRED = /(?:^|: )retry timeout exceeded$/;

/** Errors that are none: the time for the next attempt had not come (ERRNO_RRETRY, ERRNO_HRETRY, ERRNO_LRETRY). */
const NOT_TRIED = new Set(['-51', '-52', '-53']);

/** What Exim logged in a file, in its order. */
export async function* events(path: string): AsyncGenerator<MtaEvent> {
  const reader = new LogReader();
  for await (const line of createInterface({ input: createReadStream(path) })) yield* reader.read(line);
}

/** Makes events of lines. It remembers the sender of each message that is under way, whom few lines name. */
export class LogReader {
  readonly #senders = new Map<string, string>();

  /** The events of a line, one a recipient; none for what tells of no recipient's fate. A line that a full disk tore is `unreadable`. */
  read(line: string): MtaEvent[] {
    const [, day, time, id = '', mark, rest = ''] = LINE.exec(line) ?? [];
    if (mark === undefined) return line === '' || STAMP.test(line) ? [] : [UNREADABLE];
    const atMs = Date.parse(`${day}T${time}Z`);
    if (mark === 'Completed') {
      this.#senders.delete(id);
      return [];
    }
    if (mark === '<=') return this.#received(id, atMs, rest);
    // `u@gmail.com <original@address> F=<…> …`: only the first matters.
    const recipient = /^[^\s:]+/.exec(rest)?.[0];
    if (recipient === undefined) return [UNREADABLE];
    const sender = /^\S+(?: <[^>]*>)? F=<([^>]*)>/.exec(rest)?.[1] ?? this.#senders.get(id);
    const source = / I=\[([^\]]+)\]/.exec(rest)?.[1];
    const about = { atMs, sender, recipient, source };
    switch (mark) {
      case '==':
        return deferral(about, rest);
      case '**':
        return [{ kind: EXPIRED.test(rest) ? 'expired' : 'bounced', ...about, ...said(rest) }];
      default:
        return [{ kind: 'delivered', ...about, ...confirmation(rest) }];
    }
  }

  #received(id: string, atMs: number, rest: string): MtaEvent[] {
    const [, sender = '', recipients = ''] = / from <([^>]*)> for (.+)$/.exec(rest) ?? [];
    this.#senders.set(id, sender);
    return recipients
      .split(' ')
      .filter((recipient) => recipient !== '')
      .map((recipient) => ({
        kind: 'received',
        atMs,
        sender,
        recipient,
        source: undefined,
        code: undefined,
        text: undefined,
      }));
  }
}

type About = Pick<MtaEvent, 'atMs' | 'sender' | 'recipient' | 'source'>;

function deferral(about: About, rest: string): MtaEvent[] {
  const error = / defer \((-?\d+)\)/.exec(rest)?.[1];
  if (error !== undefined && NOT_TRIED.has(error)) return [];
  return [{ kind: 'deferred', ...about, ...said(rest) }];
}

/** An ISP's words, or Exim's where there was no reply. */
function said(rest: string): Pick<MtaEvent, 'code' | 'text'> {
  const [, code, text = ''] = REPLY.exec(rest) ?? [];
  if (code !== undefined) return { code: Number(code), text: oneLine(text) };
  // Behind the fields, which have no colon with a blank after it.
  return { code: undefined, text: /: (.*)$/.exec(rest)?.[1] };
}

/** What the ISP said when it took the message: C="250 OK". */
function confirmation(rest: string): Pick<MtaEvent, 'code' | 'text'> {
  const [, code, text] = / C="(\d{3})[ -]((?:\\.|[^"\\])*)"/.exec(rest) ?? [];
  if (code === undefined || text === undefined) return { code: undefined, text: undefined };
  return { code: Number(code), text: oneLine(text.replaceAll('\\"', '"')) };
}

/** The lines of a reply without their codes, with blanks between them. */
function oneLine(text: string): string {
  return text
    .split(/\\n(?:\d{3}[ -])?/)
    .join(' ')
    .trim();
}
