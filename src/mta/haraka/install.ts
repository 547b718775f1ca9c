import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../core/assets.ts';
import { HarnessError } from '../../core/errors.ts';

/** Where Haraka is, and which one. */
export interface Installation {
  readonly program: string;
  readonly version: string;
}

/** Finds Haraka among the packages of a folder. Throws (kind `lab`) if it is not there. */
export function installation(root: string = projectRoot): Installation {
  const manifest = resolveManifest(root);
  if (!manifest) {
    throw new HarnessError('lab', 'Haraka is not installed', { hint: 'npm ci installs it with windtunnel' });
  }
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, 'utf8')));
  return { program: join(dirname(manifest), 'bin', 'haraka'), version };
}

function resolveManifest(root: string): string | undefined {
  try {
    return createRequire(join(root, 'package.json')).resolve('Haraka/package.json');
  } catch {
    return undefined;
  }
}
