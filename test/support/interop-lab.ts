import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/core/process.ts';
import { probeSeal, spawnSealed } from '../../src/lab/seal.ts';
import type { CommandResult, FromInterop, InteropTask, Observed, ToInterop } from './interop-program.ts';
import { lacking } from './skip.ts';

/** The simulated internet in a seal, and a machine beside it on which mail programs are run. */
export interface InteropLab {
  /** A folder that everyone may enter, inside the seal and outside. */
  readonly folder: string;
  /** Runs a command on that machine until its output is closed. One at a time. */
  run(argv: readonly string[], input?: string): Promise<CommandResult>;
  /** What the ISPs saw until now, by id, and how many mails came back to the senders. */
  observe(): Promise<{ isps: Readonly<Record<string, Observed>>; mailroom: number }>;
}

/**
 * Opens a lab for a test. Where there is no seal, or a program is missing, the test is skipped (in CI it fails) and
 * undefined returned.
 * @param scenario its ISPs, senders and sources are used, not its load
 */
export async function openInteropLab(
  t: TestContext,
  scenario: string,
  programs: readonly string[],
): Promise<InteropLab | undefined> {
  const { PATH = '' } = process.env;
  for (const program of programs) {
    const env = { PATH: `${PATH}:/usr/sbin:/sbin` };
    const { code } = await runCommand(['sh', '-c', 'command -v "$0"', program], { env });
    if (code === 0) continue;
    lacking(t, `${program} (not found)`);
    return undefined;
  }
  const probe = await probeSeal();
  if (!probe.ok) {
    lacking(t, `a seal (${probe.step}: ${probe.reason})`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-test-'));
  chmodSync(folder, 0o755);
  const task: InteropTask = { scenario, folder };
  const module = fileURLToPath(new URL('./interop-program.js', import.meta.url));
  const child = spawnSealed(module, [JSON.stringify(task)], {
    privilege: probe.privilege,
    env: { LC_ALL: 'C' },
  });
  child.stdout?.resume();
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
    rmSync(folder, { recursive: true, force: true });
  });
  const answer = <T extends FromInterop['type']>(type: T): Promise<Extract<FromInterop, { type: T }>> =>
    new Promise((resolve, reject) => {
      closed.then(() => reject(new Error(`the lab has ended: ${complaint}`)));
      child.once('message', (message) => {
        const { type: found } = message as FromInterop;
        if (found === type) resolve(message as Extract<FromInterop, { type: T }>);
        else reject(new Error(`the lab said ${found}; expected ${type}`));
      });
    });
  const ask = <T extends FromInterop['type']>(question: ToInterop, type: T) => {
    child.send(question);
    return answer(type);
  };
  await answer('open');
  return {
    folder,
    run: (argv, input) => ask({ type: 'run', argv, input }, 'ran'),
    observe: () => ask({ type: 'observe' }, 'observed'),
  };
}
