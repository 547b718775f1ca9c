/** What became of a driver's messages, NOOPs and connections, added up from its records. */
import {
  CONNECTION_EVENTS,
  type ConnectionEvent,
  INJECTION_STATES,
  type InjectionState,
  type RecordView,
} from './attempt-log.ts';
import { createRecorded, type Recorded, record } from './histograms.ts';

/** Injections, NOOPs and connections, such as those of one load in one phase. */
export interface InjectionCounts {
  readonly messages: Record<InjectionState, number>;
  /** From due to the 250, microseconds, confirmed injections only. */
  readonly duration: Recorded;
  /** From the first byte to the 250. */
  readonly serviceTime: Recorded;
  /** NOOPs that were answered with 2xx, and others. */
  readonly probes: { answered: number; failed: number };
  /** From due to the reply to a NOOP. */
  readonly probeDuration: Recorded;
  readonly connections: Record<ConnectionEvent, number>;
  /** From the first SYN until the connection is ready for mail. */
  readonly connectDuration: Recorded;
  /** Replies that refused or deferred a message, a NOOP or a connection, by code; 0: there was none. */
  readonly refusals: Map<number, number>;
  /** Messages and NOOPs that came to nothing in the end, by the reply that decided it; 0: there was none. */
  readonly failures: Map<number, number>;
}

/** Counts of nothing yet. */
export function emptyInjections(): InjectionCounts {
  return {
    messages: { confirmed: 0, unconfirmed: 0, refused: 0, dropped: 0, deferred: 0 },
    duration: createRecorded(),
    serviceTime: createRecorded(),
    probes: { answered: 0, failed: 0 },
    probeDuration: createRecorded(),
    connections: { opened: 0, refused: 0, failed: 0, lost: 0 },
    connectDuration: createRecorded(),
    refusals: new Map(),
    failures: new Map(),
  };
}

/** Counts a record of the kind `injection` that is about a whole message. */
export function countInjection(counts: InjectionCounts, view: RecordView): void {
  const state = INJECTION_STATES[view.outcome];
  if (state === undefined) return;
  counts.messages[state]++;
  if (state === 'refused' || state === 'deferred') increment(counts.refusals, view.code);
  if (state === 'refused' || state === 'unconfirmed') increment(counts.failures, view.code);
  if (state !== 'confirmed') return;
  record(counts.duration, view.doneAfter);
  record(counts.serviceTime, view.doneAfter - view.sentAfter);
}

/** Counts a record of the kind `probe`. True: it was answered as it should be. */
export function countProbe(counts: InjectionCounts, view: RecordView): boolean {
  const answered = view.code >= 200 && view.code < 300;
  if (answered) {
    counts.probes.answered++;
    record(counts.probeDuration, view.doneAfter);
  } else {
    counts.probes.failed++;
    increment(counts.refusals, view.code);
    increment(counts.failures, view.code);
  }
  return answered;
}

/** Counts a record of the kind `injectorConnection`. */
export function countConnection(counts: InjectionCounts, view: RecordView): void {
  const event = CONNECTION_EVENTS[view.outcome];
  if (event === undefined) return;
  counts.connections[event]++;
  if (event === 'opened') record(counts.connectDuration, view.doneAfter);
  else increment(counts.refusals, view.code);
}

function increment(counts: Map<number, number>, code: number): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}
