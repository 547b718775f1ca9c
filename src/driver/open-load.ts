import type { Clock } from '../core/clock.ts';
import { after } from '../core/clock.ts';
import type { Arrivals } from './executors/executor.ts';
import type { Injections } from './injections.ts';
import type { LoadPlan } from './load.ts';
import type { ConnectionPool } from './pool.ts';
import type { RunningLoad, WorkerShare } from './running-load.ts';

/** What an open load needs to run. */
export interface OpenLoadOptions {
  readonly plan: LoadPlan;
  readonly arrivals: Arrivals;
  readonly share: WorkerShare;
  readonly clock: Clock;
  readonly injections: Injections;
  /** The pool that a message goes through. */
  poolOf(message: number): ConnectionPool;
  readonly pools: readonly ConnectionPool[];
  due(): void;
}

/** How often a load looks whether it was told to stop, microseconds. */
const LOOK_MICROS = 50_000;

/**
 * Begins each iteration at its moment, whatever the MTA does. A slow MTA makes iterations late, never fewer; late ones
 * count from the moment they were due, and what found no connection before the end is dropped, as in k6.
 */
export function startOpenLoad(options: OpenLoadOptions): RunningLoad {
  const { plan, arrivals, share, clock, injections, pools } = options;
  let stopped = false;
  const end = plan.start + arrivals.duration;

  async function run(): Promise<void> {
    let n = share.worker;
    while (n < arrivals.total && !stopped) {
      const now = clock.now();
      for (; n < arrivals.total && plan.start + arrivals.dueAt(n) <= now; n += share.of) {
        options.due();
        const message = plan.recipients.firstMessage + n;
        options.poolOf(message).submit({ message, due: plan.start + arrivals.dueAt(n) });
      }
      if (n < arrivals.total)
        await clock.until(Math.min(plan.start + arrivals.dueAt(n), clock.now() + LOOK_MICROS));
    }
    while (!stopped && clock.now() < end) await clock.until(Math.min(end, clock.now() + LOOK_MICROS));
    for (const pool of pools) {
      const { unbegun, refused } = pool.withdraw();
      for (const job of unbegun) injections.givenUp(job, 'dropped');
      for (const job of refused) injections.givenUp(job, 'refused');
    }
    const cancel = after(plan.gracefulStop / 1e3, () => {
      for (const pool of pools) pool.destroy();
    });
    await Promise.all(pools.map((pool) => pool.close()));
    cancel();
  }

  return {
    finished: run(),
    stop() {
      stopped = true;
    },
  };
}
