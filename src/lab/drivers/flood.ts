/** A flood that stands alone: driver processes and a server that somebody else runs. No ISPs, no seal, no run folder. */
import { cpus } from 'node:os';
import { every, monotonicMicros, wallClock } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { DriverPlan } from '../../driver/driver.ts';
import type { LoadPlan } from '../../driver/load.ts';
import { meanBytes } from '../../driver/message.ts';
import type { WorkerShare } from '../../driver/running-load.ts';
import { FloodTally } from '../../record/flood-tally.ts';
import { type FloodEnd, type FloodSummary, summarizeFlood } from '../../report/flood-summary.ts';
import type { FloodProgress } from '../../report/flood-text.ts';
import { attainableDescriptors, linuxDescriptors } from '../machine/descriptors.ts';
import type { Acknowledgement, FromDriver, ToDriver } from '../messages.ts';
import { Worker } from '../workers.ts';
import { type FloodLoad, floodLoad } from './flood-load.ts';
import { allowedTarget, type FloodTarget, firstThatListens } from './flood-target.ts';
import { DriverProcesses, driverProcesses } from './processes.ts';

export interface FloodRequest {
  readonly target: FloodTarget;
  readonly load: FloodLoad;
  readonly helo: string;
  /** Send the next envelope right behind a message's dot (DriverPlan.pipelineAcrossMessages). */
  readonly pipeline: boolean;
  /** The flood ends when connections have failed and none was open for so long, in microseconds. */
  readonly giveUp: number;
  /** Processes that drive it; undefined: as many as the rate and the connections need. */
  readonly workers: number | undefined;
  readonly seed: number;
}

export interface FloodHooks {
  /** Called once a second. */
  progress(progress: FloodProgress): void;
  /** Gives the flood's owner a function to call when the user wants it to end; call it again to insist. */
  onStop(stop: () => void): void;
}

const DRIVER_WORKER = new URL('./worker.js', import.meta.url);
const PROGRESS_MS = 1000;
/** From the moment the workers are told until the load begins, so that each is ready for it. */
const LEAD_MICROS = 100_000;
/** How long a driver process may take to end after it said that it has finished. */
const GRACE_MS = 5000;

/**
 * Floods a server and says what came of it. Nothing of it is left when this returns.
 * @throws HarnessError of kind `usage` if the target is not one to send load to, of kind `lab` if the driver fails
 */
export async function flood(request: FloodRequest, hooks: FloodHooks): Promise<FloodSummary> {
  const { target, helo, pipeline, seed } = request;
  const { addresses, ground, proof } = await allowedTarget(target);
  const reachable = reachableFrom(request.load.sources, addresses);
  const address = await firstThatListens(reachable, target.port, proof);
  const load = floodLoad(request.load);
  const startedAt = wallClock().toISOString();
  const planOf = (share: WorkerShare): DriverPlan => ({
    seed,
    loads: [load],
    stamp: { date: startedAt, keys: [] },
    helo,
    targets: [{ endpoints: [{ address, port: target.port }] }],
    targetPer: 'run',
    pipelineAcrossMessages: pipeline,
    share,
  });
  const running = new RunningFlood(request, load, hooks);
  await running.run((driver) => driver.prepare(planOf, ground, 0));
  return running.summary(address);
}

/** The addresses to which a connection can lead from every source. */
function reachableFrom(sources: readonly string[], addresses: readonly string[]): readonly string[] {
  const reachable = addresses.filter((address) =>
    sources.every((source) => source.includes(':') === address.includes(':')),
  );
  if (reachable.length > 0) return reachable;
  throw new HarnessError(
    'usage',
    `--source ${sources.join(', ')}: no connection leads from there to ${addresses.join(', ')}`,
  );
}

/** What is known of a driver process. */
interface ProcessState {
  counters: Extract<FromDriver, { type: 'counters' }>['counters'] | undefined;
  cpuSeconds: number;
}

class RunningFlood {
  readonly #request: FloodRequest;
  readonly #load: LoadPlan;
  readonly #hooks: FloodHooks;
  readonly #tally = new FloodTally();
  readonly #processes: ProcessState[] = [];
  readonly #driver: DriverProcesses;
  #ended: FloodEnd = 'complete';
  #interrupts = 0;
  #trouble: string | undefined;
  #epoch = monotonicMicros();
  /** When a connection was last open, and how many had been opened, and had failed, by then. */
  #lastOpen = { at: monotonicMicros(), opened: 0, failed: 0 };
  #shown = { at: 0, done: 0 };

