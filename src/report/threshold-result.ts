/** What became of a threshold, as summaries keep it. */
import { type Judged, keyTitle } from '../gate/threshold.ts';
import type { ThresholdResult } from './summary.ts';

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
