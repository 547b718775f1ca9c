import { spawnSync } from 'node:child_process';

/** What comes before a command that is to run as a user without any rights. */
export const NOBODY: readonly string[] = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Whether that user can read a file of this checkout: it may lie in a folder that is private to root. */
export function nobodyCanRead(path: string): boolean {
  const [command = '', ...rest] = NOBODY;
  const script = 'require("node:fs").accessSync(process.argv[1], 4)';
  return spawnSync(command, [...rest, process.execPath, '--eval', script, path]).status === 0;
}