  constructor(request: FloodRequest, load: LoadPlan, hooks: FloodHooks) {
    this.#request = request;
    this.#load = load;
    this.#hooks = hooks;
    const processes = driverProcesses({
      loads: [load],
      descriptors: attainableDescriptors(linuxDescriptors()),
      cores: cpus().length,
      wished: request.workers,
      targets: 1,
    });
    this.#driver = new DriverProcesses(Array.from({ length: processes }, (_, place) => this.#start(place)));
  }

  /** Carries out the load. `prepare` tells the processes what it is. */
  async run(prepare: (driver: DriverProcesses) => Promise<void>): Promise<void> {
    this.#hooks.onStop(() => this.#interrupt());
    let stopShowing = (): void => {};
    try {
      await prepare(this.#driver);
      this.#epoch = monotonicMicros() + LEAD_MICROS;
      this.#lastOpen.at = this.#epoch;
      stopShowing = every(PROGRESS_MS, () => this.#show());
      await this.#driver.run(this.#epoch);
      await this.#driver.end(GRACE_MS);
    } catch (error) {
      // The processes were killed because the user insisted; what they had reported until then counts.
      if (this.#interrupts < 2) throw error;
    } finally {
      stopShowing();
      await this.#driver.end(0);
    }
  }

  /** What came of it. */
  summary(address: string): FloodSummary {
    const { target, seed } = this.#request;
    return summarizeFlood(this.#tally, {
      target: `${address.includes(':') ? `[${address}]` : address}:${target.port}`,
      action: this.#load.action,
      rate: this.#request.load.rate,
      ended: this.#ended,
      trouble: this.#trouble,
      meanBytes: meanBytes(this.#load.message),
      seed,
      begun: this.#sum('begun'),
      late: this.#sum('late'),
      cpuSeconds: this.#processes.map(({ cpuSeconds }) => cpuSeconds),
    });
  }

  #start(place: number): Worker<ToDriver | Acknowledgement, FromDriver> {
    const state: ProcessState = { counters: undefined, cpuSeconds: 0 };
    this.#processes[place] = state;
    const worker = new Worker<ToDriver | Acknowledgement, FromDriver>(
      'driver',
      DRIVER_WORKER,
      (argv) => argv,
      (message) => {
        if (message.type === 'records') {
          this.#tally.take(message);
          worker.send({ type: 'ack' });
        } else if (message.type === 'counters') {
          state.counters = message.counters;
          state.cpuSeconds = message.cpu / 1e6;
          this.#trouble = message.trouble ?? this.#trouble;
          this.#look();
        }
      },
    );
    return worker;
  }

  /** Ends the flood if nobody has taken a connection for long enough. */
  #look(): void {
    const { opened, refused, failed } = this.#tally.counts.connections;
    const now = monotonicMicros();
    if (this.#sum('connections') > 0 || opened > this.#lastOpen.opened)
      this.#lastOpen = { at: now, opened, failed: failed + refused };
    else if (failed + refused > this.#lastOpen.failed && now - this.#lastOpen.at > this.#request.giveUp) {
      if (this.#ended !== 'complete') return;
      this.#ended = 'nobody';
      this.#driver.stop();
    }
  }

  #interrupt(): void {
    this.#ended = 'interrupted';
    if (++this.#interrupts === 1) this.#driver.stop();
    else void this.#driver.end(0);
  }

  #show(): void {
    const elapsedSeconds = (monotonicMicros() - this.#epoch) / 1e6;
    const done = this.#sum(this.#load.action === 'noop' ? 'noops' : 'confirmed');
    this.#hooks.progress({
      elapsedSeconds,
      done,
      perSecond: Math.max(0, (done - this.#shown.done) / (elapsedSeconds - this.#shown.at)),
      failed: this.#sum('failed'),
      connections: this.#sum('connections'),
    });
    this.#shown = { at: elapsedSeconds, done };
  }

  #sum(counter: 'begun' | 'confirmed' | 'noops' | 'failed' | 'late' | 'connections'): number {
    return this.#processes.reduce((sum, { counters }) => sum + (counters?.[counter] ?? 0), 0);
  }
}
