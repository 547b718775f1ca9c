/** Thresholds whose limit is relative to what other runs measured: `rate>=0.95*baseline`. */
import type { Threshold } from './threshold.ts';

/** What the runs of a baseline measured. Plain data: it is kept in run.json, so that a report judges the same again. */
export interface Baseline {
  /** As the user named it: a run's folder, or one that holds several. */
  readonly name: string;
  /**
   * For each threshold of the run, in their order: what each run of the baseline measured for the threshold's metric,
   * selector and aggregation (`valueAsked`), in the metric's unit. Empty for limits that are not relative. A run that
   * has no sample or a word there adds no value.
   */
  readonly values: readonly (readonly number[])[];
}

/** Whether a threshold's limit is relative to a baseline. */
export function isRelative({ limit }: Threshold): boolean {
  return typeof limit === 'object';
}
