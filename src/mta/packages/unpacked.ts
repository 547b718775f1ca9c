/** MTAs that were unpacked from Debian's packages into a cache, where several can be that conflict when installed. */
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../core/process.ts';

/** MTAs that `install` knows, and Debian's packages of them. */
export const DEBIAN_PACKAGES = {
  postfix: 'postfix',
  exim: 'exim4-daemon-light',
  opensmtpd: 'opensmtpd',
} as const;

/** The name of an MTA that can be unpacked. */
export type PackagedMta = keyof typeof DEBIAN_PACKAGES;

/** An MTA in the cache. */
export interface Unpacked {
  /** The folder that has the package's files at their places: `prefix`/usr/sbin and so on. */
  readonly prefix: string;
  /** Debian's version, such as 3.7.11-0+deb12u1. */
  readonly version: string;
  /** What LD_LIBRARY_PATH must be for its programs. */
  readonly libraryPath: string;
}

/** The newest of an MTA in the cache; undefined if there is none. */
export function unpacked(
  name: PackagedMta,
  environ: NodeJS.ProcessEnv = environment(),
): Unpacked | undefined {
  const cache = cacheFolder(environ);
  const newest = foldersIn(cache)
    .filter((folder) => folder.startsWith(`${name}-`))
    .sort(new Intl.Collator('en', { numeric: true }).compare)
    .at(-1);
  if (newest === undefined) return undefined;
  const prefix = join(cache, newest);
  return {
    prefix,
    version: decodeURIComponent(newest.slice(name.length + 1)),
    libraryPath: libraryFolders(prefix).join(':'),
  };
}

/** Where MTAs are unpacked: XDG_CACHE_HOME or ~/.cache (XDG Base Directory Specification), in it windtunnel/mta. */
export function cacheFolder(environ: NodeJS.ProcessEnv): string {
  const { XDG_CACHE_HOME: given = '', HOME: home = homedir() } = environ;
  // The specification has relative paths ignored.
  return join(given.startsWith('/') ? given : join(home, '.cache'), 'windtunnel', 'mta');
}

/** The name of a version's folder in the cache. A colon, as in 1:2.3, would end a path in a list of them. */
export function folderName(name: PackagedMta, version: string): string {
  return `${name}-${version.replaceAll(':', '%3A')}`;
}

/** Folders below a prefix that have shared libraries. */
export function libraryFolders(prefix: string): string[] {
  return ['lib', 'usr/lib'].map((folder) => join(prefix, folder)).flatMap(withLibraries);
}

function withLibraries(folder: string): string[] {
  const entries = entriesOf(folder);
  const has = entries.some((entry) => !entry.isDirectory() && /\.so(\.|$)/.test(entry.name));
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  return [...(has ? [folder] : []), ...below.flatMap(withLibraries)];
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
