/** Files that appear whole or not at all, so that a crash or a full disk never leaves half a file that looks whole. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { HarnessError, messageOf } from '../core/errors.ts';

/** Characters that are gathered before they are written. */
const GATHERED = 65_536;

/**
 * Writes a file piece by piece beside its place, and puts it there when it is done.
 * @throws HarnessError of kind `lab` if it can't be written; what was there before is still there then
 */
export function writeWhole(path: string, pieces: string | Iterable<string>): void {
  const part = `${path}.part`;
  try {
    const fd = openSync(part, 'w');
    try {
      writePieces(fd, typeof pieces === 'string' ? [pieces] : pieces);
      renameSync(part, path);
    } catch (error) {
      rmSync(part);
      throw error;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    // What the pieces' maker throws is not the file's fault.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new HarnessError('lab', `can't write ${path}: ${messageOf(error)}`, { cause: error });
  }
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
