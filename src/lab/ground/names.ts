/** Name lookups inside a seal: libc and every resolver library find the lab's DNS and nothing else. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import type { Account } from '../../mta/adapter.ts';

export interface NameOptions {
  /** The address that the lab's DNS listens on. */
  readonly resolver: string;
  /** More lines for /etc/hosts: names by address. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Users and groups that mail servers run as; the machine's own stay as they are. */
  readonly accounts?: readonly Account[];
}

/** Sockets in the file system cross network namespaces; behind these, daemons would resolve the real Gmail. */
export const HIDDEN_FOLDERS = ['/run/systemd/resolve', '/run/nscd', '/var/run/nscd', '/run/dbus'];

/** Covered while files are taken from the tmpfs mounted on it. It exists everywhere, and no target is below it. */
const STAGE = '/tmp';

/** Where a tmpfs may cover what is there, to make room for the target of a dangling link: nothing there lasts. */
const VOLATILE = /^\/(run|mnt)(\/|$)/;

/**
 * Gives this mount namespace its own resolv.conf, hosts and nsswitch.conf and hides the sockets of resolving
 * daemons. Nothing is written to a disk. Throws a HarnessError of kind `lab`.
 */
export async function bindNames(options: NameOptions): Promise<void> {
  for (const folder of HIDDEN_FOLDERS) if (existsSync(folder)) await mountTmpfs(folder);
  const files: [path: string, text: string][] = [
    ['/etc/resolv.conf', `nameserver ${options.resolver}\n`],
    ['/etc/hosts', hostsFile(options.hosts ?? {})],
  ];
  // musl has no nsswitch.conf; there the order is fixed: files, then DNS.
  const nsswitch = '/etc/nsswitch.conf';
  if (existsSync(nsswitch)) files.push([nsswitch, nsswitchFile(readFileSync(nsswitch, 'utf8'))]);
  const { accounts = [] } = options;
  if (accounts.length > 0) {
    const { passwd, group } = accountFiles(
      { passwd: readFileSync('/etc/passwd', 'utf8'), group: readFileSync('/etc/group', 'utf8') },
      accounts,
    );
    files.push(['/etc/passwd', passwd], ['/etc/group', group]);
  }

  await mountTmpfs(STAGE);
  for (const [path, text] of files) await place(path, text);
  await mount('umount', STAGE);
}

/** The machine's nsswitch.conf with hosts looked up in the file, then in DNS. MTAs need the rest for their users. */
export function nsswitchFile(text: string): string {
  const others = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*hosts\s*:/.test(line));
  return `${[...others, 'hosts: files dns'].join('\n')}\n`;
}

function hostsFile(more: Readonly<Record<string, readonly string[]>>): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost', `127.0.0.1 ${hostname()}`];
  for (const [address, names] of Object.entries(more)) lines.push([address, ...names].join(' '));
  return `${lines.join('\n')}\n`;
}

/** The first number for accounts that the machine lacks: above what packages and people have, below the 16-bit nobody. */
const FIRST_ID = 61_000;

/** The machine's accounts (passwd(5), group(5)) and those that it lacks; each user has a group of its name. */
export function accountFiles(
  here: { readonly passwd: string; readonly group: string },
  accounts: readonly Account[],
): { passwd: string; group: string } {
  let { passwd, group } = here;
  const numbers = new Set(`${passwd}\n${group}`.match(/(?<=^[^:]*:[^:]*:)\d+/gm)?.map(Number));
  const gidOf = (name: string): string | undefined =>
    group
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':')[2];
  for (const { name, kind } of accounts) {
    if (gidOf(name) === undefined) {
      let id = FIRST_ID;
      while (numbers.has(id)) id += 1;
      numbers.add(id);
      group = `${group.trimEnd()}\n${name}:x:${id}:\n`;
    }
    if (kind === 'user' && !passwd.split('\n').some((line) => line.startsWith(`${name}:`))) {
      const id = gidOf(name);
      passwd = `${passwd.trimEnd()}\n${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin\n`;
    }
  }
  return { passwd, group };
}

/** Puts a file in place of `path`, which may be a link, also one that dangles. */
async function place(path: string, text: string): Promise<void> {
  const target = targetOf(path);
  if (existsSync(target)) {
    const staged = join(STAGE, basename(path));
    write(staged, text);
    await mount('mount', '--bind', staged, target);
    return;
  }
  const ancestor = nearestFolder(target);
  if (!VOLATILE.test(ancestor)) {
    throw new HarnessError('lab', `${target} does not exist`, {
      hint: `create an empty ${target}; inside the seal it is replaced`,
    });
  }
  await mountTmpfs(ancestor);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  write(target, text);
}

/** Where a path leads in the end, whether that exists or not. */
function targetOf(path: string, hops = 40): string {
  if (hops === 0) throw new HarnessError('lab', `${path} is part of a loop of links`);
  if (existsSync(path)) return realpathSync(path);
  const folder = existsSync(dirname(path)) ? realpathSync(dirname(path)) : dirname(path);
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? targetOf(resolve(folder, readlinkSync(path)), hops - 1) : join(folder, basename(path));
}

function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) ? folder : nearestFolder(folder);
}

function write(path: string, text: string): void {
  writeFileSync(path, text);
  // Whatever the umask is: MTAs read these files as users of their own.
  chmodSync(path, 0o644);
}

function mountTmpfs(folder: string): Promise<void> {
  return mount('mount', '-t', 'tmpfs', '-o', 'mode=755,size=1m', 'windtunnel', folder);
}

async function mount(...argv: string[]): Promise<void> {
  const { code, stderr } = await runCommand(argv);
  if (code === 0) return;
  throw new HarnessError('lab', `${argv.join(' ')} failed: ${stderr.trim()}`, {
    hint: 'mounting inside the seal is forbidden here; in a container, run it with --privileged',
  });
}
