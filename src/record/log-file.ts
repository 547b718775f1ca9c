/**
 * Append-only files of packed records. A file begins with a line of text; then come blocks: length in bytes,
 * CRC-32 of the bytes, the bytes. A crash can only tear the last block, and the reader says so.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { HarnessError, messageOf } from '../core/errors.ts';
import { RECORD_BYTES } from './attempt-log.ts';

const MAGIC = Buffer.from('windtunnel records 1\n\n\n\n', 'latin1'); // 24 bytes: what follows stays aligned to 8
const HEADER_BYTES = 8;

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
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(records.byteLength, 0);
    header.writeUInt32LE(crc32(records), 4);
    try {
      this.#writeAll(this.#fd, header);
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
  const fd = openLog(path);
  try {
    const { size } = fstatSync(fd);
    const header = Buffer.alloc(HEADER_BYTES);
    for (let at = MAGIC.length; at < size; ) {
      const length = readAt(fd, header, at) ? header.readUInt32LE(0) : 0;
      const end = at + HEADER_BYTES + length;
      const plausible = length > 0 && length % RECORD_BYTES === 0 && end <= size;
      const block = new Uint8Array(plausible ? length : 0);
      if (!plausible || !readAt(fd, block, at + HEADER_BYTES) || crc32(block) !== header.readUInt32LE(4))
        return `${path} is torn at byte ${at} of ${size}; what comes after is left out`;
      yield block;
      at = end;
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function openLog(path: string): number {
  let fd: number;
  const magic = Buffer.alloc(MAGIC.length);
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new HarnessError('usage', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (readAt(fd, magic, 0) && magic.equals(MAGIC)) return fd;
  closeSync(fd);
  throw new HarnessError('usage', `${path} is not a windtunnel record file of version 1`);
}

/** Fills `bytes` with what is in the file from there on. False: it has not so much. */
function readAt(fd: number, bytes: Uint8Array, position: number): boolean {
  let done = 0;
  for (let read = -1; read !== 0 && done < bytes.byteLength; done += read)
    read = readSync(fd, bytes, done, bytes.byteLength - done, position + done);
  return done === bytes.byteLength;
}
