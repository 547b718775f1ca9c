/** A disk of its own for the MTA's queue, in memory, that can be full for a while. */
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { every } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';

/** A disk that can be full. */
export interface QueueDisk {
  /** Takes all room that is left, and whatever becomes free. Resolves when there is none. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
  close(): Promise<void>;
}

/** How often what has become free is taken. */
const AGAIN_MS = 20;

/** Written at a time, then ever less, down to a page of the disk. */
const LARGEST = 1 << 20;
const SMALLEST = 4096;

/**
 * Mounts it over a folder, which is made if it is not there. Only inside a seal, with which it ends, and what is on it too.
 * @throws HarnessError of kind `lab` if that is not allowed
 */
export async function mountQueueDisk(folder: string, bytes: number): Promise<QueueDisk> {
  await mkdir(folder, { recursive: true });
  const argv = ['mount', '-t', 'tmpfs', '-o', `mode=755,size=${bytes}`, 'windtunnel-queue', folder];
  const { code, stderr } = await runCommand(argv);
  if (code !== 0)
    throw new HarnessError('lab', `can't put the MTA's queue on a disk of its own: ${stderr.trim()}`);
  // Nobody sees it: it has no name any more, and takes room as long as it is open.
  const path = join(folder, '.windtunnel');
  const filler = await open(path, 'w');
  await unlink(path);
  return new Filler(filler);
}

class Filler implements QueueDisk {
  readonly #file: FileHandle;
  #stopTaking: (() => void) | undefined;
  #taking: Promise<void> | undefined;
  #size = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async fill(): Promise<void> {
    await this.#take();
    this.#stopTaking = every(AGAIN_MS, () => {
      this.#taking ??= this.#take().finally(() => {
        this.#taking = undefined;
      });
    });
  }

  async free(): Promise<void> {
    this.#stopTaking?.();
    this.#stopTaking = undefined;
    await this.#taking;
    await this.#file.truncate(0);
    this.#size = 0;
  }

  async close(): Promise<void> {
    this.#stopTaking?.();
    await this.#taking;
    await this.#file.close();
  }

  async #take(): Promise<void> {
    for (let size = LARGEST; size >= SMALLEST; ) {
      const { bytesWritten } = await this.#file
        .write(Buffer.alloc(size), 0, size, this.#size)
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOSPC') return { bytesWritten: 0 };
          throw error;
        });
      this.#size += bytesWritten;
      if (bytesWritten < size) size >>= 1;
    }
  }
}
