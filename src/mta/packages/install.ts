/** Fetches an MTA from Debian's archive and unpacks it into the cache; nothing is installed, and root is not needed. */
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { environment, runCommand } from '../../core/process.ts';
import { installedAmong, lacksLibraries } from './libraries.ts';
import {
  cacheFolder,
  DEBIAN_PACKAGES,
  folderName,
  libraryFolders,
  type PackagedMta,
  type Unpacked,
} from './unpacked.ts';

/** A package is a few megabytes; a network that needs longer than this for one is down. */
const DEADLINE_MS = 300_000;

/** Packages beyond the first that a program may need, one after the other. */
const ROUNDS = 5;

/**
 * Fetches the newest version of an MTA that apt knows of, with the shared libraries that this machine lacks. A version
 * that is in the cache already stays as it is.
 * @param progress is told what is being done
 * @throws HarnessError of kind `lab` if this is not a Debian, apt does not know the package or can't fetch it
 */
export async function install(
  name: PackagedMta,
  progress: (sentence: string) => void,
  environ: NodeJS.ProcessEnv = environment(),
): Promise<Unpacked> {
  const cache = cacheFolder(environ);
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.fetching-'));
  try {
    const tree = join(work, 'tree');
    const [main] = await fetch([DEBIAN_PACKAGES[name]], join(work, 'first'), progress, environ);
    if (main === undefined) throw new HarnessError('lab', `apt-get fetched no ${DEBIAN_PACKAGES[name]}`);
    const version = (await fieldOf(main, 'Version', environ)).trim();
    const prefix = join(cache, folderName(name, version));
    if (!existsSync(prefix)) {
      await unpack([main], tree, environ);
      await addLibraries([main], tree, work, progress, environ);
      await dropPrivileges(tree);
      await putInPlace(tree, prefix);
    }
    return { prefix, version, libraryPath: libraryFolders(prefix).join(':') };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Adds packages of libraries until no program in the tree lacks one. */
async function addLibraries(
  packages: readonly string[],
  tree: string,
  work: string,
  progress: (sentence: string) => void,
  environ: NodeJS.ProcessEnv,
): Promise<void> {
  const known = new Set<string>();
  let newest = packages;
  for (let round = 0; ; round++) {
    const lacking = await lacksLibraries(tree, environ);
    if (lacking.length === 0) return;
    const named = (await Promise.all(newest.map((file) => dependenciesOf(file, environ)))).flat();
    const wanted = [...new Set(named)].filter((name) => !known.has(name));
    const here = await installedAmong(wanted, environ);
    const absent = wanted.filter((name) => !here.has(name));
    if (absent.length === 0 || round === ROUNDS) {
      throw new HarnessError('lab', `no package has ${lacking.join(', ')}`, {
        hint: 'install what has it with apt-get install',
      });
    }
    for (const name of absent) known.add(name);
    newest = await fetch(absent, join(work, `libraries-${round}`), progress, environ);
    await unpack(newest, tree, environ);
  }
}

/** Downloads packages into a folder of their own. Returns their files. */
async function fetch(
  packages: readonly string[],
  folder: string,
  progress: (sentence: string) => void,
  environ: NodeJS.ProcessEnv,
): Promise<string[]> {
  progress(`fetching ${packages.join(', ')}`);
  await mkdir(folder);
  const { code, stderr } = await runCommand(['apt-get', 'download', ...packages], {
    cwd: folder,
    env: { ...environ, LC_ALL: 'C' },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  if (code === 127) throw notDebian('apt-get');
  if (code !== 0) throw notFetched(packages, stderr);
  return (await readdir(folder)).filter((file) => file.endsWith('.deb')).map((file) => join(folder, file));
}

function notFetched(packages: readonly string[], stderr: string): HarnessError {
  const complaints = stderr.split('\n').filter((line) => line.startsWith('E: '));
  const why = (complaints.length > 0 ? complaints : [stderr.trim() || 'it took too long']).join('\n');
  const unknown = /Unable to locate package|No candidate|Can't find a source/i.test(why);
  return new HarnessError('lab', `apt-get can't fetch ${packages.join(', ')}:\n${why}`, {
    hint: unknown
      ? "run `apt-get update` as root, so that apt knows the archive's packages"
      : 'it needs the network, or a mirror of the archive in /etc/apt/sources.list',
  });
}

function notDebian(program: string): HarnessError {
  return new HarnessError('lab', `there is no ${program}: MTAs are fetched from Debian's archive`, {
    hint: "install the MTA with this system's own package manager; windtunnel finds it in PATH",
  });
}

async function unpack(packages: readonly string[], tree: string, environ: NodeJS.ProcessEnv): Promise<void> {
  for (const file of packages) {
    const { code, stderr } = await runCommand(['dpkg', '-x', file, tree], { env: environ });
    if (code === 127) throw notDebian('dpkg');
    if (code !== 0) throw new HarnessError('lab', `dpkg can't unpack ${file}: ${stderr.trim()}`);
  }
}

/** The libraries' packages that a package depends on; of alternatives the first, as apt would take. */
async function dependenciesOf(file: string, environ: NodeJS.ProcessEnv): Promise<string[]> {
  const text = `${await fieldOf(file, 'Depends', environ)},${await fieldOf(file, 'Pre-Depends', environ)}`;
  return text.split(',').flatMap((entry) => /^\s*(lib[a-z0-9+.-]+)/.exec(entry)?.[1] ?? []);
}

/** A field of a package's description; '' if it has none. */
async function fieldOf(file: string, field: string, environ: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['dpkg-deb', '-f', file, field], { env: environ });
  if (code === 127) throw notDebian('dpkg-deb');
  if (code !== 0) throw new HarnessError('lab', `dpkg-deb can't read ${file}: ${stderr.trim()}`);
  return stdout;
}

/** Takes setuid and setgid from all files: a cache is no place for programs that any user may run as root. */
async function dropPrivileges(tree: string): Promise<void> {
  for (const path of await readdir(tree, { recursive: true })) {
    const file = join(tree, path);
    const { mode } = await lstat(file);
    const isLink = (mode & 0o170000) === 0o120000;
    if (!isLink && (mode & 0o6000) !== 0) await chmod(file, mode & 0o1777);
  }
}

/** Makes the tree appear whole. Another install that was faster has put the same there. */
async function putInPlace(tree: string, prefix: string): Promise<void> {
  // Whatever the umask is: an MTA's programs run as users of their own.
  await chmod(tree, 0o755);
  await rename(tree, prefix).catch((error: unknown) => {
    if (!existsSync(prefix)) throw error;
  });
}
