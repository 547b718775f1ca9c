/** All that drives the loads of a run: its processes over SMTP and by k6, and what they tell besides what they record. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadyNote } from '../driver/k6/script-plan.ts';
import type { RunningMta } from '../mta/adapter.ts';
import { DriverProcesses } from './drivers/processes.ts';
import { K6Board } from './folder/k6-board.ts';
import type { Endpoint, LabNetwork } from './ground/network.ts';
import type { Acknowledgement, FromDriver, FromK6, RunRequest, ToDriver, ToK6 } from './messages.ts';
import { driverPlanOf, driverProcessesOf, k6PlanOf, k6ProcessesOf } from './wiring.ts';
import { driverNames, k6Names } from './worker-names.ts';
import type { Worker } from './workers.ts';

const DRIVER_WORKER = new URL('./drivers/worker.js', import.meta.url);
const K6_WORKER = new URL('./k6/worker.js', import.meta.url);

/** Starts a worker of a run, whose records are taken in as they come. `prefix`: see Worker. */
export type StartWorker = <Out, In extends { readonly type: string }>(
  name: string,
  module: URL,
  prefix: (argv: readonly string[]) => readonly string[],
  onOther: (message: In) => void,
) => Worker<Out | Acknowledgement, In>;

/** The processes that drive a run's loads. */
export class RunDrivers {
  readonly processes: DriverProcesses;
  /** What k6's own metrics come to. */
  readonly k6: K6Board;
  readonly #request: RunRequest;
  readonly #network: LabNetwork;
  /** Connections that each process holds. */
  readonly #sessions: number[] = [];
  /** What each k6 last said of errors. */
  readonly #troubles = new Map<number, string>();

  /** Starts them, where the MTA runs. */
  constructor(request: RunRequest, network: LabNetwork, start: StartWorker) {
    this.#request = request;
    this.#network = network;
    this.k6 = new K6Board(request.folder);
    const { plan } = request;
    const smtp = driverNames(driverProcessesOf(plan)).map((name, index) =>
      start<ToDriver, FromDriver>(name, DRIVER_WORKER, network.enterHost, (message) => {
        if (message.type === 'counters') this.#sessions[index] = message.counters.connections;
      }),
    );
    const k6 = k6Names(k6ProcessesOf(plan).length).map((name, index) =>
      start<ToK6, FromK6>(name, K6_WORKER, network.enterHost, (message) => {
        if (message.type === 'k6-metrics') this.k6.take(index, message.states);
        else if (message.type === 'counters' && message.trouble !== undefined)
          this.#troubles.set(index, message.trouble);
      }),
    );
    this.processes = new DriverProcesses(smtp, k6);
  }

  /**
   * Tells each what it will do; resolves when all are ready, with what the scripts of k6 say.
   * @param endpoints where each ISP listens
   * @param firstWorker the place of the first among the run's workers
   */
  async prepare(
    endpoints: readonly (readonly Endpoint[])[],
    mta: RunningMta | undefined,
    firstWorker: number,
  ): Promise<readonly ReadyNote[]> {
    const { plan, lab, startedAt } = this.#request;
    const [notes] = await Promise.all([
      this.processes.prepareK6(this.#k6Plans(mta), lab, firstWorker + driverProcessesOf(plan)),
      this.processes.prepare(
        (share) => driverPlanOf(plan, this.#network, endpoints, mta, startedAt, share),
        lab,
        firstWorker,
      ),
    ]);
    return notes;
  }

  #k6Plans(mta: RunningMta | undefined): ReturnType<typeof k6PlanOf>[] {
    return k6ProcessesOf(this.#request.plan).map((process, index) => {
      const own = join(this.#request.folder, 'k6', String(index + 1));
      mkdirSync(own, { recursive: true });
      return k6PlanOf(this.#request, this.#network, mta, own, process);
    });
  }

  /** Connections that are held now. */
  sessions(): number {
    return this.#sessions.reduce((sum, held) => sum + held, 0);
  }

  /** A sentence for each error that a k6 met, whether one met it or several. */
  troubles(): string[] {
    const sentences = new Map<string, string>();
    for (const [process, trouble] of this.#troubles) {
      const [line = ''] = trouble.split('\n');
      if (!sentences.has(line))
        sentences.set(line, `k6 met an error, the last one: ${line} (more in k6/${process + 1}/k6.log)`);
    }
    return [...sentences.values()];
  }
}
