/** Who started whom, from /proc; nothing where there is none. */
import { readdirSync } from 'node:fs';
import { readText } from '../core/process.ts';

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

function tree(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const pid of processes()) {
    // The name is in brackets and may hold anything; after it come the state and the parent (proc(5)).
    const stat = readText(`/proc/${pid}/stat`);
    const parent =
      stat === undefined
        ? undefined
        : Number(
            stat
              .slice(stat.lastIndexOf(')') + 1)
              .trim()
              .split(' ')[1],
          );
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  return children;
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
