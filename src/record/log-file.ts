/** Append-only files of packed records; log-format.ts has how they lie in it. */
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { HarnessError, messageOf } from '../core/errors.ts';
import { blockHeader, MAGIC } from './log-format.ts';
import { LogTail } from './log-tail.ts';

/** Writes one log. After a failed write (a full disk) it stops, says why, and lets the run go on. */
export class LogFile {
  readonly path: string;
  readonly #write: typeof writeSync;
  #fd: number | undefined;
  #failure: string | undefined;

  /**
   * Creates the file. Throws a HarnessError of kind `lab` if it can't.
   * @param write for tests: what writes in place of the operating system
   */
  constructor(path: string, write = writeSync) {
    this.path = path;
    this.#write = write;
    try {
      this.#fd = openSync(path, 'wx');
      this.#writeAll(this.#fd, MAGIC);
    } catch (error) {
      throw new HarnessError('lab', `can't write ${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Why recording stopped, or undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Appends one block of whole records. */
  append(records: Uint8Array): void {
    if (this.#fd === undefined || records.byteLength === 0) return;
    try {
      this.#writeAll(this.#fd, blockHeader(records));
      this.#writeAll(this.#fd, records);
    } catch (error) {
      this.#failure = `recording to ${this.path} stopped: ${messageOf(error)}`;
      this.close();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #writeAll(fd: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; ) done += this.#write(fd, bytes, done);
  }
}

/**
 * The blocks of a log, one after the other, so that no more than one is held. Returns what is wrong with its end: a torn
 * or damaged block ends the log with a note.
 * @throws HarnessError of kind `usage` if there is no such file, or it is not a log
 */
export function* readLog(path: string): Generator<Uint8Array, string | undefined> {
  const tail = new LogTail(path);
  try {
    yield* tail.read();
    if (!existsSync(path)) throw new HarnessError('usage', `can't read ${path}: there is no such file`);
    if (!tail.begun) throw new HarnessError('usage', `${path} is not a windtunnel record file of version 1`);
    return tail.torn();
  } finally {
    tail.close();
  }
}
