import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { HarnessError, messageOf } from '../core/errors.ts';
import { HEADER_BYTES, isIntact, lengthInHeader, MAGIC } from './log-format.ts';

/**
 * Reads a log that is still being written: each time the blocks that came since the last time. A block that is not
 * whole yet, or never will be, is left where it is and looked at again the next time.
 */
export class LogTail {
  readonly path: string;
  #fd: number | undefined;
  /** All before it has been read; 0 until the file's first line was there. */
  #at = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Whether the file is there and begins as a log does. */
  get begun(): boolean {
    return this.#at > 0;
  }

  /**
   * The records of each new block, in order, so that no more than one is held; none while there is no file.
   * @throws HarnessError of kind `usage` if it can't be read or is no log
   */
  *read(): Generator<Uint8Array, void> {
    const fd = this.#open();
    if (fd === undefined) return;
    const size = fstatSync(fd).size;
    if (this.#at === 0 && size >= MAGIC.length) this.#readMagic(fd);
    while (this.#at > 0) {
      const records = this.#block(fd, size);
      if (!records) return;
      this.#at += HEADER_BYTES + records.byteLength;
      yield records;
    }
  }

  /** What to say of bytes that are no whole block, once nothing is written any more. */
  torn(): string | undefined {
    if (this.#fd === undefined) return undefined;
    const { size } = fstatSync(this.#fd);
    if (size === this.#at) return undefined;
    return `${this.path} is torn at byte ${this.#at} of ${size}; what comes after is left out`;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number | undefined {
    try {
      this.#fd ??= openSync(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new HarnessError('usage', `can't read ${this.path}: ${messageOf(error)}`, { cause: error });
      }
    }
    return this.#fd;
  }

  #readMagic(fd: number): void {
    if (!readAt(fd, 0, MAGIC.length).equals(MAGIC)) {
      throw new HarnessError('usage', `${this.path} is not a windtunnel record file of version 1`);
    }
    this.#at = MAGIC.length;
  }

  #block(fd: number, size: number): Uint8Array | undefined {
    const first = this.#at + HEADER_BYTES;
    if (first > size) return undefined;
    const header = readAt(fd, this.#at, HEADER_BYTES);
    const length = lengthInHeader(header);
    if (length === 0 || first + length > size) return undefined;
    const records = readAt(fd, first, length);
    return isIntact(header, records) ? records : undefined;
  }
}

/** What a file cut short meanwhile does not have stays zero, and fails its checksum. */
function readAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const read = readSync(fd, bytes, done, length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return bytes;
}
