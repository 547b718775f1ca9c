/** The outside of a lab: starts the process that holds it, passes on progress and stop requests, and sees it end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import { killGroup, nodeBinary } from '../core/process.ts';
import type { FromLab, Progress, RunRequest, ToLab } from './messages.ts';
import { type SealPrivilege, spawnSealed } from './seal.ts';

/** What a lab came to. `exitCode` is the verdict's. */
export type LabResult =
  | { readonly kind: 'done'; readonly exitCode: number }
  /** The lab's process ended without a word; what it had recorded is in the run's folder. */
  | { readonly kind: 'vanished'; readonly how: string; readonly log: string };

export interface LabHooks {
  progress(progress: Progress): void;
  /** Gives the supervisor a function to call when the user wants the run to end; call it again to insist. */
  onStop(stop: () => void): void;
}

/** Once told to stop at once, the lab has so long to write its report. */
const STOP_DEADLINE_MS = 30_000;

const labEntry = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * Runs a lab to its end. Nothing of it is left when this returns.
 * @param privilege how the seal is made; undefined for a lab on loopback
 * @throws HarnessError of the kind that the lab reported
 */
export async function superviseLab(
  request: RunRequest,
  privilege: SealPrivilege | undefined,
  hooks: LabHooks,
): Promise<LabResult> {
  const logPath = join(request.folder, 'lab.log');
  const log = createWriteStream(logPath);
  const child = privilege === undefined ? spawnHere() : spawnSealed(labEntry, [], { privilege });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const send = (message: ToLab): void => void (child.connected && child.send(message, () => {}));
  const kill = (): void => (child.pid === undefined ? undefined : killGroup(child.pid));

  let asked = 0;
  let cancelDeadline = (): void => {};
  hooks.onStop(() => {
    asked++;
    if (asked === 1) send({ type: 'stop', how: 'drain' });
    else if (asked === 2) {
      send({ type: 'stop', how: 'now' });
      cancelDeadline = after(STOP_DEADLINE_MS, kill);
    } else kill();
  });

  let result: LabResult | undefined;
  let failure: HarnessError | undefined;
  child.on('message', (raw) => {
    const message = raw as FromLab;
    if (message.type === 'progress') hooks.progress(message.progress);
    else if (message.type === 'done') result = { kind: 'done', exitCode: message.exitCode };
    else {
      const { kind, message: text, hint } = message;
      failure = new HarnessError(kind, text, hint === undefined ? {} : { hint });
    }
  });
  send({ type: 'run', request });
  const how = await ended(child);
  cancelDeadline();
  // Whatever the lab had started shares its process group.
  kill();
  await new Promise((resolve) => log.end(resolve));
  if (failure) throw failure;
  return result ?? { kind: 'vanished', how, log: lastLines(logPath) };
}

/** A lab on loopback, in a process group of its own, so that a terminal's Ctrl-C reaches the CLI alone. */
function spawnHere(): ChildProcess {
  return spawn(nodeBinary, ['--enable-source-maps', labEntry], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    detached: true,
  });
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
