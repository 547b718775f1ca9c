/**
 * Two sets of runs side by side: what `windtunnel compare` says, as plain data. `compare --json` prints this.
 * Times are milliseconds; shares and rates are as in summaries.
 */
import type { Change, ChangeRules, ChangeVerdict, RunValue } from '../../gate/change.ts';
import type { Summary } from '../summary.ts';

/** A run as it is compared. */
export interface ComparedRun {
  /** How the user knows it: a path. */
  readonly name: string;
  readonly summary: Summary;
  /** It did not come to its end; this is what was recorded until then. */
  readonly unfinished: boolean;
  /** What its summary does not tell, by a quantity's name; measured again from its records. */
  readonly measured: ReadonlyMap<string, RunValue>;
}

/** The whole comparison. */
export interface Comparison {
  readonly schema: 1;
  readonly verdict: ComparisonVerdict;
  /** `noise`: each side has three runs or more. `tolerance`: not enough runs to judge noise. */
  readonly judgedBy: 'noise' | 'tolerance';
  /** Shares, 0 to 1. */
  readonly rules: ChangeRules;
  /** Why the two sides may not be comparable, or a run may not be worth much; a sentence each. */
  readonly warnings: readonly string[];
  readonly baseline: readonly RunNamed[];
  readonly runs: readonly RunNamed[];
  /** What the newest run's thresholds name, in their order. Only these can fail a comparison. */
  readonly gates: readonly ComparedMetric[];
  /** Everything else that runs tell of themselves. */
  readonly others: readonly ComparedMetric[];
}

export interface ComparisonVerdict {
  readonly passed: boolean;
  /** 99: a metric that gates is worse. */
  readonly exitCode: 0 | 99;
  readonly sentence: string;
}

/** Which run it was. */
export interface RunNamed {
  readonly name: string;
  readonly scenario: string;
  readonly startedAt: string;
  /** The run's own verdict on its own thresholds. */
  readonly passed: boolean;
}

/** One number of both sides. */
export interface ComparedMetric {
  /** With its selector: `delivered{isp:yahoo}`. */
  readonly metric: string;
  /** What is asked of it: `rate`, `p(99)`. */
  readonly aggregation: string;
  readonly unit: 'ms' | '';
  /** Which way is good; null: neither. */
  readonly better: 'higher' | 'lower' | null;
  readonly baseline: ComparedSide;
  readonly runs: ComparedSide;
  /** Difference of the means, new less baseline; null where a side has no mean. */
  readonly change: number | null;
  /** The same as a share of the baseline's mean; null where that is 0. */
  readonly relativeChange: number | null;
  /** Where the change is with so much confidence; null where noise could not be judged. */
  readonly interval: {
    /** 0.95 for one metric; more where several gate. */
    readonly confidence: number;
    readonly from: number;
    readonly to: number;
    /** As shares of the baseline's mean; null where that is 0. */
    readonly relativeFrom: number | null;
    readonly relativeTo: number | null;
  } | null;
  readonly verdict: ChangeVerdict;
  readonly judgedBy: Change['judgedBy'];
}

/** One side of a number: what each run says (a word where there is no number, null where it is not known), and the mean. */
export interface ComparedSide {
  readonly values: readonly (number | string | null)[];
  /** null: not all runs that know it have a number. */
  readonly mean: number | null;
}
