/** Where Postfix is on this machine: installed, or unpacked by `windtunnel mta install`. */
import { dirname, join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { environment, runCommand } from '../../core/process.ts';
import { locate } from '../packages/locate.ts';
import { unpacked } from '../packages/unpacked.ts';

/** A Postfix that was found. */
export interface Installation {
  readonly version: string;
  /** The folder below which its package was unpacked; undefined: it is where it was built to be. */
  readonly prefix: string | undefined;
  readonly commandDirectory: string;
  readonly daemonDirectory: string;
  readonly metaDirectory: string;
  readonly shlibDirectory: string;
  /** What LD_LIBRARY_PATH must be for its programs; undefined: they find their libraries. */
  readonly libraryPath: string | undefined;
}

/** A `postconf`, before it was asked anything. */
export type Postconf = Pick<Installation, 'prefix' | 'libraryPath'> & { readonly path: string };

/** What Postfix is built with; it tells so without any configuration. */
const ASKED = ['mail_version', 'command_directory', 'daemon_directory', 'meta_directory', 'shlib_directory'];

/** The oldest Postfix that takes tables written out in main.cf (inline regexp). */
const OLDEST: readonly [number, number] = [3, 7];

/** The program `postfix`, or its place; undefined if there is none. */
export function program(): string | undefined {
  const found = findPostconf();
  return found && join(dirname(found.path), 'postfix');
}

/**
 * Finds Postfix and asks where its parts are. One that PATH leads to comes before the unpacked one.
 * @throws HarnessError of kind `lab` if there is none, or none that is new enough
 */
export async function installation(postconf = findPostconf()): Promise<Installation> {
  if (!postconf) {
    throw new HarnessError('lab', 'Postfix is not installed', {
      hint: "`windtunnel mta install postfix` unpacks it; or install your system's package postfix",
    });
  }
  const { path, prefix, libraryPath } = postconf;
  const env = { ...environment(), ...libraries(postconf) };
  const { code, stdout, stderr } = await runCommand([path, '-d', '-h', ...ASKED], { env });
  const [version = '', ...folders] = stdout.trimEnd().split('\n');
  if (code !== 0 || folders.length !== ASKED.length - 1) {
    throw new HarnessError('lab', `${path} does not tell its version: ${stderr.trim() || stdout.trim()}`);
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new HarnessError('lab', `${path} is of Postfix ${version}; expected ${OLDEST.join('.')} or newer`);
  }
  const [commandDirectory = '', daemonDirectory = '', metaDirectory = '', shlibDirectory = ''] = folders.map(
    (folder) => (prefix === undefined ? folder : join(prefix, folder)),
  );
  return { version, prefix, commandDirectory, daemonDirectory, metaDirectory, shlibDirectory, libraryPath };
}

/** What programs of this Postfix need in their environment. */
export function libraries({ libraryPath }: Pick<Installation, 'libraryPath'>): Record<string, string> {
  return libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath };
}

/** The `postconf` of Debian's package, unpacked below a prefix. */
export function postconfBelow(prefix: string, libraryPath: string): Postconf {
  return { path: join(prefix, 'usr', 'sbin', 'postconf'), prefix, libraryPath };
}

function findPostconf(): Postconf | undefined {
  const path = locate(['postconf']);
  if (path !== undefined) return { path, prefix: undefined, libraryPath: undefined };
  const found = unpacked('postfix');
  return found && postconfBelow(found.prefix, found.libraryPath);
}
