import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { totalmem } from 'node:os';
import { after } from './clock.ts';

/** The one place, beside the clock and the CLI's entry, that touches the process it runs in. */
export const nodeBinary: string = process.execPath;
export const pid: number = process.pid;
export const platform: NodeJS.Platform = process.platform;
export const nodeVersion: string = process.version;

/** True if this process may do what root may (its own user namespace counts). */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** The environment of this process, as it was given. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

/** CPU time that this process has used, in microseconds. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Resident memory of this process in bytes. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/** Memory in bytes that this process could have: the machine's, or less where a control group says so. */
export function memoryBytes(): number {
  // 0, or more than there is: no limit.
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

/** Memory in bytes that is free for this process, within the same limit. */
export function availableBytes(): number {
  return process.availableMemory();
}

/** The text of a file; undefined if it can't be read, which for the kernel's files is an answer. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A terminal's Ctrl-C goes to parent and child alike; this child leaves it to its parent to say what follows. */
export function leaveInterruptToParent(): void {
  process.on('SIGINT', () => {});
}

/** Ends this process. Only entry points of worker processes call it. */
export function exit(code: number): never {
  process.exit(code);
}

/** The channel to the process that started this one. Typed by what the two ends agreed to say. */
export interface Channel<Out, In> {
  send(message: Out): void;
  /** Sends and resolves when the message has left; use before `exit`. */
  flush(message: Out): Promise<void>;
  /** `socket`: the one that came with it. */
  onMessage(handler: (message: In, socket?: Socket) => void): void;
  onDisconnect(handler: () => void): void;
}

/** The channel of a child to its parent. Throws if this process was not started with one. */
export function parentChannel<Out, In>(): Channel<Out, In> {
  if (!process.send) throw new Error('this program is a part of windtunnel and is started by it');
  return {
    send: (message) => void process.send?.(message, undefined, {}, () => {}),
    flush: (message) =>
      new Promise((resolve) => {
        if (!process.connected) resolve();
        else process.send?.(message, undefined, {}, () => resolve());
      }),
    onMessage: (handler) =>
      void process.on('message', (m, socket) => handler(m as In, socket as Socket | undefined)),
    onDisconnect: (handler) => void process.on('disconnect', handler),
  };
}

/** Runs a command to its end, with `input` as its stdin. Never throws for a non-zero exit code. */
export function runCommand(
  argv: readonly string[],
  { input, timeout = 0, killSignal = 'SIGTERM', ...options }: SpawnOptions & { readonly input?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(argv[0] as string, argv.slice(1), {
      ...options,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    // Not spawn's own deadline: of a command that is not there, it would keep this process alive until it has passed.
    const cancel = timeout > 0 ? after(timeout, () => void child.kill(killSignal)) : () => {};
    // A command that ends without reading its input (EPIPE) is judged by its exit code.
    child.stdin?.on('error', () => {}).end(input);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', (error) => {
      cancel();
      resolve({ code: 127, stdout, stderr: stderr + error.message });
    });
    child.on('close', (code, signal) => {
      cancel();
      resolve({ code: code ?? 128, stdout, stderr: stderr + (signal ?? '') });
    });
  });
}

/** Kills a process group at once. One that is gone already is fine. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // ESRCH: nothing of it is left, which is what was wanted.
  }
}

/** Sends a signal to a process. One that is gone already is fine. */
export function killProcess(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // ESRCH, as above.
  }
}
