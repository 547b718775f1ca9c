/** What the runs of a baseline measured for the thresholds of a run that is to be judged by them. */
import { type Baseline, isRelative } from '../../gate/baseline.ts';
import type { Threshold } from '../../gate/threshold.ts';
import { readerOf } from '../../report/comparison/compare.ts';
import { readRuns, withValues } from './compared-runs.ts';

/**
 * Reads a baseline.
 * @param path the folder of a run or of a group, or a summary that was kept
 * @throws HarnessError of kind `usage` if it is none of these
 */
export function readBaseline(path: string, thresholds: readonly Threshold[]): Baseline {
  const relative = thresholds.filter(isRelative);
  const runs = readRuns(path).map((run) => readerOf(withValues(run, relative)));
  const values = (threshold: Threshold): number[] =>
    runs.map((read) => read(threshold)).filter((value) => typeof value === 'number');
  return {
    name: path,
    values: thresholds.map((threshold) => (isRelative(threshold) ? values(threshold) : [])),
  };
}

/** Relative thresholds for which a baseline has no value, a sentence each. They can't hold. */
export function emptyIn(baseline: Baseline, thresholds: readonly Threshold[]): string[] {
  return thresholds
    .filter((threshold, i) => isRelative(threshold) && baseline.values[i]?.length === 0)
    .map(
      ({ key, expression }) => `The baseline has no value for "${key}: ${expression}", so that can't hold.`,
    );
}
