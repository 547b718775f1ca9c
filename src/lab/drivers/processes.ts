/** The processes that drive the load: how many there are, and all of them as one. */
import type { Micros } from '../../core/clock.ts';
import type { DriverPlan } from '../../driver/driver.ts';
import type { FollowUp } from '../../driver/follow-ups.ts';
import type { K6Plan } from '../../driver/k6/k6-plan.ts';
import type { ReadyNote } from '../../driver/k6/script-plan.ts';
import type { LoadPlan } from '../../driver/load.ts';
import type { WorkerShare } from '../../driver/running-load.ts';
import { scheduleOf } from '../../driver/schedule.ts';
import { processesFor } from '../machine/capacity.ts';
import type {
  Acknowledgement,
  DriverGround,
  FromDriver,
  FromK6,
  LabKind,
  ToDriver,
  ToK6,
} from '../messages.ts';
import type { Worker } from '../workers.ts';

/** Messages a second that one process certainly drives (measured: 20,000 and more of 2 KB). */
const RATE_EACH = 10_000;

/** What decides how many processes drive a load. */
export interface DriverNeeds {
  readonly loads: readonly LoadPlan[];
  /** Of one process; undefined: not known. */
  readonly descriptors: number | undefined;
  readonly cores: number;
  /** How many the scenario asks for. */
  readonly wished: number | undefined;
  /** Every process must have a connection to each target. */
  readonly targets: number;
}

/**
 * How many processes drive the loads over SMTP: enough for their connections and rates, no more than cores for the rates'
 * sake, and no more than have something to do; none if all is for k6.
 */
export function driverProcesses({ descriptors, cores, wished, targets, ...all }: DriverNeeds): number {
  const loads = all.loads.filter(({ k6 }) => !k6);
  if (loads.length === 0 && all.loads.length > 0) return 0;
  const connections = loads.reduce((sum, load) => sum + load.connections, 0);
  const rate = loads.reduce((sum, load) => sum + peakRate(load), 0);
  const forConnections = descriptors === undefined ? 1 : processesFor(connections, descriptors);
  const forRate = Math.min(cores, Math.ceil(rate / RATE_EACH));
  const busy = Math.max(1, ...loads.map((load) => Math.floor(load.connections / targets)));
  return Math.max(1, Math.min(busy, Math.max(forConnections, wished ?? forRate)));
}

function peakRate({ shape }: LoadPlan): number {
  const schedule = scheduleOf(shape);
  if (schedule.model === 'closed') return 0;
  return 'stages' in shape
    ? Math.max('startRate' in shape ? shape.startRate : 0, ...shape.stages.map((stage) => stage.target))
    : schedule.rateAt(0);
}

type DriverWorker = Worker<ToDriver | Acknowledgement, FromDriver>;
type K6Worker = Worker<ToK6, FromK6>;

/** All processes of the driver as one. */
export class DriverProcesses {
  readonly #workers: readonly DriverWorker[];
  readonly #k6: readonly K6Worker[];

  /** @param k6 those that drive loads by k6 */
  constructor(workers: readonly DriverWorker[], k6: readonly K6Worker[] = []) {
    this.#workers = workers;
    this.#k6 = k6;
  }

  /**
   * Tells each what it will do; resolves when all are ready.
   * @param firstWorker the place of the first among the run's workers
   */
  async prepare(
    planOf: (share: WorkerShare) => DriverPlan,
    ground: DriverGround,
    firstWorker: number,
  ): Promise<void> {
    await Promise.all(
      this.#workers.map((worker, index) => {
        const plan = planOf({ worker: index, of: this.#workers.length });
        worker.send({ type: 'prepare', plan, ground, worker: firstWorker + index });
        return worker.expect('prepared');
      }),
    );
  }

  /**
   * The same for those with a k6, which start it; resolves when each has its virtual users, with what their scripts say.
   * @param plans one for each
   */
  prepareK6(plans: readonly K6Plan[], ground: LabKind, firstWorker: number): Promise<ReadyNote[]> {
    return Promise.all(
      this.#k6.map(async (worker, index) => {
        worker.send({
          type: 'prepare',
          plan: plans[index] as K6Plan,
          ground,
          worker: firstWorker + index,
        });
        return (await worker.expect('prepared')).note;
      }),
    );
  }

  /** Begins the load at a moment; resolves when it is over. Rejects with a HarnessError if a process fails. */
  async run(epoch: Micros): Promise<void> {
    const finished = [
      ...this.#workers.map((worker) => worker.expect('finished')),
      ...this.#k6.map((worker) => worker.expect('finished')),
    ];
    for (const worker of this.#all()) worker.send({ type: 'start', epoch });
    await Promise.all(finished);
  }

  /** Hands over further messages, those to one recipient by one process. */
  followUp(orders: readonly FollowUp[]): void {
    this.#workers.forEach((worker, index) => {
      const own = orders.filter(({ original }) => original.message % this.#workers.length === index);
      if (own.length > 0) worker.send({ type: 'follow-ups', orders: own });
    });
  }

  /** Begins nothing more. */
  stop(): void {
    for (const worker of this.#all()) worker.send({ type: 'stop' });
  }

  /** Kills those that are still there `graceMs` after now; resolves when all are gone. */
  async end(graceMs: number): Promise<void> {
    await Promise.all(this.#all().map((worker) => worker.end(graceMs)));
  }

  #all(): {
    send(message: Extract<ToK6, { type: 'start' | 'stop' }>): void;
    end(graceMs: number): Promise<void>;
  }[] {
    return [...this.#workers, ...this.#k6];
  }
}
