/** What this machine is and allows, read from the kernel. Nothing is judged here; see diagnosis.ts. */
import { availableParallelism, release, type } from 'node:os';
import {
  availableBytes,
  environment,
  memoryBytes,
  nodeVersion,
  platform,
  readText,
  runCommand,
} from '../../core/process.ts';
import { probeSeal, type SealProbe } from '../ground/seal.ts';
import { type DescriptorLimits, limitOf, linuxDescriptors, wholeNumber } from './descriptors.ts';
import { type FoundProgram, findPrograms } from './programs.ts';

/** Limits that the kernel sets to connections. Undefined: not known, or not there, on this system. */
export interface MachineLimits {
  readonly descriptors: DescriptorLimits;
  /** Open files of the whole system: fs.file-max. */
  readonly systemDescriptors: number | undefined;
  /** RLIMIT_NPROC, soft: processes and threads of this user. */
  readonly processes: number | undefined;
  /** Local ports that a connection may come from, both included. */
  readonly ports: { readonly from: number; readonly to: number } | undefined;
  /** The longest queue of connections that a listener has not taken yet: net.core.somaxconn. */
  readonly acceptQueue: number | undefined;
  /** Half-open connections, where SYN cookies are off: net.ipv4.tcp_max_syn_backlog. */
  readonly synBacklog: number | undefined;
  readonly synCookies: boolean | undefined;
  /** Pages of memory that all TCP connections may have in flight: the last value of net.ipv4.tcp_mem. */
  readonly tcpPages: number | undefined;
  /** Connections that a firewall can track; undefined where none does. */
  readonly conntrack: number | undefined;
}

/** The facts of a machine: plain data. */
export interface MachineFacts {
  readonly platform: NodeJS.Platform;
  readonly kernel: string;
  readonly node: string;
  /** The kind of container that this seems to be; undefined for none. */
  readonly container: string | undefined;
  /** Cores that this process may use, as a control group limits them. */
  readonly cores: number;
  /** Memory that this process can have, as a control group limits it, and what of it is free. */
  readonly memory: { readonly bytes: number; readonly availableBytes: number };
  readonly limits: MachineLimits;
  readonly seal: SealProbe;
  readonly programs: { readonly found: readonly FoundProgram[]; readonly missing: readonly string[] };
}

/** Where facts come from. Tests have machines of their own. */
export interface FactSource {
  readonly platform: NodeJS.Platform;
  /** A file's text; undefined if it can't be read. */
  read(path: string): string | undefined;
  /** What a command prints; undefined if it fails. */
  print(argv: readonly string[]): Promise<string | undefined>;
}

const HERE: FactSource = {
  platform,
  read: readText,
  async print(argv) {
    const { code, stdout } = await runCommand(argv);
    return code === 0 ? stdout : undefined;
  },
};

/** Reads everything, tries whether a seal can be made, and asks programs for their versions. Throws nothing. */
export async function readMachine(source: FactSource = HERE): Promise<MachineFacts> {
  const [limits, seal, programs] = await Promise.all([readLimits(source), probeSeal(), findPrograms()]);
  return {
    platform: source.platform,
    kernel: `${type()} ${release()}`,
    node: nodeVersion,
    container: containerKind(source.read, environment()),
    cores: Math.min(availableParallelism(), coresOfGroup(source.read) ?? Number.POSITIVE_INFINITY),
    memory: { bytes: memoryBytes(), availableBytes: availableBytes() },
    limits,
    seal,
    programs,
  };
}

/** Reads the limits alone; it takes no time. Throws nothing. */
export async function readLimits({ platform, read, print }: FactSource = HERE): Promise<MachineLimits> {
  const numberIn = (path: string): number | undefined => wholeNumber(read(`/proc/sys/${path}`));
  if (platform === 'linux') {
    const cookies = numberIn('net/ipv4/tcp_syncookies');
    return {
      descriptors: linuxDescriptors(read),
      systemDescriptors: numberIn('fs/file-max'),
      processes: limitOf('Max processes', read)[0],
      ports: portsIn(read('/proc/sys/net/ipv4/ip_local_port_range')),
      acceptQueue: numberIn('net/core/somaxconn'),
      synBacklog: numberIn('net/ipv4/tcp_max_syn_backlog'),
      synCookies: cookies === undefined ? undefined : cookies > 0,
      tcpPages: wholeNumber(read('/proc/sys/net/ipv4/tcp_mem')?.trim().split(/\s+/)[2]),
      conntrack: numberIn('net/netfilter/nf_conntrack_max'),
    };
  }
  const asked = async (...argv: string[]): Promise<number | undefined> => wholeNumber(await print(argv));
  const sysctl = (name: string): Promise<number | undefined> =>
    platform === 'darwin' ? asked('sysctl', '-n', name) : Promise.resolve(undefined);
  const [soft, hard, processes, ceiling, systemDescriptors, first, last, acceptQueue] = await Promise.all([
    asked('sh', '-c', 'ulimit -Sn'),
    asked('sh', '-c', 'ulimit -Hn'),
    asked('sh', '-c', 'ulimit -Su'),
    sysctl('kern.maxfilesperproc'),
    sysctl('kern.maxfiles'),
    sysctl('net.inet.ip.portrange.first'),
    sysctl('net.inet.ip.portrange.last'),
    sysctl('kern.ipc.somaxconn'),
  ]);
  return {
    descriptors: { soft, hard, ceiling, raisable: false },
    systemDescriptors,
    processes,
    ports: portsIn(`${first} ${last}`),
    acceptQueue,
    synBacklog: undefined,
    synCookies: undefined,
    tcpPages: undefined,
    conntrack: undefined,
  };
}

function portsIn(text: string | undefined): { from: number; to: number } | undefined {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text ?? '');
  return match ? { from: Number(match[1]), to: Number(match[2]) } : undefined;
}

/** Which kind of container this seems to be. */
export function containerKind(read: FactSource['read'], env: NodeJS.ProcessEnv): string | undefined {
  if (env.KUBERNETES_SERVICE_HOST !== undefined) return 'kubernetes';
  if (read('/run/.containerenv') !== undefined) return 'podman';
  if (read('/.dockerenv') !== undefined) return 'docker';
  return read('/run/systemd/container')?.trim() || undefined;
}

/** Cores' worth of time that this process's control group may use; undefined for no limit. */
export function coresOfGroup(read: FactSource['read']): number | undefined {
  const groups = read('/proc/self/cgroup') ?? '';
  // A limit of a group holds for all below it; a container sees its own group as the root.
  const within = (root: string, path: string): string[] => {
    const parts = path.split('/').filter((part) => part !== '');
    return [root, ...parts.map((_, i) => `${root}/${parts.slice(0, i + 1).join('/')}`)];
  };
  const v2 = within('/sys/fs/cgroup', /^0::(.*)$/m.exec(groups)?.[1] ?? '').map((folder) =>
    read(`${folder}/cpu.max`),
  );
  const v1 = within(
    '/sys/fs/cgroup/cpu',
    /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1] ?? '',
  ).map(
    (folder) =>
      `${read(`${folder}/cpu.cfs_quota_us`)?.trim()} ${read(`${folder}/cpu.cfs_period_us`)?.trim()}`,
  );
  const limits = [...v2, ...v1].flatMap((text) => {
    const match = /^(\d+)\s+(\d+)\s*$/.exec(text ?? '');
    return match ? [Number(match[1]) / Number(match[2])] : [];
  });
  return limits.length === 0 ? undefined : Math.min(...limits);
}
