import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment } from '../../core/process.ts';

/** Where mail servers are, beside the folders of PATH, which users often have without these. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/kumomta/sbin'];

/** The first program that has one of these names, in the order of PATH and of the folders where mail servers are. */
export function locate(
  files: readonly string[],
  path: string = environment().PATH ?? '',
): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...MORE_FOLDERS];
  return folders.flatMap((folder) => files.map((file) => join(folder, file))).find(canRun);
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
