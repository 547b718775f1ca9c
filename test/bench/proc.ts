/** What Linux says of processes: CPU time and memory. One ruler for both sides. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, in which /proc counts; 100 on every architecture of Linux that Node runs on. */
const MICROS_A_TICK = 10_000;

interface Stat {
  readonly parent: number;
  readonly own: number;
  /** Of its children that have ended and were waited for. */
  readonly ended: number;
}

/** CPU time, user and system, of a process and all below it, those that have ended included, microseconds. */
export function cpuOfTree(pid: number): number {
  const stats = allStats();
  const sum = (of: number): number => {
    const { own = 0, ended = 0 } = stats.get(of) ?? {};
    return own + ended + childrenIn(stats, of).reduce((total, child) => total + sum(child), 0);
  };
  return sum(pid);
}

/** CPU time of this process's children that have ended, microseconds. */
export function cpuOfEnded(): number {
  return statOf(process.pid)?.ended ?? 0;
}

/** The processes that a process has started. */
export function childrenOf(pid: number): number[] {
  return childrenIn(allStats(), pid);
}

/** Resident memory of a process in bytes. */
export function residentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

function childrenIn(stats: ReadonlyMap<number, Stat>, pid: number): number[] {
  return [...stats].flatMap(([child, { parent }]) => (parent === pid ? [child] : []));
}

function allStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat) stats.set(Number(name), stat);
  }
  return stats;
}

function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It has ended since the folder was read.
    return undefined;
  }
  // proc_pid_stat(5): the name may hold anything; after its bracket come state, ppid, … utime is field 14 of all.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number): number => Number(fields[field - 3]) * MICROS_A_TICK;
  return { parent: Number(fields[1]), own: ticks(14) + ticks(15), ended: ticks(16) + ticks(17) };
}
