/** Who started whom, from /proc; nothing where there is none. */
import { readdirSync } from 'node:fs';
import type { Micros } from '../../core/clock.ts';
import { readText } from '../../core/process.ts';

/** Processes that a process started and that still run, the oldest first. Orphans belong to whoever adopted them. */
export function childrenOf(parent: number): number[] {
  return (tree().get(parent) ?? []).sort((a, b) => a - b);
}

/** A process's children, their children and so on; nearer ones first. */
export function descendantsOf(ancestor: number): number[] {
  const children = tree();
  const found: number[] = [];
  for (let level = [ancestor]; level.length > 0; ) {
    level = level.flatMap((pid) => (children.get(pid) ?? []).sort((a, b) => a - b));
    found.push(...level);
  }
  return found;
}

/** The time that a process has used, all its threads together, and its resident memory; undefined if it can't be told. */
export function usageOf(
  pid: number,
  read: (path: string) => string | undefined = readText,
): { readonly cpu: Micros; readonly residentBytes: number } | undefined {
  const fields = fieldsOf(read(`/proc/${pid}/stat`));
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  // utime and stime (proc(5), numbers 14 and 15), in ticks of which a second has 100 on every Linux (USER_HZ).
  const ticks = Number(fields?.[11]) + Number(fields?.[12]);
  return Number.isNaN(ticks) ? undefined : { cpu: ticks * 1e4, residentBytes: Number(resident ?? 0) * 1024 };
}

function tree(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const pid of processes()) {
    const fields = fieldsOf(readText(`/proc/${pid}/stat`));
    if (!fields) continue;
    const parent = Number(fields[1]);
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  return children;
}

/** What is behind the name, which is in brackets and may hold anything: the state, the parent and so on (proc(5)). */
function fieldsOf(stat: string | undefined): string[] | undefined {
  return stat
    ?.slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
}

function processes(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
