import type { OutputStream } from './io.ts';

/** Lines at the end of a terminal that are drawn again and again in their place. */
export class RedrawnLines {
  readonly #out: OutputStream;
  #lines: readonly string[] = [];

  constructor(out: OutputStream) {
    this.#out = out;
  }

  /** Draws lines in place of those before. None may be wider than the terminal. */
  draw(lines: readonly string[]): void {
    this.#out.write(`${this.#back()}${lines.map((line) => `${line}${TO_END_OF_LINE}`).join('\n')}${BELOW}`);
    this.#lines = lines;
  }

  /** Writes text that stays, above the lines. */
  above(text: string): void {
    const lines = this.#lines;
    if (lines.length > 0) this.#out.write(`${this.#back()}${BELOW}`);
    this.#out.write(`${text}\n`);
    this.#lines = [];
    if (lines.length > 0) this.draw(lines);
  }

  /** Leaves the first line as it stands, and nothing of the others. */
  end(): void {
    const [first] = this.#lines;
    if (first !== undefined) this.#out.write(`${this.#back()}${first}${TO_END_OF_LINE}${BELOW}\n`);
    this.#lines = [];
  }

  /** Goes to where the lines begin. In a terminal that has become narrower, each may have become several. */
  #back(): string {
    if (this.#lines.length === 0) return '';
    const columns = Math.max(1, this.#out.columns ?? Number.POSITIVE_INFINITY);
    const rows = this.#lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(visible(line) / columns)), 0);
    return rows > 1 ? `\r\u001b[${rows - 1}A` : '\r';
  }
}

const TO_END_OF_LINE = '\u001b[K';
const BELOW = '\u001b[J';

/** Columns that a line takes; colours take none. */
function visible(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how colours begin
  return line.replaceAll(/\u001b\[\d+m/g, '').length;
}
