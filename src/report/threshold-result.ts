/** What became of a threshold, as summaries keep it. */
import { type Judged, keyTitle } from '../gate/threshold.ts';
import type { Summary, ThresholdResult } from './summary.ts';

/** A verdict as a summary keeps it. */
export function thresholdResult(judged: Judged): ThresholdResult {
  const { threshold, passed, actual, actualText, limitText, sentence } = judged;
  return {
    metric: threshold.key,
    expression: threshold.expression,
    ...(limitText !== undefined && { limitText }),
    passed,
    actual: actual ?? null,
    actualText,
    sentence,
    ...(threshold.k6 && { k6: threshold.k6.from }),
  };
}

/** What a threshold is on: its key, and whether k6's metric is meant where windtunnel has one of that name too. */
export function titleOf({ metric, k6 }: ThresholdResult): string {
  return keyTitle(metric, k6 !== undefined);
}

/**
 * What thresholds come to by themselves.
 * @param none what is said where there are none
 */
export function thresholdsVerdict(judged: readonly Judged[], none: string): Summary['verdict'] {
  const failed = judged.filter(({ passed }) => !passed);
  const [first] = failed;
  if (first) {
    const sentence =
      failed.length === 1
        ? first.sentence
        : `${failed.length} of ${judged.length} thresholds failed; first: ${first.sentence}`;
    return { passed: false, exitCode: 99, sentence };
  }
  const sentence =
    judged.length === 0
      ? none
      : judged.length === 1
        ? 'The threshold holds.'
        : `All ${judged.length} thresholds hold.`;
  return { passed: true, exitCode: 0, sentence };
}
