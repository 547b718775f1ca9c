/** The folder of a private instance: its configuration, and a queue as `postfix start` would make it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { Account, ConfigFile, MtaHost } from '../adapter.ts';
import { PLACES } from './config.ts';

/** Whom Postfix's services run as, and the group that may hand in mail by a local program. */
export const ACCOUNTS = [
  { name: 'postfix', kind: 'user' },
  { name: 'postdrop', kind: 'group' },
] as const satisfies readonly Account[];

const [OWNER, DROP] = ACCOUNTS;

/** Folders of the owner's, by group and mode (postfix-files). */
const OWNED = [
  { group: 'root', mode: '0700', below: '', names: [PLACES.data] },
  {
    group: 'root',
    mode: '0700',
    below: PLACES.queue,
    names: 'active bounce corrupt defer deferred flush hold incoming private saved trace'.split(' '),
  },
  { group: DROP.name, mode: '0730', below: PLACES.queue, names: ['maildrop'] },
  { group: DROP.name, mode: '0710', below: PLACES.queue, names: ['public'] },
] as const;

/**
 * Makes the folders and writes the files.
 * @param folder exists; what is in it is kept, but for a log
 * @throws HarnessError of kind `lab` if this machine lacks the users
 */
export async function writeFolder(
  folder: string,
  files: readonly ConfigFile[],
  host: MtaHost,
): Promise<void> {
  for (const name of ['.', PLACES.config, PLACES.queue, join(PLACES.queue, 'pid')]) {
    await mkdir(join(folder, name), { recursive: true });
    // Whatever the umask is: its services are users of their own.
    await chmod(join(folder, name), 0o755);
  }
  for (const { name, text, secret } of files)
    await writeFile(join(folder, name), text, { mode: secret ? 0o600 : 0o644 });
  const install = async (group: string, mode: string, ...more: readonly string[]): Promise<void> => {
    const { code, stderr } = await host.run(['install', '-o', OWNER.name, '-g', group, '-m', mode, ...more]);
    if (code !== 0) throw new HarnessError('lab', `Postfix's queue can't be made: ${stderr.trim()}`);
  };
  for (const { group, mode, below, names } of OWNED)
    await install(group, mode, '-d', '--', ...names.map((name) => join(folder, below, name)));
  // postsuper(1) logs as the owner, by itself where no Postfix runs.
  await install('root', '0644', '--', '/dev/null', join(folder, PLACES.log));
}
