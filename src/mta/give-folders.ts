import { join } from 'node:path';
import { HarnessError } from '../core/errors.ts';
import type { MtaHost } from './adapter.ts';

/**
 * Makes folders in an MTA's own folder and gives all of it to the user that the MTA runs as.
 * @throws HarnessError of kind `lab` if that user is not there
 */
export async function giveFolders(
  host: MtaHost,
  user: string,
  folder: string,
  names: readonly string[],
): Promise<void> {
  for (const argv of [
    ['mkdir', '-p', ...names.map((name) => join(folder, name))],
    ['chown', '-R', `${user}:${user}`, folder],
  ]) {
    const { code, stderr } = await host.run(argv);
    if (code !== 0) throw new HarnessError('lab', `${argv.join(' ')} failed: ${stderr.trim()}`);
  }
}
