import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The project's root folder: the nearest folder upwards with a package.json. Data files (profiles, replies,
 * scenarios) are read from the source tree, so that they are never copied into the build.
 */
export const projectRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The path of a file of the project, given by its place in the source tree. */
export function asset(...parts: string[]): string {
  return join(projectRoot, ...parts);
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no package.json found above the program');
  return findRoot(parent);
}
