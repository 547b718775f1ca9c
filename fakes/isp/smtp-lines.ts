/**
 * Reads lines and messages out of a stream of bytes, wherever the packets break. Only CRLF ends a line and only
 * CRLF.CRLF ends a message (RFC 5321 sections 2.3.8 and 4.1.1.4): a bare CR or LF is content, so that nobody smuggles a
 * message in who disagrees with another server about line ends.
 */

const CR = 13;
const LF = 10;
const DOT = 46;
const CRLF = Buffer.from('\r\n');
const CRLF_DOT = Buffer.from('\r\n.');

/** Where the CRLF of the line that begins at `at` begins; -1 if its end is not there yet. */
export function lineEnd(bytes: Buffer, at: number): number {
  let end = bytes.indexOf(LF, at);
  while (end >= 0 && (end === at || bytes[end - 1] !== CR)) end = bytes.indexOf(LF, end + 1);
  return end - (end < 0 ? 0 : 1);
}

/** A message while it comes in: its bytes are counted, the first ones are kept. */
export class Content {
  readonly #textLine: number;
  #room: number;
  readonly #kept: Buffer[] = [];
  /** How many of the kept parts are copies. */
  #owned = 0;
  #bytes = 0;
  /** Bytes of the line under way. */
  #line = 0;
  #longText = false;

  /**
   * @param keep how many of its first bytes to keep
   * @param textLine the longest line that is allowed, CRLF included; null: any
   */
  constructor(keep: number, textLine: number | null = null) {
    this.#room = keep;
    this.#textLine = textLine ?? Number.POSITIVE_INFINITY;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a line was longer than allowed. */
  get longText(): boolean {
    return this.#longText;
  }

  /** The first bytes. They last as long as the chunks do, but for what was made the content's own. */
  get kept(): Buffer {
    const [only = CRLF.subarray(2)] = this.#kept;
    return this.#kept.length <= 1 ? only : Buffer.concat(this.#kept);
  }

  /** Adds a part of a chunk, which must not be written to before `own`. A CRLF is never split between two parts. */
  add(chunk: Buffer, from: number, to: number): void {
    if (to <= from) return;
    this.#bytes += to - from;
    if (this.#room > 0) {
      const part = chunk.subarray(from, Math.min(to, from + this.#room));
      this.#kept.push(part);
      this.#room -= part.length;
    }
    if (this.#textLine !== Number.POSITIVE_INFINITY) this.#measure(chunk, from, to);
  }

  /** Copies what it keeps of chunks that are about to be overwritten. A message that came in one chunk needs none. */
  own(): void {
    for (; this.#owned < this.#kept.length; this.#owned++)
      this.#kept[this.#owned] = Buffer.from(this.#kept[this.#owned] as Buffer);
  }

  /** Jumps from line end to line end as far as the allowed length reaches, not from one to the next. */
  #measure(chunk: Buffer, from: number, to: number): void {
    let start = from - this.#line;
    while (to - start > this.#textLine) {
      const latest = start + this.#textLine - 2;
      const end = latest < from ? -1 : chunk.lastIndexOf(CRLF, latest);
      if (end < from || end < start) {
        this.#longText = true;
        // Told once; from here on any line will do.
        start = to;
        break;
      }
      start = end + 2;
    }
    const last = to < 2 ? -1 : chunk.lastIndexOf(CRLF, to - 2);
    if (last >= Math.max(from, start)) start = last + 2;
    this.#line = to - start;
  }
}

/** Finds the end of a message that DATA began, and takes away the dots that were added to lines (section 4.5.2). */
export class DataReader {
  readonly #content: Content;
  #begun = false;
  #ended = false;

  constructor(content: Content) {
    this.#content = content;
  }

  /** Whether CRLF.CRLF has come. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Reads on from `at` and returns how far it came: behind the end of the message, or else to the end of the chunk but
   * for the few bytes that may begin such an end. Those must come again with the next chunk.
   */
  push(chunk: Buffer, at: number): number {
    let from = at;
    if (!this.#begun) {
      // The line before was the command, so a dot here is at the start of a line.
      const next = this.#afterDot(chunk, at);
      if (next === undefined) return at;
      this.#begun = true;
      if (this.#ended) return next;
      from = next;
    }
    for (let search = from; ; search = from) {
      const found = chunk.indexOf(CRLF_DOT, search);
      if (found < 0) break;
      const next = this.#afterDot(chunk, found + 2);
      if (next === undefined || this.#ended) {
        // The last line end is the message's own.
        this.#content.add(chunk, from, next === undefined ? found : found + 2);
        return next ?? found;
      }
      this.#content.add(chunk, from, found + 2);
      from = next;
    }
    const end = chunk.length - unfinished(chunk, from);
    this.#content.add(chunk, from, end);
    return end;
  }

  /** Where to read on, if a line begins at `start`; undefined if more bytes must come to say so. */
  #afterDot(chunk: Buffer, start: number): number | undefined {
    if (start >= chunk.length) return undefined;
    if (chunk[start] !== DOT) return start;
    if (start + 1 >= chunk.length) return undefined;
    if (chunk[start + 1] === CR) {
      if (start + 2 >= chunk.length) return undefined;
      if (chunk[start + 2] === LF) {
        this.#ended = true;
        return start + 3;
      }
    }
    return start + 1;
  }
}

/** Length of the CR or CRLF at the end of a chunk, which the end of a message may begin with. */
function unfinished(chunk: Buffer, from: number): number {
  const last = chunk.length - 1;
  if (last >= from && chunk[last] === CR) return 1;
  return last > from && chunk[last] === LF && chunk[last - 1] === CR ? 2 : 0;
}
