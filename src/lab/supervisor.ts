/** The outside of a lab: starts the process that holds it, passes on progress and stop requests, and sees it end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { after } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import { killGroup, nodeBinary, readText } from '../core/process.ts';
import type { Summary } from '../report/summary.ts';
import { type SealPrivilege, spawnSealed } from './ground/seal.ts';
import type { FromLab, Progress, RunRequest, ToLab } from './messages.ts';

/** What a lab came to. */
export type LabResult =
  | { readonly kind: 'done'; readonly summary: Summary; readonly unwritten: readonly string[] }
  /** It could not go on; what it had recorded is in the run's folder. */
  | { readonly kind: 'failed'; readonly error: HarnessError }
  /** Its process ended without a word; what it had recorded is in the run's folder. */
  | { readonly kind: 'vanished'; readonly how: string; readonly log: string };

export interface LabHooks {
  progress(progress: Progress): void;
  /**
   * Is given a function to call when the user wants the run to end; calling it again insists. The first call lets the
   * queue drain; the second, or one that is `urgent`, has the report written at once; the third ends the lab.
   */
  onStop(stop: (urgent: boolean) => StopStep): void;
}

/** What the user's wish for an end has come to. */
export type StopStep = 'drain' | 'now' | 'kill';

/** Once told to stop at once, the lab has so long to write its report. */
const STOP_DEADLINE_MS = 30_000;

/** How long the last words of a lab that has ended may take to be read. */
const LAST_WORDS_MS = 10_000;

const labEntry = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * Runs a lab to its end. Nothing of it is left when this returns.
 * @param privilege how the seal is made; undefined for a lab on loopback
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
  // A full disk ends the log, not the run, which must not wait for a reader of what it says.
  log.on('error', () => {
    child.stdout?.resume();
    child.stderr?.resume();
  });
  const send = (message: ToLab): void => void (child.connected && child.send(message, () => {}));
  const kill = (): void => (child.pid === undefined ? undefined : killGroup(child.pid));

  let asked = 0;
  let cancelDeadline = (): void => {};
  hooks.onStop((urgent) => {
    const before = asked;
    asked = urgent ? Math.max(asked, 2) : asked + 1;
    if (asked > 2) {
      kill();
      return 'kill';
    }
    if (asked === 1) send({ type: 'stop', how: 'drain' });
    else if (before < 2) {
      send({ type: 'stop', how: 'now' });
      cancelDeadline = after(STOP_DEADLINE_MS, kill);
    }
    return asked === 1 ? 'drain' : 'now';
  });

  let result: LabResult | undefined;
  child.on('message', (raw) => {
    const message = raw as FromLab;
    if (message.type === 'progress') hooks.progress(message.progress);
    else if (message.type === 'done')
      result = { kind: 'done', summary: message.summary, unwritten: message.unwritten };
    else {
      const { kind, message: text, hint } = message;
      result = { kind: 'failed', error: new HarnessError(kind, text, hint === undefined ? {} : { hint }) };
    }
  });
  send({ type: 'run', request });
  const how = await ended(child);
  cancelDeadline();
  // Whatever the lab had started shares its process group.
  kill();
  await new Promise<void>((resolve) => finished(log.end(), () => resolve()));
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
    child.on('exit', (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      // What it said last may still be in the channel; it closes when all is read.
      if (!child.connected) return resolve(how);
      const cancel = after(LAST_WORDS_MS, () => resolve(how));
      child.once('disconnect', () => {
        cancel();
        resolve(how);
      });
    });
  });
}

function lastLines(path: string): string {
  return (readText(path) ?? '').trimEnd().split('\n').slice(-15).join('\n');
}
