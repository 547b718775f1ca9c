import { keyTitle } from '../gate/threshold.ts';
import type { ThresholdResult } from './summary.ts';

/** What a threshold is on: its key, and whether k6's metric is meant where windtunnel has one of that name too. */
export function titleOf({ metric, k6 }: ThresholdResult): string {
  return keyTitle(metric, k6 !== undefined);
}
