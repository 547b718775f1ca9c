/**
 * How a log of packed records lies in a file. It begins with a line of text; then come blocks: length in bytes,
 * CRC-32 of the bytes, the bytes. A crash can only tear the last block, and the reader says so.
 */
import { crc32 } from 'node:zlib';
import { RECORD_BYTES } from './attempt-log.ts';

/** The begin of each log, 24 bytes: what follows stays aligned to 8. */
export const MAGIC = Buffer.from('windtunnel records 1\n\n\n\n', 'latin1');

/** Bytes of a block before its records. */
export const HEADER_BYTES = 8;

/** The header of a block. */
export function blockHeader(records: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(records.byteLength, 0);
  header.writeUInt32LE(crc32(records), 4);
  return header;
}

/** The bytes of records that follow a header; 0 where it can't be one. */
export function lengthInHeader(header: Buffer): number {
  const length = header.readUInt32LE(0);
  return length % RECORD_BYTES === 0 ? length : 0;
}

/** Whether records are those that the header was written for. */
export function isIntact(header: Buffer, records: Uint8Array): boolean {
  return crc32(records) === header.readUInt32LE(4);
}
