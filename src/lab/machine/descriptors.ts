/** How many descriptors a process of the lab may hold, and the raising of that limit where it is allowed. */
import { platform, readText } from '../../core/process.ts';

/** RLIMIT_NOFILE as it is here. Undefined where it can't be told; Infinity where there is no limit. */
export interface DescriptorLimits {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
  /** What no process can go above, whatever its limits: fs.nr_open of Linux, kern.maxfilesperproc of macOS. */
  readonly ceiling: number | undefined;
  /** Whether this process may raise its hard limit: CAP_SYS_RESOURCE, in the first user namespace. */
  readonly raisable: boolean;
}

/** A worker asks for no more: enough for a million sessions, and the default of fs.nr_open. */
const WANTED = 1_048_576;

/** Bit of CAP_SYS_RESOURCE (linux/capability.h). */
const CAP_SYS_RESOURCE = 24n;

/** The limits of this process on Linux. `read` gives a file's text, or undefined. */
export function linuxDescriptors(read: (path: string) => string | undefined = readText): DescriptorLimits {
  const [soft, hard] = limitOf('Max open files', read);
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '0';
  // Root of another user namespace has the capability there, and the kernel asks for it here.
  const first = /^\s*0\s+0\s+4294967295\s*$/.test(read('/proc/self/uid_map') ?? '');
  return {
    soft,
    hard,
    ceiling: wholeNumber(read('/proc/sys/fs/nr_open')),
    raisable: first && ((BigInt(`0x${capabilities}`) >> CAP_SYS_RESOURCE) & 1n) === 1n,
  };
}

/** Soft and hard value of a row of /proc/self/limits. */
export function limitOf(
  row: string,
  read: (path: string) => string | undefined,
): [soft: number | undefined, hard: number | undefined] {
  const match = new RegExp(`^${row}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(read('/proc/self/limits') ?? '');
  return [wholeNumber(match?.[1]), wholeNumber(match?.[2])];
}

/** The number in a text of the kernel or of a shell; Infinity for `unlimited`, undefined for what is no number. */
export function wholeNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (trimmed === 'unlimited') return Number.POSITIVE_INFINITY;
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

/** What a worker can have in the end. Node raises its soft limit to the hard one by itself. */
export function attainableDescriptors({ hard, ceiling, raisable }: DescriptorLimits): number | undefined {
  if (hard === undefined) return ceiling;
  if (ceiling === undefined) return hard;
  return Math.min(ceiling, raisable ? Math.max(hard, WANTED) : hard);
}

/**
 * The command that runs `argv` with as many descriptors as it may have. For workers alone: the MTA under test keeps the
 * limits of its production.
 */
export function withDescriptors(
  argv: readonly string[],
  limits: DescriptorLimits | undefined = platform === 'linux' ? linuxDescriptors() : undefined,
): readonly string[] {
  const most = limits && attainableDescriptors(limits);
  if (!limits?.raisable || most === undefined || most <= (limits.hard ?? 0)) return argv;
  // A shell that is refused keeps the limit it has, and goes on.
  return ['sh', '-c', `ulimit -n ${most} 2> /dev/null; exec "$@"`, 'sh', ...argv];
}
