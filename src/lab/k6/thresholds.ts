/** The thresholds of k6 loads: a scenario's, and those that users' scripts have themselves. */
import { HarnessError } from '../../core/errors.ts';
import { k6Key, k6Selector } from '../../core/k6-key.ts';
import type { ReadyNote } from '../../driver/k6/script-plan.ts';
import { parseScriptThresholds } from '../../gate/k6-threshold.ts';
import type { Threshold } from '../../gate/threshold.ts';
import type { ReportInput } from '../../report/input.ts';

/** Keys of the parts of k6's metrics that thresholds look at, for k6's processes to watch. */
export function watchedByK6(thresholds: readonly Threshold[]): string[] {
  return [...new Set(thresholds.filter(({ k6 }) => k6).map(({ key }) => key))];
}

/**
 * The input of a run's report with the thresholds that the user's scripts have (`options.thresholds`), as k6's processes tell
 * them when they are ready.
 * @throws HarnessError of kind `invalid-scenario` if one can't be read
 */
export function withScriptThresholds(
  input: ReportInput,
  notes: readonly Pick<ReadyNote, 'thresholds'>[],
): ReportInput {
  const wished = notes.map(({ thresholds }) => thresholds);
  return { ...input, thresholds: joinedThresholds(input.thresholds, wished) };
}

/**
 * A scenario's thresholds, and those of scripts after them. One that the scenario has as well, or several processes tell, is
 * judged once.
 * @throws HarnessError of kind `invalid-scenario` if one can't be read
 */
export function joinedThresholds(
  own: readonly Threshold[],
  wished: readonly Readonly<Record<string, unknown>>[],
): Threshold[] {
  const known = new Set(own.filter(({ k6 }) => k6).map(nameOf));
  const joined = [...own];
  for (const one of wished) {
    const { thresholds, problems } = parseScriptThresholds(one);
    if (problems.length > 0)
      throw new HarnessError('invalid-scenario', `thresholds of the k6 script: ${problems.join('; ')}`);
    for (const threshold of thresholds) {
      if (known.has(nameOf(threshold))) continue;
      known.add(nameOf(threshold));
      joined.push(threshold);
    }
  }
  return joined;
}

function nameOf({ key, expression }: Threshold): string {
  const selector = k6Selector(key);
  return `${selector ? k6Key(selector) : key} ${expression.replace(/\s+/g, '')}`;
}
