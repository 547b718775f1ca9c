/** The harness's own programs as the benches start them: each a process of its own that ends with the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../../fakes/isp/protocol.ts';
import { monotonicMicros, sleepMs } from '../../src/core/clock.ts';
import { nodeBinary, runCommand } from '../../src/core/process.ts';
import type { DriverPlan } from '../../src/driver/driver.ts';
import type { DriverCounters } from '../../src/driver/injections.ts';
import type { FloodSummary } from '../../src/report/flood-summary.ts';
import type { SourceOrder } from './postfix-tools.ts';
import { childrenOf, cpuOfEnded, cpuOfTree } from './proc.ts';
import type { FromDriverSide, ToDriverSide } from './programs/driver-side.ts';
import type { FromIspSide, ToIspSide } from './programs/isp-side.ts';
import type { Measured } from './side-by-side.ts';

const endings: (() => void)[] = [];
process.once('exit', () => {
  for (const end of endings.splice(0).reverse()) end();
});
// So that `exit` comes on Ctrl-C too.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** Does something when this process ends, however it does. */
export function atEnd(end: () => void): void {
  endings.push(end);
}

/** A folder that is gone when this process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-bench-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program that answers in order. */
export class Program<Out extends object, In extends { readonly type: string }> {
  readonly #child: ChildProcess;
  readonly #name: string;

  /** @param module in programs/, without its ending */
  constructor(module: string, args: readonly string[] = [], execArgv: readonly string[] = []) {
    this.#name = module;
    this.#child = fork(fileURLToPath(new URL(`./programs/${module}.js`, import.meta.url)), args, {
      execArgv: ['--enable-source-maps', ...execArgv],
      serialization: 'advanced',
    });
    atEnd(() => this.#child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  send(message: Out): void {
    this.#child.send(message);
  }

  /** Calls `handler` with every message of a type. */
  on<T extends In['type']>(type: T, handler: (message: Extract<In, { type: T }>) => void): void {
    this.#child.on('message', (message: In) => {
      if (message.type === type) handler(message as Extract<In, { type: T }>);
    });
  }

  /** The next message of a type. Rejects if the program ends first. */
  expect<T extends In['type']>(type: T): Promise<Extract<In, { type: T }>> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new Error(`${this.#name} has ended with ${signal ?? code}`));
      const onMessage = (message: unknown): void => {
        if ((message as In).type !== type) return;
        this.#child.off('message', onMessage).off('exit', onExit);
        resolve(message as Extract<In, { type: T }>);
      };
      this.#child.on('message', onMessage).once('exit', onExit);
    });
  }

  /** Ends it, as far as it does not end itself. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await gone;
  }
}

/** Runs `windtunnel flood` from its start to its end. Throws if a message was not taken. */
export async function runFlood({ port, connections, messages, bytes }: SourceOrder): Promise<Measured> {
  const bin = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));
  const cpuBefore = cpuOfEnded();
  const begin = monotonicMicros();
  const { code, stdout, stderr } = await runCommand([
    ...[nodeBinary, bin, 'flood', `127.0.0.1:${port}`, '--pipeline', '--json', '--to', 'gmail.com'],
    ...['--connections', `${connections}`, '--messages', `${messages}`, '--size', `${bytes}`],
  ]);
  const seconds = (monotonicMicros() - begin) / 1e6;
  if (code !== 0) throw new Error(`windtunnel flood ended with ${code}: ${stderr}`);
  const { messages: taken } = JSON.parse(stdout) as FloodSummary;
  if (taken !== messages) throw new Error(`windtunnel flood sent ${taken} messages of ${messages}`);
  return { messages, seconds, cpuMicros: cpuOfEnded() - cpuBefore };
}

/** Our driver: one process, which stays, so that it is compiled when it counts. */
export class DriverSide {
  readonly #program = new Program<ToDriverSide, FromDriverSide>('driver-side');

  get pid(): number {
    return this.#program.pid;
  }

  /** Carries out a plan; resolves to what it took. Throws if a message was not taken. */
  async flood(plan: DriverPlan): Promise<Measured> {
    const before = cpuOfTree(this.pid);
    this.begin(plan);
    const { seconds, counters } = await this.#program.expect('ended');
    const { confirmed, failed, dropped } = counters;
    if (failed > 0 || dropped > 0) throw new Error(`${failed} messages failed, ${dropped} were dropped`);
    return { messages: confirmed, seconds, cpuMicros: cpuOfTree(this.pid) - before };
  }

  /** Begins a plan and lets it run. */
  begin(plan: DriverPlan): void {
    this.#program.send({ type: 'flood', plan });
  }

  async counters(): Promise<DriverCounters> {
    this.#program.send({ type: 'counters' });
    return (await this.#program.expect('counters')).counters;
  }

  /** Begins nothing more; resolves when all has ended. */
  async end(): Promise<void> {
    this.#program.send({ type: 'stop' });
    await this.#program.expect('ended');
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

/** Our ISP with all that a run has behind it: the worker that speaks, and the lab's process that records. */
export class IspSide {
  readonly #program: Program<ToIspSide, FromIspSide>;
  readonly port: number;
  /** The process that the connections are in. */
  readonly worker: number;

  private constructor(program: Program<ToIspSide, FromIspSide>, port: number, worker: number) {
    this.#program = program;
    this.port = port;
    this.worker = worker;
  }

  static async start(isp = 'gmail', engine: EngineName = 'native'): Promise<IspSide> {
    const program = new Program<ToIspSide, FromIspSide>('isp-side', [isp, engine, temporaryFolder()]);
    const { port } = await program.expect('open');
    return new IspSide(program, port, childrenOf(program.pid)[0] as number);
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Recipients recorded as accepted until now. */
  async accepted(): Promise<number> {
    this.#program.send({ type: 'accepted' });
    return (await this.#program.expect('accepted')).count;
  }

  /** Resolves when so many were recorded since `before`; throws if they never are. */
  async recorded(before: number, count: number): Promise<void> {
    for (let look = 0; look < 100; look++) {
      const now = (await this.accepted()) - before;
      if (now === count) return;
      if (now > count) throw new Error(`the ISP recorded ${now} messages, ${count} were sent`);
      await sleepMs(50);
    }
    throw new Error(`the ISP has not recorded ${count} messages`);
  }

  /** What the ISP's processes take for what a driver sends, until all of it is recorded. */
  async measure(send: () => Promise<Measured>): Promise<Measured> {
    const accepted = await this.accepted();
    const before = cpuOfTree(this.pid);
    const { messages, seconds } = await send();
    await this.recorded(accepted, messages);
    return { messages, seconds, cpuMicros: cpuOfTree(this.pid) - before };
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}
