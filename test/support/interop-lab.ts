import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nodeBinary, runCommand } from '../../src/core/process.ts';
import { probeSeal, spawnSealed } from '../../src/lab/ground/seal.ts';
import type { MtaPlan, QueuedRecipient } from '../../src/mta/adapter.ts';
import type { Injected, InjectTask } from './inject-program.ts';
import type {
  CommandResult,
  FromInterop,
  InteropTask,
  MtaTask,
  Observed,
  ToInterop,
} from './interop-program.ts';
import { lacking } from './skip.ts';

/** The simulated internet in a seal, and a machine beside it on which mail programs are run. */
export interface InteropLab {
  /** A folder that everyone may enter, inside the seal and outside. */
  readonly folder: string;
  /** Runs a command on that machine until its output is closed. One at a time. */
  run(argv: readonly string[], input?: string): Promise<CommandResult>;
  /** Sends messages to an MTA on that machine. */
  inject(task: InjectTask): Promise<Injected>;
  /** The scenario's MTA, on that machine. */
  readonly mta: LabMta;
  /** What the ISPs saw until now, by id, and how many mails came back to the senders. */
  observe(): Promise<{ isps: Readonly<Record<string, Observed>>; mailroom: number }>;
}

/** An MTA in a lab, by its adapter. */
export interface LabMta {
  /** Starts it in the folder `mta` of the lab's; `wish` overrides what the scenario makes of the plan. */
  start(wish?: Partial<MtaPlan>): Promise<void>;
  /** Ends all of it at once, as a power failure would. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  queueDepth(): Promise<number | undefined>;
  listQueue(): Promise<readonly QueuedRecipient[] | undefined>;
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
  // Questions of different types may be under way at once.
  const answer = <T extends FromInterop['type']>(type: T): Promise<Extract<FromInterop, { type: T }>> =>
    new Promise((resolve, reject) => {
      closed.then(() => reject(new Error(`the lab has ended: ${complaint}`)));
      const listen = (raw: unknown): void => {
        const message = raw as FromInterop;
        if (message.type !== type) return;
        child.off('message', listen);
        resolve(message as Extract<FromInterop, { type: T }>);
      };
      child.on('message', listen);
    });
  const ask = <T extends FromInterop['type']>(question: ToInterop, type: T) => {
    child.send(question);
    return answer(type);
  };
  await answer('open');
  const run = (argv: readonly string[], input?: string): Promise<CommandResult> =>
    ask({ type: 'run', argv, input }, 'ran');
  const mta = async <T>(task: MtaTask): Promise<T> => {
    const { value, error } = await ask({ type: 'mta', ...task }, 'mta');
    if (error !== undefined) throw new Error(error);
    return value as T;
  };
  return {
    folder,
    run,
    async inject(injectTask) {
      const program = fileURLToPath(new URL('./inject-program.js', import.meta.url));
      const { code, stdout, stderr } = await run([nodeBinary, program, JSON.stringify(injectTask)]);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Injected;
    },
    mta: {
      start: (wish = {}) => mta({ do: 'start', wish }),
      kill: () => mta({ do: 'kill' }),
      restart: () => mta({ do: 'restart' }),
      stop: () => mta({ do: 'stop' }),
      queueDepth: () => mta({ do: 'depth' }),
      listQueue: () => mta({ do: 'list' }),
    },
    observe: () => ask({ type: 'observe' }, 'observed'),
  };
}
