import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigFile } from './adapter.ts';

/** Writes configuration files below a folder; what is secret, for its owner alone. */
export async function writeConfigFiles(folder: string, files: readonly ConfigFile[]): Promise<void> {
  for (const { name, text, secret } of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: secret ? 0o600 : 0o644 });
  }
}
