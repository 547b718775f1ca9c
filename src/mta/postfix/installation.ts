/** Where Postfix is on this machine. */
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { environment, runCommand } from '../../core/process.ts';

/** A Postfix that was found. */
export interface Installation {
  readonly version: string;
  /** The folder below which its package was unpacked; undefined: it is where it was built to be. */
  readonly prefix: string | undefined;
  readonly commandDirectory: string;
  readonly daemonDirectory: string;
  readonly metaDirectory: string;
  readonly shlibDirectory: string;
  /** Where its programs find their libraries (LD_LIBRARY_PATH); undefined: where they look anyway. */
  readonly libraries: string | undefined;
}

/** What a Postfix tells of itself, built in; it does so without any configuration. */
const ASKED = ['mail_version', 'command_directory', 'daemon_directory', 'meta_directory', 'shlib_directory'];

/** Where Debian's package has what postconf needs to tell the rest. */
const UNPACKED = { commands: 'usr/sbin', libraries: 'usr/lib/postfix' } as const;

/** The oldest Postfix that knows tables written inside main.cf. */
const OLDEST = [3, 7] as const;

/**
 * Finds Postfix.
 * @param prefix a folder below which Debian's package was unpacked; undefined: where PATH leads
 * @throws HarnessError of kind `lab` if there is none, or none that is new enough
 */
export async function installation(prefix?: string): Promise<Installation> {
  const { PATH = '' } = environment();
  const libraries = prefix === undefined ? undefined : join(prefix, UNPACKED.libraries);
  const postconf = prefix === undefined ? 'postconf' : join(prefix, UNPACKED.commands, 'postconf');
  const { code, stdout } = await runCommand([postconf, '-d', '-h', ...ASKED], {
    env: { ...environment(), PATH: `${PATH}:/usr/sbin:/sbin`, ...librariesIn({ libraries }) },
  });
  const [version, ...folders] = stdout.trimEnd().split('\n');
  if (code !== 0 || !version || folders.length < ASKED.length - 1) {
    throw new HarnessError('lab', 'Postfix is not installed', {
      hint: "install your system's package postfix, or `windtunnel mta install postfix`",
    });
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new HarnessError('lab', `found Postfix ${version}; expected ${OLDEST.join('.')} or newer`);
  }
  const [commandDirectory = '', daemonDirectory = '', metaDirectory = '', shlibDirectory = ''] = folders.map(
    (folder) => (prefix === undefined ? folder : join(prefix, folder)),
  );
  return { version, prefix, commandDirectory, daemonDirectory, metaDirectory, shlibDirectory, libraries };
}

/** What a program of this Postfix needs in its environment. */
export function librariesIn({ libraries }: Pick<Installation, 'libraries'>): Record<string, string> {
  return libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries };
}
