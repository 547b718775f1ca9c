import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** The logs of an MTA, from here on. */
export interface Logs {
  /** Copies what was added to them; a log that can't be read is left out. */
  keep(): Promise<void>;
}

/** Remembers how long logs are; those that are not there yet are empty. Copies go to a folder, under their names. */
export async function openLogs(files: readonly string[], folder: string): Promise<Logs> {
  const sizeOf = (file: string): Promise<number> =>
    stat(file).then(
      ({ size }) => size,
      () => 0,
    );
  const before = await Promise.all(files.map(sizeOf));
  return {
    async keep() {
      for (const [index, file] of files.entries()) {
        const from = before[index] ?? 0;
        const size = await sizeOf(file);
        // A shorter one was begun anew meanwhile.
        const start = size < from ? 0 : from;
        if (size === 0) continue;
        const copy = createWriteStream(join(folder, basename(file)));
        await pipeline(createReadStream(file, { start }), copy).catch(() => {});
      }
    },
  };
}
