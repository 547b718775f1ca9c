/**
 * All that a run's records add up to. The recorder feeds it while the run lasts; a report that is made again feeds it
 * from the files, and gets the same figures.
 */
import type { Micros } from '../core/clock.ts';
import {
  INJECTION_STATES,
  Kind,
  MARKS,
  type MarkName,
  RecordView,
  TRANSACTION_OUTCOMES,
} from './attempt-log.ts';
import { createRecorded, type Recorded, record } from './histograms.ts';
import {
  countConnection,
  countInjection,
  countProbe,
  emptyInjections,
  type InjectionCounts,
} from './injection-counts.ts';
import { Ledger } from './ledger.ts';
import { loadOfMessage, type RunModel } from './run-model.ts';
import { Timeline } from './timeline.ts';

/** Adds up packed records, in whatever order the workers' batches come. */
export class Aggregate {
  readonly ledger: Ledger;
  readonly timeline = new Timeline();
  /** By load, then by phase; '' for what was due outside of all phases. */
  readonly injections: readonly Map<string, InjectionCounts>[];
  /** Transactions on each connection, by ISP and source: key `isp/source`. */
  readonly messagesPerConnection = new Map<string, Recorded>();
  /** The first time each mark was set. */
  readonly marks = new Map<MarkName, Micros>();
  /** Attempts whose envelope and header named different messages, by ISP. */
  readonly mismatched = new Map<number, number>();
  /** Running counts for the progress line. */
  readonly running = { confirmed: 0, accepted: 0, throttled: 0, transactions: 0, noops: 0 };
  readonly #model: RunModel;

  constructor(model: RunModel) {
    this.#model = model;
    this.ledger = new Ledger(model.loads);
    this.injections = model.loads.map(() => new Map());
  }

  /** Takes in packed records. */
  add(records: Uint8Array): void {
    const view = new RecordView(records);
    for (view.index = 0; view.index < view.count; view.index++) this.#take(view);
  }

  #take(view: RecordView): void {
    switch (view.kind) {
      case Kind.injection:
        this.ledger.addInjection(view);
        if (view.refusedSlot === undefined) this.#injection(view);
        return;
      case Kind.probe:
        if (countProbe(this.#countsOf(view.load, view.at), view)) this.running.noops++;
        return;
      case Kind.injectorConnection:
        countConnection(this.#countsOf(view.load, view.at), view);
        return;
      case Kind.attempt:
        this.ledger.addAttempt(view);
        this.timeline.addAttempt(view);
        if (view.outcome === 0) this.running.accepted++;
        else if (view.outcome === 1) this.running.throttled++;
        if (view.mismatched) this.mismatched.set(view.isp, (this.mismatched.get(view.isp) ?? 0) + 1);
        return;
      case Kind.replyLost:
        this.ledger.addReplyLost(view);
        return;
      case Kind.transaction:
        this.timeline.addTransaction(view);
        if (TRANSACTION_OUTCOMES[view.outcome] !== undefined) this.running.transactions++;
        return;
      case Kind.connectionOpened:
        this.timeline.addConnection(view);
        return;
      case Kind.connectionClosed: {
        if (view.transactions > 0)
          record(
            lazily(this.messagesPerConnection, `${view.isp}/${view.source}`, createRecorded),
            view.transactions,
          );
        return;
      }
      case Kind.dsn:
        this.ledger.addDsn(view);
        return;
      case Kind.sample:
        this.timeline.addSample(view);
        return;
      case Kind.pending:
        this.ledger.addPending(view);
        return;
      case Kind.mark: {
        const name = MARKS[view.outcome];
        if (name !== undefined && !this.marks.has(name)) this.marks.set(name, view.at);
        return;
      }
    }
  }

  #injection(view: RecordView): void {
    const load = loadOfMessage(this.#model.loads, view.message);
    if (!load) return;
    countInjection(this.#countsOf(this.#model.loads.indexOf(load), view.at), view);
    if (INJECTION_STATES[view.outcome] !== 'confirmed') return;
    this.running.confirmed++;
    this.timeline.addInjected(view.at + view.doneAfter);
  }

  #countsOf(load: number, at: Micros): InjectionCounts {
    const byPhase = this.injections[load] ?? (this.injections[0] as Map<string, InjectionCounts>);
    return lazily(byPhase, this.#model.phaseOf(at) ?? '', emptyInjections);
  }
}

function lazily<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
