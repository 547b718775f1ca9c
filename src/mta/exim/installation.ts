/** Where Exim is on this machine: installed, or unpacked into the cache. */
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import { locate } from '../packages/locate.ts';
import { unpacked } from '../packages/unpacked.ts';

/** An Exim that was found. */
export interface Installation {
  readonly program: string;
  /** Of the cache: Debian's version. undefined: the program tells. */
  readonly packaged: string | undefined;
  /** The folder below which its package was unpacked; undefined: it is where it was built to be. */
  readonly prefix: string | undefined;
  /** What LD_LIBRARY_PATH must be; '' if it needs nothing. */
  readonly libraryPath: string;
}

/**
 * Finds Exim: the one that is installed, else the newest in the cache.
 * @throws HarnessError of kind `lab` if there is none
 */
export function installation(): Installation {
  const installed = locate(['exim4', 'exim']);
  if (installed !== undefined)
    return { program: installed, packaged: undefined, prefix: undefined, libraryPath: '' };
  const cached = unpacked('exim');
  if (cached) {
    const { prefix, version, libraryPath } = cached;
    return { program: join(prefix, 'usr', 'sbin', 'exim4'), packaged: version, prefix, libraryPath };
  }
  throw new HarnessError('lab', 'Exim is not installed', {
    hint: "install your system's package exim4-daemon-light, or `windtunnel mta install exim`",
  });
}

/** An Exim's version. Out of the cache it can't tell: it wants its user, whom only a seal has. */
export async function versionOf({ program, packaged }: Installation): Promise<string> {
  if (packaged !== undefined) return packaged;
  const { stdout, stderr } = await runCommand([program, '-bV']);
  const version = /^Exim version (\S+)/m.exec(stdout)?.[1];
  if (version === undefined) {
    throw new HarnessError('lab', `${program} does not tell its version: ${stderr.trim() || stdout.trim()}`);
  }
  return version;
}
