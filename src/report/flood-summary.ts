/** What a flood came to, as `windtunnel flood --json` prints it. */
import { trend } from '../analysis/measure.ts';
import type { FloodTally } from '../record/flood-tally.ts';
import type { Recorded } from '../record/histograms.ts';

/** Milliseconds; all null where nothing was measured. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly mean: number | null;
}

/** How a flood ended: as planned, by Ctrl-C, or since nobody took a connection any more. */
export type FloodEnd = 'complete' | 'interrupted' | 'nobody';

export interface FloodSummary {
  readonly target: string;
  readonly action: 'message' | 'noop';
  /** Messages a second that were asked for; null: as fast as they were answered. */
  readonly rate: number | null;
  readonly ended: FloodEnd;
  /** Why the last connection ended that the driver did not end itself; null if none did. */
  readonly trouble: string | null;
  /** Messages that were taken. */
  readonly messages: number;
  /** NOOPs that were answered with 250. */
  readonly noops: number;
  /** From the begin of the first message (or NOOP) to the last reply to one. */
  readonly durationSeconds: number;
  readonly messagesPerSecond: number;
  /** Of the messages taken, each as large as they were asked to be on average. 1 MB is a million bytes. */
  readonly megabytesPerSecond: number;
  /** Messages (or NOOPs) that came to nothing, by the reply that decided it; `none`: no reply was read. */
  readonly failures: Readonly<Record<string, number>>;
  /** Of connections, messages and tries of messages, by reply; `none`: there was no reply. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Recipients that were refused of messages that were taken for others. */
  readonly recipientsRefused: number;
  /** Tries that were refused for now and repeated. */
  readonly deferred: number;
  /** Due and never begun. */
  readonly dropped: number;
  /** Begun more than 10 ms after they were due. */
  readonly late: number;
  /** Begun, and cut off when Ctrl-C was pressed twice. */
  readonly unfinished: number;
  /** From the moment at which the schedule wanted the message sent to the reply that took it. */
  readonly responseTimeMs: Percentiles;
  /** From the first byte of the message to the reply that took it. */
  readonly serviceTimeMs: Percentiles;
  /** From the first packet of a connection until it is ready for mail. */
  readonly connectTimeMs: Percentiles;
  /**
   * `opened`: ready for mail. `refused`: the server said no before that. `failed`: it never got so far as to answer.
   * `lost`: the server ended one that was ready.
   */
  readonly connections: {
    readonly opened: number;
    readonly refused: number;
    readonly failed: number;
    readonly lost: number;
  };
  /** Of the driver's processes from their start to their end, and of each. */
  readonly cpuSeconds: { readonly driver: number; readonly workers: readonly number[] };
  /** The driver was so busy, or waited so long for a core, that it and not the server may have set the pace. */
  readonly driverSaturated: boolean;
  readonly seed: number;
}

/** What the flood knows beside its records. */
export interface FloodFacts {
  readonly target: string;
  readonly action: 'message' | 'noop';
  readonly rate: number | undefined;
  readonly ended: FloodEnd;
  readonly trouble: string | undefined;
  /** The size of a message on average. */
  readonly meanBytes: number;
  readonly seed: number;
  readonly begun: number;
  readonly late: number;
  /** Of each process, in seconds. */
  readonly cpuSeconds: readonly number[];
}

/** The summary of a flood. */
export function summarizeFlood(tally: FloodTally, facts: FloodFacts): FloodSummary {
  const { counts } = tally;
  const { messages, probes, connections } = counts;
  const { target, action, rate, ended, trouble, seed, late } = facts;
  const workers = facts.cpuSeconds.map((seconds) => rounded(seconds, 6));
  const durationSeconds = rounded(Math.max(0, tally.lastReply - tally.firstBegun) / 1e6, 6);
  const perSecond = (count: number): number =>
    durationSeconds === 0 ? 0 : rounded(count / durationSeconds, 3);
  const noop = action === 'noop';
  const ends = messages.confirmed + messages.unconfirmed + messages.refused + messages.deferred;
  return {
    target,
    action,
    rate: rate ?? null,
    ended,
    trouble: trouble ?? null,
    messages: messages.confirmed,
    noops: probes.answered,
    durationSeconds,
    messagesPerSecond: perSecond(messages.confirmed),
    megabytesPerSecond: perSecond((messages.confirmed * facts.meanBytes) / 1e6),
    failures: byCode(counts.failures),
    refusals: byCode(counts.refusals),
    recipientsRefused: tally.recipientsRefused,
    deferred: messages.deferred,
    dropped: messages.dropped,
    late,
    unfinished: Math.max(0, facts.begun - ends - probes.answered - probes.failed),
    responseTimeMs: percentiles(noop ? counts.probeDuration : counts.duration),
    serviceTimeMs: percentiles(noop ? counts.probeDuration : counts.serviceTime),
    connectTimeMs: percentiles(counts.connectDuration),
    connections: { ...connections },
    cpuSeconds: {
      driver: rounded(
        workers.reduce((sum, seconds) => sum + seconds, 0),
        6,
      ),
      workers,
    },
    driverSaturated: tally.business.some(
      ({ seconds, cpuSum, loopDelaySum }) =>
        cpuSum / seconds > SATURATED.cpu || loopDelaySum / seconds > SATURATED.loopDelay,
    ),
    seed,
  };
}

/** A process of the driver is the limit above this share of a core, or this mean of its seconds' 99th percentile of event-loop delay. */
const SATURATED = { cpu: 0.95, loopDelay: 100_000 };

function byCode(counts: ReadonlyMap<number, number>): Record<string, number> {
  return Object.fromEntries(
    [...counts].sort(([a], [b]) => a - b).map(([code, count]) => [code === 0 ? 'none' : code, count]),
  );
}

function percentiles(recorded: Recorded): Percentiles {
  const { count, avg, max, percentile } = trend(recorded, 1e-3);
  const ms = (value: number): number | null => (count === 0 ? null : rounded(value, 3));
  return {
    p50: ms(percentile(50)),
    p90: ms(percentile(90)),
    p95: ms(percentile(95)),
    p99: ms(percentile(99)),
    p999: ms(percentile(99.9)),
    max: ms(max),
    mean: ms(avg),
  };
}

/** Without the digits that only floating point has put there. */
function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
