/** The sealed internet: a process tree with namespaces of its own, from which nothing can reach the real network. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { environment, isRoot, nodeBinary, platform } from '../../core/process.ts';
import { type LabProof, sealedProof } from '../../core/proof.ts';
import { findLeak } from './leaks.ts';
import { bindNames, type NameOptions } from './names.ts';
import { raiseWires, type SealedHost, type WireOptions } from './wire.ts';

/** How the namespaces are made: as root, or in a user namespace, where this one user is root. */
export type SealPrivilege = 'root' | 'user-namespace';

/** Whether a seal can be made here; if not, the first step that failed, and what to do about it. */
export type SealProbe =
  | { readonly ok: true; readonly privilege: SealPrivilege }
  | { readonly ok: false; readonly step: string; readonly reason: string; readonly fix: string };

/** Far more than a probe takes; a machine that needs longer could not hold a lab. */
const PROBE_DEADLINE_MS = 10_000;

/** Tries the whole sequence once, in a throwaway child: namespaces, names, wire, proof. */
export async function probeSeal(): Promise<SealProbe> {
  if (platform !== 'linux') {
    return {
      ok: false,
      step: 'system',
      reason: `${platform} has no network namespaces`,
      fix: 'Run it on Linux.',
    };
  }
  const asUser = (): Promise<SealProbe> => probeOnce('user-namespace');
  if (!isRoot()) return asUser();
  const asRoot = await probeOnce('root');
  // Root of a container may be too weak for the first and still be allowed the second.
  if (asRoot.ok) return asRoot;
  const second = await asUser();
  return second.ok ? second : asRoot;
}

/**
 * Starts a Node program inside a new seal, with an IPC channel (structured clones), stdout and stderr as pipes. It is in
 * the namespace `internet`, with no network yet: the program calls `raiseInternet`.
 *
 * The child is the unshare process. SIGKILL ends it and all that was started inside; so does the end of this process.
 * It ignores SIGTERM.
 */
export function spawnSealed(
  modulePath: string,
  args: readonly string[],
  options: { readonly privilege: SealPrivilege; readonly env?: Readonly<Record<string, string>> },
): ChildProcess {
  const { PATH = '/usr/bin:/bin' } = environment();
  const argv = [
    // If the CLI is killed, so is the seal, even if the lab inside hangs.
    ...['--pdeathsig', 'KILL', 'unshare'],
    ...(options.privilege === 'user-namespace' ? ['--map-root-user'] : []),
    ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
    // The shell is PID 1, because it reaps orphans while it waits; Node can't. `exit` keeps it from becoming node.
    ...['sh', '-c', '"$@"; exit $?', 'sh'],
    ...[nodeBinary, '--enable-source-maps', modulePath, ...args],
  ];
  return spawn('setpriv', argv, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    // A process group of its own, so that a terminal's Ctrl-C reaches the CLI alone.
    detached: true,
    // ip and most mail servers are in folders that users often don't have in their path.
    env: { ...environment(), PATH: `${PATH}:/usr/local/sbin:/usr/sbin:/sbin`, ...options.env },
  });
}

/**
 * Inside a seal: gives it names, wire and routes, and raises the namespace for the mail server.
 * @throws HarnessError of kind `lab`, or `invalid-scenario` for a source that no machine can have
 */
export async function raiseInternet(options: NameOptions & WireOptions): Promise<SealedHost> {
  await bindNames(options);
  return raiseWires(options);
}

/**
 * Proves that a process, this one unless told otherwise, can reach nothing but the lab. It holds in both namespaces.
 * @throws HarnessError of kind `lab` that names what leads elsewhere
 */
export function proveSealed(pid: number | 'self' = 'self'): LabProof {
  const read = (name: string): string => {
    const path = `/proc/${pid}/net/${name}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const leak = findLeak({
    dev: read('dev'),
    route: read('route'),
    ipv6_route: read('ipv6_route'),
    arp: read('arp'),
  });
  if (leak === undefined) return sealedProof();
  throw new HarnessError('lab', `this process is not in the sealed internet: ${leak}`);
}

/** The last word of the probing program. */
export type ProbeReport = { readonly ok: true } | Extract<SealProbe, { readonly ok: false }>;

async function probeOnce(privilege: SealPrivilege): Promise<SealProbe> {
  const program = fileURLToPath(new URL('./seal-probe.js', import.meta.url));
  // What the programs complain about is told from their English.
  const child = spawnSealed(program, [], { privilege, env: { LC_ALL: 'C' } });
  let report: ProbeReport | undefined;
  let complaint = '';
  child.on('message', (message) => {
    report = message as ProbeReport;
  });
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const cancel = after(PROBE_DEADLINE_MS, () => child.kill('SIGKILL'));
  await new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', (error) => {
      complaint += error.message;
      resolve();
    });
  });
  cancel();
  if (report?.ok) return { ok: true, privilege };
  if (report) return report;
  const reason = complaint.trim().split('\n')[0] || 'the probing program ended without a word';
  return { ok: false, step: 'namespaces', reason, fix: namespaceFix(privilege, reason, kernelSetting) };
}

/** What to do when unshare fails, from what it said and from the kernel's settings. */
export function namespaceFix(
  privilege: SealPrivilege,
  complaint: string,
  setting: (name: string) => string | undefined,
): string {
  if (/ENOENT|EACCES|failed to execute|(un)?recognized option|invalid option/.test(complaint)) {
    return 'Install util-linux 2.33 or newer (unshare, nsenter, setpriv).';
  }
  if (privilege === 'user-namespace') {
    const switches = [
      ['user.max_user_namespaces', '0', '15000'],
      ['kernel.unprivileged_userns_clone', '0', '1'],
      ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
    ] as const;
    const off = switches.find(([name, value]) => setting(name) === value);
    if (off) return `User namespaces are off: sudo sysctl ${off[0]}=${off[2]}, or run it as root.`;
  }
  return 'In a container, run it with --privileged; elsewhere, run it as root.';
}

function kernelSetting(name: string): string | undefined {
  const path = `/proc/sys/${name.replaceAll('.', '/')}`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
