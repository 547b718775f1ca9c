import { writeSync } from 'node:fs';

/** Writes like the operating system, until so many bytes have been written; then the disk is full. */
export function diskOf(bytes: number): typeof writeSync {
  let left = bytes;
  return ((fd: number, buffer: Uint8Array, offset: number): number => {
    const length = Math.min(left, buffer.byteLength - offset);
    if (length === 0) throw new Error('ENOSPC: no space left on device, write');
    left -= length;
    return writeSync(fd, buffer, offset, length);
  }) as typeof writeSync;
}
