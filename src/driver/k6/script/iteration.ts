/** Which message an iteration is about, and the record of what became of it. */
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { answerOf } from '../../../core/http-injection.ts';
import { INJECTION_METADATA, INJECTION_METRIC, type InjectionNote, noteText } from '../script-plan.ts';
import { loads, plan, type ReadyLoad } from './plan.ts';

/** One iteration of a load. */
export interface Iteration {
  readonly load: ReadyLoad;
  /** The number of its message. */
  readonly message: number;
  /** What became of the message so far; undefined: it was not handed over yet. */
  state: InjectionNote['state'] | undefined;
}

/** What of a response says what became of a message. */
export interface Answer {
  readonly status: number;
  readonly error_code: number;
  readonly body: unknown;
  readonly timings: { readonly blocked: number; readonly duration: number };
}

const injections = new Trend(INJECTION_METRIC, true);

/** What this virtual user is at; undefined: in setup(), teardown() and handleSummary(). */
let current: Iteration | undefined;

/** The iteration that this virtual user is at. */
export function currentIteration(): Iteration | undefined {
  return current;
}

/**
 * Begins the iteration that k6 called for. k6 numbers the iterations of a scenario from 0, uniquely over all segments of a
 * test (k6 documentation, "k6/execution", iterationInTest). undefined: there is no message for it, since an executor that
 * goes by time may begin one more at the very end.
 */
export function beginIteration(): Iteration | undefined {
  const load = loads.get(exec.scenario.name);
  if (!load) throw new Error(`windtunnel has no load "${exec.scenario.name}"`);
  const n = exec.scenario.iterationInTest;
  current = n < load.count ? { load, message: load.firstMessage + n, state: undefined } : undefined;
  return current;
}

/**
 * Records what became of an iteration's message.
 * @param answer undefined: the request ended with an exception
 */
export function record(
  iteration: Iteration,
  recipients: readonly string[],
  sentAtMs: number,
  answer: Answer | undefined,
): void {
  const status = answer?.status ?? 0;
  const body = typeof answer?.body === 'string' ? answer.body : null;
  const result: ReturnType<typeof answerOf> =
    answer && wasNeverSent(answer) ? { state: 'refused' } : answerOf(plan.api, status, body, { recipients });
  iteration.state = result.state;
  const refusedSlots = result.state === 'confirmed' ? result.refusedSlots : [];
  const { metadata } = exec.vu.metrics;
  // k6 gives a sample the metadata that its virtual user has at the moment ("k6/execution", vu.metrics.metadata).
  metadata[INJECTION_METADATA] = noteText({
    message: iteration.message,
    sentAtMs,
    state: result.state,
    status,
    refusedSlots,
  });
  injections.add(status === 0 || !answer ? Date.now() - sentAtMs : milliseconds(answer));
  delete metadata[INJECTION_METADATA];
}

/** k6's `duration` leaves out what it took to get a connection, and `blocked` is all of that (lib/netext/httpext/tracer.go). */
function milliseconds({ timings }: Answer): number {
  return timings.blocked + timings.duration;
}

/** No connection was made: a bad URL, DNS, a blocked address, dialling (k6 documentation, "Error codes"). */
function wasNeverSent({ status, error_code: code }: Answer): boolean {
  return status === 0 && (code === 1020 || (code >= 1100 && code < 1120) || (code >= 1210 && code < 1220));
}
