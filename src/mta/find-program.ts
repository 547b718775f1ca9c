import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment } from '../core/process.ts';

/** The path of a program, looked for in these folders and then in those of PATH; undefined if it is in none. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  return [...folders, ...(environment().PATH ?? '').split(delimiter)]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
