/** What the processes of a run say to each other. Every channel carries structured clones, never JSON. */

import type { ReturnPath } from '../../fakes/feedback/return-path.ts';
import type { DayStatistics } from '../../fakes/feedback/statistics.ts';
import type { AuthenticationCounts } from '../../fakes/isp/authenticator.ts';
import type { Certificates } from '../../fakes/isp/certificates.ts';
import type { OwnerNews, PartReport } from '../../fakes/isp/isp-part.ts';
import type { Part } from '../../fakes/isp/leases.ts';
import type { ResolvedIsp } from '../../fakes/isp/resolve.ts';
import type { ZoneSpec } from '../../fakes/zones.ts';
import type { Micros } from '../core/clock.ts';
import type { FailureKind } from '../core/errors.ts';
import type { DriverPlan } from '../driver/driver.ts';
import type { FollowUp } from '../driver/follow-ups.ts';
import type { DriverCounters } from '../driver/injections.ts';
import type { K6Program } from '../driver/k6/binary.ts';
import type { K6Plan } from '../driver/k6/k6-plan.ts';
import type { ReadyNote } from '../driver/k6/script-plan.ts';
import type { Baseline } from '../gate/baseline.ts';
import type { K6MetricState } from '../record/k6-metrics.ts';
import type { RecordBatch } from '../record/reporter.ts';
import type { Dialogue } from '../report/dialogue.ts';
import type { Summary } from '../report/summary.ts';
import type { Plan } from '../scenario/plan.ts';

/** The lab has taken in what a worker recorded; it may send more. */
export type Acknowledgement = { readonly type: 'ack' };

export type LabKind = 'sealed' | 'loopback';

/** What a driver may send load to: the lab's addresses, loopback, or also those whose owner has named them. */
export type DriverGround = LabKind | { readonly named: readonly string[] };

/** All that the lab needs to fly a run. */
export interface RunRequest {
  readonly plan: Plan;
  /** The run's folder; it exists. */
  readonly folder: string;
  readonly lab: LabKind;
  /** The scenario's text as resolved, kept in the folder. */
  readonly scenarioText: string;
  /** The command line that runs it again. */
  readonly command: string;
  readonly version: string;
  /** Wall-clock time, ISO 8601. */
  readonly startedAt: string;
  /** What the user is told at the top of the report, such as why there is no seal. */
  readonly warnings: readonly string[];
  /** What relative limits are relative to, if the user named a baseline. */
  readonly baseline?: Baseline;
  /** The k6 program, where a load is for it. */
  readonly k6?: K6Program;
}

/** Where a run is, for the progress line. */
export interface Progress {
  readonly stage: 'starting' | 'load' | 'drain' | 'report';
  readonly elapsedSeconds: number;
  /** Length of the load. */
  readonly totalSeconds: number;
  /** How much of the load is done, 0 to 1. */
  readonly share: number;
  readonly injected: number;
  readonly delivered: number;
  readonly throttled: number;
  readonly noops: number;
  readonly queue: number | undefined;
  /** Connections that the driver holds, where a load is about them. */
  readonly sessions: number | undefined;
  readonly isps: readonly IspProgress[];
}

/** One ISP so far: recipient attempts, and the most that it would take a second now. */
export interface IspProgress {
  readonly id: string;
  readonly attempts: number;
  readonly accepted: number;
  readonly throttled: number;
  /** Infinity: no limit applies. Undefined: not known yet. */
  readonly allowance: number | undefined;
}

/** CLI to lab. `drain`: no more mail, wait for the queue; `now`: write the report of what there is. */
export type ToLab =
  | { readonly type: 'run'; readonly request: RunRequest }
  | { readonly type: 'stop'; readonly how: 'drain' | 'now' };

