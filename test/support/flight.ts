import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sleepMs } from '../../src/core/clock.ts';
import { Kind } from '../../src/record/attempt-log.ts';
import { eachRecord } from './cli.ts';

/** The program, as users start it. */
export const BIN = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));

/** A run under way in a process of its own, to be interrupted and killed. */
export interface Flight {
  readonly child: ChildProcess;
  /** What it has written to stderr so far. */
  stderr(): string;
  stdout(): string;
  /** The run's folder, once it is there. */
  folder(): string | undefined;
  /** Waits for a condition; fails if the run ends before, and then says what it wrote. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Waits until mail flows: an injection and an attempt have been recorded. */
  untilMailFlows(): Promise<void>;
  /** Whether a process that the run has started, in any depth, has such a command line. */
  runs(what: RegExp): boolean;
  /** Kills all processes that the run has started, in any depth, whose command line matches. */
  kill(what: RegExp, signal?: NodeJS.Signals): void;
  /** Kills the process that holds the lab. */
  killLab(): void;
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Waits until none of the run's processes is left, of whatever parent. One that stays is ended by the runner's timeout. */
  untilGone(): Promise<void>;
}

let flights = 0;

/** Starts `windtunnel run` with a scenario. Whatever is left of it at the test's end is killed. */
export function startFlight(
  t: TestContext,
  scenario: string,
  out: string,
  options: readonly string[],
): Flight {
  const argv = [BIN, 'run', scenario, '--out', out, ...options];
  // All that it starts has this in its environment, also what lost its parent.
  const mark = `flight-${process.pid}-${++flights}`;
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WINDTUNNEL_MARK: mark },
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  let over = false;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => {
      over = true;
      resolve(signal ?? (code as number));
    });
  });
  t.after(async () => {
    killMarked(mark);
    await ended;
  });
  const matching = (what: RegExp): number[] =>
    descendants(child.pid as number).filter((pid) => what.test(commandOf(pid)));
  const folder = (): string | undefined => {
    const [name] = list(out);
    return name === undefined ? undefined : join(out, name);
  };
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    while (!condition()) {
      if (over) throw new Error(`the run ended before ${what}\n${text.stdout}${text.stderr}`);
      await sleepMs(5);
    }
  };
  return {
    child,
    stderr: () => text.stderr,
    stdout: () => text.stdout,
    folder,
    until,
    async untilMailFlows() {
      await until('the load', () => /^load /m.test(text.stderr));
      for (const [name, kind] of [
        ['injections.bin', Kind.injection],
        ['attempts.bin', Kind.attempt],
      ] as const)
        await until(`a record in ${name}`, () => holds(join(folder() as string, name), kind));
    },
    runs: (what) => matching(what).length > 0,
    kill(what, signal = 'SIGKILL') {
      const found = matching(what);
      if (found.length === 0) throw new Error(`no process of the run matches ${what}`);
      for (const pid of found) killed(pid, signal);
    },
    killLab() {
      for (const pid of childrenOf(child.pid as number)) killed(pid, 'SIGKILL');
    },
    ended,
    async untilGone() {
      while (marked(mark).length > 0) await sleepMs(5);
    },
  };
}

/** Kills all processes with a mark in their environment, of whatever parent. */
export function killMarked(mark: string): void {
  for (const pid of marked(mark)) killed(pid, 'SIGKILL');
}

/** Whether a log holds a record of a kind. */
export function holds(path: string, kind: number): boolean {
  let found = false;
  eachRecord(path, (view) => {
    found ||= view.kind === kind;
  });
  return found;
}

/** The processes whose environment has a mark. */
export function marked(mark: string): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => read(`/proc/${pid}/environ`).includes(`WINDTUNNEL_MARK=${mark}\0`));
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`)
    .flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' '))
    .filter(Boolean)
    .map(Number);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function killed(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was gone already.
  }
}

/** The text of a file; nothing if it is not there (any more). */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
