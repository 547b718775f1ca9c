import type { PhaseSpan } from '../analysis/phases.ts';
import type { SpreadPlan } from '../analysis/spread.ts';
import type { Micros } from '../core/clock.ts';
import type { Baseline } from '../gate/baseline.ts';
import type { Threshold } from '../gate/threshold.ts';
import type { K6MetricState } from '../record/k6-metrics.ts';
import type { Dialogue } from './dialogue.ts';
import type { ReputationScale, SpamRates } from './reputation-input.ts';
import type {
  AuthenticationSummary,
  CheckResult,
  FaultSummary,
  Machine,
  MtaFacts,
  ReplyCount,
  RunFacts,
} from './summary.ts';

/** A reply as the report shows it, by its number in the records. */
export interface ReplyFacts extends Omit<ReplyCount, 'count'> {
  readonly isp: number;
}

/** A load as the report shows it. */
export interface LoadFacts {
  readonly name: string;
  /** What it does, in a few words. */
  readonly text: string;
  readonly action: 'message' | 'noop';
}

/** The end of a lab that had not written its report. */
export interface LabEnd {
  readonly why: string;
  /** The verdict's, if the run had not come to its end. */
  readonly exitCode: number;
}

/** What a report needs to know beside the records. */
export interface ReportInput {
  readonly run: Omit<RunFacts, 'durationSeconds' | 'interrupted' | 'aborted'>;
  readonly machine: Machine;
  readonly mta: MtaFacts;
  readonly isps: readonly { readonly id: string; readonly name: string }[];
  readonly sources: readonly string[];
  /** The plan's sender domains, in the order of the records; absent in runs of earlier versions, as the next two are. */
  readonly senders?: readonly string[];
  /** How ISPs judge senders, those that do. */
  readonly scales?: readonly ReputationScale[];
  /** Of those ISPs from which something comes back. */
  readonly spamRates?: readonly SpamRates[];
  /** What was asked of the spread over virtual MTAs; absent: there is no MTA. */
  readonly spread?: SpreadPlan;
  /** Where what comes back goes, and the ISPs of which anything does; absent: of none. */
  readonly feedback?: {
    readonly to: 'mta' | 'mailroom';
    readonly address: string;
    readonly isps: readonly string[];
  };
  readonly replies: readonly ReplyFacts[];
  readonly phases: readonly PhaseSpan[];
  /** The loads, in the order of the records. */
  readonly loads: readonly LoadFacts[];
  readonly incidents: readonly {
    readonly isp: string;
    readonly start: Micros;
    readonly end: Micros;
    readonly label: string;
    /** The sources that it is about; absent: all. */
    readonly sources?: readonly string[];
    /** Nothing can reach the ISP meanwhile. */
    readonly stops?: true;
  }[];
  /** Faults of the MTA, as planned. Absent: none. */
  readonly faults?: readonly {
    readonly kind: FaultSummary['kind'];
    readonly label: string;
    readonly start: Micros;
    /** Absent: it is not undone. */
    readonly end?: Micros;
  }[];
  /** What the scenario says of the MTA's capacity at an ISP, transactions a second. */
  readonly capacity?: number;
  readonly thresholds: readonly Threshold[];
  /** What relative limits are relative to; absent: no baseline was named. */
  readonly baseline?: Baseline;
  /** What k6 measured, over all its processes. Absent: it carries out no load, or nothing came of it yet. */
  readonly k6?: readonly K6MetricState[];
  readonly evidence: { readonly queue: 'list' | 'count' | 'none'; readonly sendsDsn: boolean };
  readonly workers: readonly string[];
  readonly warnings: readonly string[];
  /** The security checks that were made; absent: none was asked for. */
  readonly checks?: readonly CheckResult[];
  /** By ISP, those that looked at the senders. */
  readonly authentication: Readonly<Record<string, AuthenticationSummary>>;
  /** A few of each ISP. */
  readonly dialogues: readonly Dialogue[];
  /** The MTA's end, if it ended before it was stopped. */
  readonly mtaDied: string | undefined;
  /** The end of its log then. Absent: it did not end. */
  readonly mtaLog?: readonly string[];
  /** Why a threshold ended the run: its sentence at that moment. Absent: none did. */
  readonly aborted?: string;
  /** Why the lab ended, if it did before its report was written. Absent also where nobody saw it end. */
  readonly labEnded?: LabEnd;
}