/** Lab to CLI. */
export type FromLab =
  | { readonly type: 'progress'; readonly progress: Progress }
  /** The summary comes along, since the folder may not be able to hold it. */
  | { readonly type: 'done'; readonly summary: Summary; readonly unwritten: readonly string[] }
  | {
      readonly type: 'failed';
      readonly kind: FailureKind;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** One ISP for a worker to open. */
export interface OpenIsp {
  readonly index: number;
  readonly resolved: ResolvedIsp;
  readonly listen: readonly { readonly address: string; readonly port: number }[];
  /** Of the run's authority, for STARTTLS. */
  readonly certificates: Certificates;
  /** Added to the ISP's own reply numbers, so that they are unique in the run. */
  readonly replyOffset: number;
}

export type ToIspWorker =
  | {
      readonly type: 'open';
      /** Its place among the run's workers; those that it starts follow it. */
      readonly worker: number;
      readonly isps: readonly OpenIsp[];
      readonly seed: number;
      /** Addresses of the sources on this ground; `zones` has those that they have in the simulated world. */
      readonly sources: readonly string[];
      readonly zones: ZoneSpec;
      /** Processes that are to serve the connections; 0: this one does. */
      readonly workers: number;
    }
  | {
      readonly type: 'start';
      readonly epoch: Micros;
      /** Where what comes back is to go, and on which ground; undefined: nothing comes back. */
      readonly back?: (ReturnPath & { readonly lab: LabKind }) | undefined;
    }
  | { readonly type: 'listening'; readonly address: string; readonly listening: boolean }
  /** Whether packets from an address arrive. */
  | { readonly type: 'reaching'; readonly address: string; readonly reaches: boolean }
  | Acknowledgement
  | { readonly type: 'stop' };

export type FromIspWorker =
  | {
      readonly type: 'opened';
      readonly endpoints: readonly (readonly { readonly address: string; readonly port: number }[])[];
    }
  | {
      readonly type: 'stopped';
      /** What authentication found at each ISP that authenticates, by index. */
      readonly authentication: readonly { readonly isp: number; readonly counts: AuthenticationCounts }[];
    }
  /** One of a few that show how an ISP answers; of each of its workers as few as of the whole ISP. */
  | { readonly type: 'dialogue'; readonly dialogue: Dialogue }
  | {
      readonly type: 'statistics';
      readonly isp: number;
      /** Which of the ISP's workers has counted it; 0 where it has one. */
      readonly part: number;
      /** The days that have changed, as they are now. */
      readonly days: readonly DayStatistics[];
    }
  | WorkerFailure
  | RecordBatch;

/** What is said to one of several workers of an ISP, by the process that takes its connections. */
export type ToIspPart =
  | {
      readonly type: 'join';
      readonly order: Extract<ToIspWorker, { type: 'open' }>;
      readonly part: Part;
      /** Indexes of the sources that are its own. */
      readonly own: readonly number[];
    }
  /** A connection comes with it, taken at this one of the ISP's addresses. */
  | { readonly type: 'connection'; readonly place: number }
  | { readonly type: 'news'; readonly news: OwnerNews }
  | { readonly type: 'sample'; readonly at: Micros };

export type FromIspPart =
  | { readonly type: 'part'; readonly report: PartReport }
  | {
      readonly type: 'sampled';
      readonly at: Micros;
      readonly connections: number;
      /** Of its own sources, in their order: see Sink.sustained and Sink.credit. */
      readonly allowed: readonly number[];
      readonly unpunished: readonly number[];
      readonly credit: readonly number[];
    };

export type ToDriver =
  | {
      readonly type: 'prepare';
      readonly plan: DriverPlan;
      readonly ground: DriverGround;
      /** Its place among the run's workers. */
      readonly worker: number;
    }
  | { readonly type: 'start'; readonly epoch: Micros }
  /** Messages that no load has, to be handed over at their moments. */
  | { readonly type: 'follow-ups'; readonly orders: readonly FollowUp[] }
  | Acknowledgement
  | { readonly type: 'stop' };

export type FromDriver =
  | { readonly type: 'prepared' }
  | {
      readonly type: 'counters';
      readonly counters: DriverCounters;
      /** Time that its process has used, microseconds. */
      readonly cpu: Micros;
      /** Why the last connection ended that the driver did not end itself. */
      readonly trouble: string | undefined;
    }
  | { readonly type: 'finished' }
  | WorkerFailure
  | RecordBatch;

/** To a process that drives loads by k6. */
export type ToK6 =
  | {
      readonly type: 'prepare';
      readonly plan: K6Plan;
      readonly ground: LabKind;
      /** Its place among the run's workers. */
      readonly worker: number;
    }
  | Extract<ToDriver, { readonly type: 'start' | 'ack' | 'stop' }>;

export type FromK6 =
  /** k6 has its virtual users. */
  | { readonly type: 'prepared'; readonly note: ReadyNote }
  /** What k6's own metrics have come to so far. */
  | { readonly type: 'k6-metrics'; readonly states: readonly K6MetricState[] }
  | Exclude<FromDriver, { readonly type: 'prepared' }>;

/** A worker can't go on; it ends after this message. */
export interface WorkerFailure {
  readonly type: 'failed';
  readonly message: string;
  /** Of an expected failure that is no fault of the worker's; absent: the lab can't go on because of the worker. */
  readonly kind?: FailureKind;
  readonly hint?: string | undefined;
}
