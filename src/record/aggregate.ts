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
  SAMPLES,
  TRANSACTION_OUTCOMES,
} from './attempt-log.ts';
import { FeedbackTally } from './feedback-tally.ts';
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
import { SentReports } from './sent-reports.ts';
import { isOfWholeIsp, Timeline } from './timeline.ts';

/** Running counts of recipient attempts at one ISP, for whoever watches the run. */
export interface RunningIsp {
  attempts: number;
  accepted: number;
  throttled: number;
  /** The most that it would take a second, when last sampled; Infinity: no limit applies. Undefined: not sampled yet. */
  allowance: number | undefined;
  /** Connections open when last sampled. */
  connections: number;
}

/** When a fault of the MTA began and ended; undefined: it did not. */
export interface FaultMoments {
  readonly began: Micros;
  /** Of a killed MTA: when it was started again. */
  starting: Micros | undefined;
  ended: Micros | undefined;
}

/** Adds up packed records, in whatever order the workers' batches come. */
export class Aggregate {
  readonly ledger: Ledger;
  readonly timeline = new Timeline();
  readonly feedback = new FeedbackTally();
  readonly sentReports: SentReports;
  /** By load, then by phase; '' for what was due outside of all phases. */
  readonly injections: readonly Map<string, InjectionCounts>[];
  /** Transactions on each connection, by ISP and source: key `isp/source`. */
  readonly messagesPerConnection = new Map<string, Recorded>();
  /** The first time each mark was set. */
  readonly marks = new Map<MarkName, Micros>();
  /** What became of each fault of the MTA, by its place in the scenario. */
  readonly faults = new Map<number, FaultMoments>();
  /** Attempts whose envelope and header named different messages, by ISP. */
  readonly mismatched = new Map<number, number>();
  /** Running counts for the progress line. */
  readonly running = { confirmed: 0, accepted: 0, throttled: 0, transactions: 0, noops: 0 };
  /** The same by ISP, for those of which there is a record. */
  readonly runningIsps = new Map<number, RunningIsp>();
  readonly model: RunModel;

  constructor(model: RunModel) {
    this.model = model;
    this.ledger = new Ledger(model.loads, model.vmtas);
    this.sentReports = new SentReports(model.loads);
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
        this.#count(view);
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
      case Kind.feedback:
        this.ledger.addFeedback(view);
        this.feedback.add(view);
        this.sentReports.add(view);
        return;
      case Kind.sample:
        this.timeline.addSample(view);
        if (isOfWholeIsp(view)) this.#watch(view);
        return;
      case Kind.pending:
        this.ledger.addPending(view);
        return;
      case Kind.mark: {
        const name = MARKS[view.outcome];
        if (name !== undefined && !this.marks.has(name)) this.marks.set(name, view.at);
        this.#faultMark(view, name);
        return;
      }
    }
  }

  #faultMark({ fault, at }: RecordView, name: MarkName | undefined): void {
    if (name === 'fault_began') this.faults.set(fault, { began: at, starting: undefined, ended: undefined });
    const moments = this.faults.get(fault);
    if (name === 'fault_ended' && moments) moments.ended = at;
    if (name !== 'mta_starting') return;
    this.ledger.addRestart(at);
    if (moments) moments.starting = at;
  }

  #injection(view: RecordView): void {
    const load = loadOfMessage(this.model.loads, view.message);
    if (!load) return;
    countInjection(this.#countsOf(this.model.loads.indexOf(load), view.at), view);
    if (INJECTION_STATES[view.outcome] !== 'confirmed') return;
    this.running.confirmed++;
    this.timeline.addInjected(view.at + view.doneAfter);
  }

  #count({ outcome, isp }: RecordView): void {
    const at = lazily(this.runningIsps, isp, nothingYet);
    at.attempts++;
    if (outcome === 0) {
      this.running.accepted++;
      at.accepted++;
    } else if (outcome === 1) {
      this.running.throttled++;
      at.throttled++;
    }
  }

  #watch({ outcome, isp, value }: RecordView): void {
    const name = SAMPLES[outcome];
    const at = lazily(this.runningIsps, isp, nothingYet);
    if (name === 'allowance') at.allowance = value;
    else if (name === 'connections_open') at.connections = value;
  }

  #countsOf(load: number, at: Micros): InjectionCounts {
    const byPhase = this.injections[load] ?? (this.injections[0] as Map<string, InjectionCounts>);
    return lazily(byPhase, this.model.phaseOf(at) ?? '', emptyInjections);
  }
}

function nothingYet(): RunningIsp {
  return { attempts: 0, accepted: 0, throttled: 0, allowance: undefined, connections: 0 };
}

function lazily<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
