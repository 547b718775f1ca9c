/** The processes that own a run's ISPs, all of them as one. */
import type { Micros } from '../../core/clock.ts';
import type { HarnessError } from '../../core/errors.ts';
import type { Endpoint } from '../ground/network.ts';
import type { Acknowledgement, FromIspWorker, OpenIsp, ToIspWorker } from '../messages.ts';
import type { Worker } from '../workers.ts';
import type { IspProcess } from './place-isps.ts';

/** An ISP process as the lab sees it. */
export type IspWorker = Worker<ToIspWorker | Acknowledgement, FromIspWorker>;

type Stopped = Extract<FromIspWorker, { type: 'stopped' }>;

const ISP_WORKER = new URL('./worker.js', import.meta.url);
const ISP_ACCEPTOR = new URL('./acceptor.js', import.meta.url);

/** All ISP processes of a run. */
export class IspProcesses {
  readonly #processes: readonly IspProcess[];
  readonly #workers: readonly IspWorker[];

  /**
   * Starts them.
   * @param ids of the ISPs
   * @param start starts a process with this module
   */
  constructor(
    processes: readonly IspProcess[],
    ids: readonly string[],
    start: (name: string, module: URL) => IspWorker,
  ) {
    this.#processes = processes;
    this.#workers = processes.map((one) =>
      start(nameOf(one, processes, ids), one.workers > 0 ? ISP_ACCEPTOR : ISP_WORKER),
    );
  }

  /** Resolves when one of them fails or ends, for whatever reason. */
  get failed(): Promise<HarnessError> {
    return Promise.race(this.#workers.map((worker) => worker.failed));
  }

  /**
   * Opens all ISPs; resolves to where each listens, by index.
   * @param order what is said to all processes alike
   * @param firstWorker the place of the first process among those that measure themselves
   */
  async open(
    isps: readonly OpenIsp[],
    order: Omit<Extract<ToIspWorker, { type: 'open' }>, 'type' | 'isps' | 'worker' | 'workers'>,
    firstWorker: number,
  ): Promise<readonly (readonly Endpoint[])[]> {
    const endpoints: (readonly Endpoint[])[] = [];
    let place = firstWorker;
    await Promise.all(
      this.#workers.map(async (worker, index) => {
        const { isps: own, workers } = this.#processes[index] as IspProcess;
        const open = isps.filter((isp) => own.includes(isp.index));
        worker.send({ type: 'open', ...order, isps: open, worker: place, workers });
        place += 1 + workers;
        const opened = await worker.expect('opened');
        open.forEach((isp, i) => {
          endpoints[isp.index] = opened.endpoints[i] ?? [];
        });
      }),
    );
    return endpoints;
  }

  /** Tells when the load begins, and where what comes back is to go. */
  start(epoch: Micros, back?: Extract<ToIspWorker, { type: 'start' }>['back']): void {
    for (const worker of this.#workers) worker.send({ type: 'start', epoch, back });
  }

  /** Lets whoever has this address stop listening there, or begin again. */
  listen(address: string, listening: boolean): void {
    for (const worker of this.#workers) worker.send({ type: 'listening', address, listening });
  }

  /** Tells whoever has this address whether what it sends from there arrives. */
  reach(address: string, reaches: boolean): void {
    for (const worker of this.#workers) worker.send({ type: 'reaching', address, reaches });
  }

  /** Ends them; resolves to what authentication found at each ISP, once all has been recorded. */
  async stop(): Promise<Stopped['authentication']> {
    const stopped = await Promise.all(
      this.#workers.map((worker) => {
        worker.send({ type: 'stop' });
        return worker.expect('stopped');
      }),
    );
    return stopped.flatMap(({ authentication }) => authentication).sort((a, b) => a.isp - b.isp);
  }
}

/** Names of the processes, each followed by its workers, as the report shows them. */
export function ispProcessNames(processes: readonly IspProcess[], ids: readonly string[]): string[] {
  return processes.flatMap((one) => {
    const name = nameOf(one, processes, ids);
    return [name, ...Array.from({ length: one.workers }, (_, index) => `${name} ${index + 1}`)];
  });
}

function nameOf(one: IspProcess, processes: readonly IspProcess[], ids: readonly string[]): string {
  return processes.length === 1 && one.workers === 0 ? 'isps' : one.isps.map((isp) => ids[isp]).join(', ');
}
