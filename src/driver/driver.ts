/**
 * The flood: sends each iteration of the schedule at its moment over a pool of connections, and records what came of
 * it. An open loop: a slow MTA makes iterations late, never fewer; late ones count from the moment they were due.
 */
import type { Clock, Micros } from '../core/clock.ts';
import { createPrng } from '../core/prng.ts';
import { type LabProof, requireTarget } from '../core/proof.ts';
import type { Packer } from '../record/attempt-log.ts';
import { createMessages, type MessagePlan, type RunStamp } from './message.ts';
import { ConnectionPool } from './pool.ts';
import { createRecipients, type RecipientPlan } from './recipients.ts';
import { type LoadShape, scheduleOf } from './schedule.ts';
import type { SessionTarget } from './session.ts';
import type { Job, JobResult } from './transaction.ts';

/** All that a driver needs, as plain data. */
export interface DriverPlan {
  readonly seed: number;
  readonly shape: LoadShape;
  readonly recipients: RecipientPlan;
  readonly message: MessagePlan;
  readonly stamp: RunStamp;
  readonly helo: string;
  /** Where messages go: to the one MTA, or (adapter: none) to the ISP of the message, by its index. */
  readonly targets: readonly { readonly endpoints: readonly SessionTarget[]; readonly connections: number }[];
  readonly targetPer: 'run' | 'isp';
  /**
   * Send the next envelope right behind a body, where the server offers PIPELINING. RFC 2920 section 3.1 allows it,
   * but MTAs that guard against SMTP smuggling answer it with 503 (Haraka 3.3), so only the lab's own sinks get it.
   */
  readonly pipelineAcrossMessages: boolean;
  /** A connection on which no reply comes for so long is given up. */
  readonly timeoutMs: number;
}

/** What a driver knows of itself while it runs. */
export interface DriverCounters {
  readonly due: number;
  readonly begun: number;
  readonly confirmed: number;
  readonly failed: number;
  readonly dropped: number;
  /** Begun more than LATE_MICROS after they were due. */
  readonly late: number;
  readonly connections: number;
}

/** Iterations begun later than this after their moment count as late. */
export const LATE_MICROS = 10_000;

/** A driver at work. */
export interface Driver {
  counters(): DriverCounters;
  /** Resolves when the load is over and every message begun has ended. */
  readonly finished: Promise<void>;
  /** Begins nothing more; what is under way ends as usual. */
  stop(): void;
}

/** Starts the load at moment 0 of the clock. Throws if a target is not one that load may be sent to. */
export async function startDriver(
  plan: DriverPlan,
  clock: Clock,
  packer: Packer,
  proof: LabProof,
): Promise<Driver> {
  for (const { endpoints } of plan.targets)
    for (const { address } of endpoints) requireTarget(proof, address);
  const prng = createPrng(plan.seed);
  const schedule = scheduleOf(plan.shape);
  const recipients = createRecipients(plan.recipients, prng);
  const messages = await createMessages(plan.message, recipients, prng, plan.stamp);

  let due = 0;
  let begun = 0;
  let confirmed = 0;
  let failed = 0;
  let dropped = 0;
  let late = 0;
  let stopped = false;

  const pools = plan.targets.map(
    ({ endpoints, connections }) =>
      new ConnectionPool(endpoints, connections, {
        clock,
        messages,
        helo: plan.helo,
        timeoutMs: plan.timeoutMs,
        pipelineAcrossMessages: plan.pipelineAcrossMessages,
        begun(job) {
          begun++;
          if (clock.now() - job.due > LATE_MICROS) late++;
        },
        done: (job, connection, result) => ended(job, connection, result),
      }),
  );
  const poolOf = (message: number): ConnectionPool =>
    pools[plan.targetPer === 'run' ? 0 : recipients.isp(message, 0)] as ConnectionPool;

  function ended(job: Job, connection: number, result: JobResult): void {
    if (result.state === 'confirmed') confirmed++;
    else failed++;
    const base = {
      due: job.due,
      sentAfter: result.sentAt - job.due,
      doneAfter: result.doneAt - job.due,
      message: job.message,
      connection,
    };
    packer.injection({ ...base, code: result.code, recipients: result.recipients, state: result.state });
    if (result.state !== 'confirmed') return;
    for (const { slot, code } of result.refusedSlots) {
      packer.injection({ ...base, code, recipients: 1, state: 'refused', refusedSlot: slot });
    }
  }

  function drop(job: Job): void {
    dropped++;
    const { due, message } = job;
    packer.injection({
      due,
      sentAfter: 0,
      doneAfter: 0,
      message,
      connection: 0,
      code: 0,
      recipients: plan.message.recipients,
      state: 'dropped',
    });
  }

  async function run(): Promise<void> {
    let n = 0;
    while (n < schedule.total && !stopped) {
      const now: Micros = clock.now();
      for (; n < schedule.total && schedule.dueAt(n) <= now; n++) {
        due++;
        poolOf(n).submit({ message: n, due: schedule.dueAt(n) });
      }
      // Wake at least every 50 ms, so that a stop is heard on a slow schedule too.
      if (n < schedule.total) await clock.until(Math.min(schedule.dueAt(n), now + 50_000));
    }
    if (!stopped) await clock.until(schedule.duration);
    // What found no free connection while the load lasted is dropped, as in k6.
    for (const pool of pools) for (const job of pool.withdraw()) drop(job);
    await Promise.all(pools.map((pool) => pool.close()));
  }

  const finished = run();
  return {
    counters: () => ({
      due,
      begun,
      confirmed,
      failed,
      dropped,
      late,
      connections: pools.reduce((sum, pool) => sum + pool.open, 0),
    }),
    finished,
    stop() {
      stopped = true;
    },
  };
}
