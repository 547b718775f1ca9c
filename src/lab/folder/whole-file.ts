/** Files that appear whole or not at all, so that a crash or a full disk never leaves half a file that looks whole. */
import { closeSync, createWriteStream, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HarnessError, messageOf } from '../../core/errors.ts';

/** What is behind the name of a file that is being written. */
export const PART = '.part';

/** Characters that are gathered before they are written. */
const GATHERED = 65_536;

/**
 * Writes a file piece by piece beside its place, and puts it there when it is done.
 * @throws HarnessError of kind `lab` if it can't be written; what was there before is still there then
 */
export function writeWhole(path: string, pieces: string | Iterable<string>): void {
  const fd = openPart(path);
  try {
    writePieces(fd, typeof pieces === 'string' ? [pieces] : pieces);
    renameSync(partOf(path), path);
  } catch (error) {
    rmSync(partOf(path), { force: true });
    throw failureOf(path, error);
  } finally {
    closeSync(fd);
  }
}

/**
 * The same, compressed (RFC 1952), with no more than a few pieces in memory.
 * @throws HarnessError of kind `lab` if it can't be written; what was there before is still there then
 */
export async function writeWholeGzip(path: string, pieces: Iterable<string>): Promise<void> {
  const fd = openPart(path);
  try {
    // The stream closes the file.
    await pipeline(Readable.from(pieces), createGzip(), createWriteStream(path, { fd }));
    renameSync(partOf(path), path);
  } catch (error) {
    rmSync(partOf(path), { force: true });
    throw failureOf(path, error);
  }
}

function partOf(path: string): string {
  return `${path}${PART}`;
}

function openPart(path: string): number {
  try {
    return openSync(partOf(path), 'w');
  } catch (error) {
    throw failureOf(path, error);
  }
}

/** What the pieces' maker throws is not the file's fault, and stays as it is. */
function failureOf(path: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).syscall === undefined) return error;
  return new HarnessError('lab', `can't write ${path}: ${messageOf(error)}`, { cause: error });
}

function writePieces(fd: number, pieces: Iterable<string>): void {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < GATHERED) continue;
    writeAll(fd, text);
    text = '';
  }
  writeAll(fd, text);
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
