import type { HttpEndpoint } from '../../core/http-injection.ts';
import type { LoadPlan } from '../load.ts';
import type { RunStamp } from '../message.ts';
import type { WorkerShare } from '../running-load.ts';

/** All that a k6 engine needs, as plain data. */
export interface K6Plan {
  readonly seed: number;
  /** The loads that k6 carries out. */
  readonly loads: readonly LoadPlan[];
  readonly stamp: RunStamp;
  readonly endpoint: HttpEndpoint;
  /** The k6 program, found and checked (binary.ts). */
  readonly program: string;
  /** A folder of this process's own for its plan, log and summary; it exists. */
  readonly folder: string;
  readonly share: WorkerShare;
  /** Keys of metrics that thresholds look at besides the plain ones: `http_req_duration{status:200}`. */
  readonly watched: readonly string[];
}
