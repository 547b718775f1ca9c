const CR = 13;
const LF = 10;
const SPACE = 32;
const HYPHEN = 45;
const ZERO = 48;

/** So much of a reply's text is kept; whoever says more says nothing that a driver needs. */
const MAX_TEXT = 16_384;

/** 2xx: the command was carried out. A client goes by the first digit (RFC 5321 section 4.2.1). */
export function isPositive(code: number): boolean {
  return code >= 200 && code < 300;
}

/** 3xx: the command waits for what belongs to it. */
export function isIntermediate(code: number): boolean {
  return code >= 300 && code < 400;
}

/**
 * Cuts what a server says into replies (RFC 5321 section 4.2), whatever pieces it comes in. Reads bytes where they
 * lie: a reply of which only the code counts costs no string.
 */
export class ReplyReader {
  /** The code of the reply that `next` has found; 0 if one of its lines was not SMTP. */
  code = 0;
  /** What its lines say behind their codes, each with its line end; only if `keepText` is set. */
  text = '';
  keepText = false;
  #chunk: Buffer | undefined;
  #length = 0;
  #at = 0;
  /** Where in a line the next byte is: 0 to 2 in the code, 3 behind it, 4 in the text. */
  #column = 0;
  #lineCode = 0;
  /** A hyphen was behind the code: the reply has another line. */
  #more = false;
  #malformed = false;
  /** The next line is the first of its reply. */
  #fresh = true;

  /** Takes in the next piece. The one before must have been read to its end. */
  take(chunk: Buffer, length: number): void {
    this.#chunk = chunk;
    this.#length = length;
    this.#at = 0;
  }

  /** Forgets what has come but was not read. */
  discard(): void {
    this.#chunk = undefined;
    this.#column = 0;
    this.#fresh = true;
  }

  /** Goes on to the next whole reply; false if there is none yet. */
  next(): boolean {
    const chunk = this.#chunk;
    if (!chunk) return false;
    const length = this.#length;
    while (this.#at < length) {
      if (this.#column < 4) {
        this.#begin(chunk[this.#at] as number);
        continue;
      }
      // Replies are short: a loop ends before a call to indexOf has begun.
      let end = this.#at;
      while (end < length && chunk[end] !== LF) end++;
      const ended = end < length;
      if (ended) end++;
      if (this.keepText) this.#keep(chunk, end);
      this.#at = end;
      if (!ended) break;
      this.#column = 0;
      if (this.#more) continue;
      this.#fresh = true;
      this.code = this.#malformed ? 0 : this.#lineCode;
      return true;
    }
    this.#chunk = undefined;
    return false;
  }

  /** One byte of a line's first four. */
  #begin(byte: number): void {
    if (this.#column === 0) {
      this.#lineCode = 0;
      this.#more = false;
      if (this.#fresh) {
        this.#fresh = false;
        this.#malformed = false;
        this.text = '';
      }
    }
    const digit = byte - ZERO;
    if (this.#column < 3 && digit >= 0 && digit <= 9) {
      this.#lineCode = this.#lineCode * 10 + digit;
      this.#column++;
      this.#at++;
      return;
    }
    // The text may be missing, and the blank with it.
    if (this.#column === 3 && (byte === SPACE || byte === HYPHEN)) {
      this.#more = byte === HYPHEN;
      this.#at++;
    } else if (this.#column < 3 || (byte !== CR && byte !== LF)) this.#malformed = true;
    this.#column = 4;
  }

  #keep(chunk: Buffer, end: number): void {
    if (this.text.length < MAX_TEXT) this.text += chunk.toString('latin1', this.#at, end);
  }
}
