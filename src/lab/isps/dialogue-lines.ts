/** One connection's dialogue line by line: without the messages, and of a long one the beginning and the end. */
import type { Tap } from '../../../fakes/isp/engine.ts';
import type { Micros } from '../../core/clock.ts';
import type { DialogueLine } from '../../report/dialogue.ts';

/** Lines kept of the beginning, and of the end. */
const HEAD = 24;
const TAIL = 24;
const LONGEST_LINE = 300;
const END_OF_TEXT = '\r\n.\r\n';

/** Collects a connection's dialogue. */
export class DialogueLines implements Tap {
  readonly #now: () => Micros;
  readonly #begun: Micros;
  readonly #told: () => void;
  readonly #ended: () => void;
  readonly #head: DialogueLine[] = [];
  #tail: DialogueLine[] = [];
  #count = 0;
  /** What the client's next bytes are: commands, a message up to its dot, or so many bytes of a chunk. */
  #mode: 'commands' | 'text' | number = 'commands';
  /** Of the client's commands, or of the message's end. */
  #open = '';
  #bytes = 0;
  #serverOpen = '';
  #muted = false;

  /**
   * @param told something was said
   * @param ended the connection is closed
   */
  constructor(now: () => Micros, told: () => void, ended: () => void) {
    this.#now = now;
    this.#begun = now();
    this.#told = told;
    this.#ended = ended;
  }

  /** Listens no longer. */
  mute(): void {
    this.#muted = true;
  }

  /** How many lines were said. */
  get count(): number {
    return this.#count;
  }

  /** What is kept, with a remark where lines were left out. */
  get lines(): DialogueLine[] {
    const left = this.#count - this.#head.length - this.#tail.length;
    const [next] = this.#tail;
    const remark: DialogueLine[] = left > 0 && next ? [[next[0], '-', `${left} lines left out`]] : [];
    return [...this.#head, ...remark, ...this.#tail];
  }

  client(bytes: Buffer): void {
    if (this.#muted) return;
    this.#hear(bytes.toString('latin1'));
    this.#told();
  }

  server(text: string): void {
    if (this.#muted) return;
    const lines = (this.#serverOpen + text).split(/\r?\n/);
    this.#serverOpen = lines.pop() ?? '';
    for (const line of lines) {
      this.#add('S', line);
      if (!line.startsWith('354')) continue;
      this.#mode = 'text';
      // A message may be no more than its dot.
      this.#open = '\r\n';
      this.#bytes = -2;
    }
    this.#told();
  }

  closed(): void {
    if (this.#muted) return;
    this.#add('-', 'closed');
    this.#ended();
  }

  #hear(text: string): void {
    let rest = text;
    while (rest !== '') {
      if (this.#mode === 'text') rest = this.#readText(rest);
      else if (typeof this.#mode === 'number') rest = this.#readChunk(rest, this.#mode);
      else rest = this.#readCommand(rest);
    }
  }

  #readCommand(text: string): string {
    const all = this.#open + text;
    const end = all.indexOf('\n');
    if (end < 0) {
      // A line without an end is no reason to keep all of it.
      this.#open = all.slice(0, LONGEST_LINE + 1);
      return '';
    }
    this.#open = '';
    const line = all.slice(0, end).replace(/\r$/, '');
    this.#add('C', line);
    const size = /^BDAT +(\d+)/i.exec(line)?.[1];
    if (size !== undefined && size !== '0') this.#mode = Number(size);
    return all.slice(end + 1);
  }

  #readText(text: string): string {
    const all = this.#open + text;
    const end = all.indexOf(END_OF_TEXT);
    if (end < 0) {
      const kept = all.slice(1 - END_OF_TEXT.length);
      this.#bytes += all.length - kept.length;
      this.#open = kept;
      return '';
    }
    this.#message(this.#bytes + end + END_OF_TEXT.length);
    return all.slice(end + END_OF_TEXT.length);
  }

  #readChunk(text: string, left: number): string {
    this.#bytes += Math.min(left, text.length);
    this.#mode = left - Math.min(left, text.length);
    if (this.#mode === 0) this.#message(this.#bytes);
    return text.slice(left);
  }

  #message(bytes: number): void {
    this.#add('C', `(${bytes.toLocaleString('en-US')} bytes of a message)`);
    this.#mode = 'commands';
    this.#open = '';
    this.#bytes = 0;
  }

  #add(who: DialogueLine[1], text: string): void {
    this.#count++;
    const ms = Math.round((this.#now() - this.#begun) / 1e3);
    const words = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
    const line: DialogueLine = [ms, who, words];
    if (this.#head.length < HEAD) {
      this.#head.push(line);
      return;
    }
    this.#tail.push(line);
    if (this.#tail.length > 2 * TAIL) this.#tail = this.#tail.slice(-TAIL);
  }
}
