/**
 * Append-only files of packed records. A file begins with a line of text; then come blocks: length in bytes,
 * CRC-32 of the bytes, the bytes. A crash can only tear the last block, and the reader says so.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { HarnessError, messageOf } from '../core/errors.ts';
import { RECORD_BYTES } from './attempt-log.ts';

const MAGIC = Buffer.from('windtunnel records 1\n\n\n\n', 'latin1'); // 24 bytes: what follows stays aligned to 8
const HEADER_BYTES = 8;

/** Writes one log. After a failed write (a full disk) it stops, says why, and lets the run go on. */
export class LogFile {
  readonly path: string;
  #fd: number | undefined;
  #failure: string | undefined;

  /** Creates the file. Throws a HarnessError of kind `lab` if it can't. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'wx');
      writeWhole(this.#fd, MAGIC);
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
      writeWhole(this.#fd, header);
      writeWhole(this.#fd, records);
    } catch (error) {
      this.#failure = `recording to ${this.path} stopped: ${messageOf(error)}`;
      this.close();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** The blocks of a log, in order, and what is wrong with its end, if anything is. */
export interface LogContent {
  readonly blocks: readonly Uint8Array[];
  readonly torn: string | undefined;
}

/** Reads a log. A torn or damaged block ends it with a note; throws (kind `usage`) if it is not such a file. */
export function readLog(path: string): LogContent {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new HarnessError('usage', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new HarnessError('usage', `${path} is not a windtunnel record file of version 1`);
  }
  const blocks: Uint8Array[] = [];
  let at = MAGIC.length;
  while (at < bytes.length) {
    const length = at + HEADER_BYTES <= bytes.length ? bytes.readUInt32LE(at) : 0;
    const end = at + HEADER_BYTES + length;
    const whole = length > 0 && length % RECORD_BYTES === 0 && end <= bytes.length;
    const block = bytes.subarray(at + HEADER_BYTES, end);
    if (!whole || crc32(block) !== bytes.readUInt32LE(at + 4)) {
      return {
        blocks,
        torn: `${path} is torn at byte ${at} of ${bytes.length}; what comes after is left out`,
      };
    }
    blocks.push(block);
    at = end;
  }
  return { blocks, torn: undefined };
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(fd, bytes, done);
}
