/** What the records of a flood add up to: one load without phases, of which no single message is remembered. */
import type { Micros } from '../core/clock.ts';
import { Kind, RecordView, SAMPLES } from './attempt-log.ts';
import { countConnection, countInjection, countProbe, emptyInjections } from './injection-counts.ts';
import type { RecordBatch } from './reporter.ts';

/** How busy a driver process was, over the seconds of its load. */
export interface Business {
  seconds: number;
  /** Of the seconds' shares of a core. */
  cpuSum: number;
  /** Of the seconds' 99th percentiles of event-loop delay, microseconds. */
  loopDelaySum: number;
  maxLoopDelay: Micros;
}

/** Adds up the records of a flood. It takes the same memory however long that lasts. */
export class FloodTally {
  readonly counts = emptyInjections();
  /** Recipients that were refused of messages that were taken for others. */
  recipientsRefused = 0;
  /** When the first message or NOOP was begun, and when the last reply to one came. */
  firstBegun: Micros = Number.POSITIVE_INFINITY;
  lastReply: Micros = Number.NEGATIVE_INFINITY;
  /** By the place of the process. */
  readonly business: Business[] = [];

  /** Takes in a worker's batch. */
  take({ injections, events }: RecordBatch): void {
    for (const records of [injections, events]) if (records) this.#add(new RecordView(records));
  }

  #add(view: RecordView): void {
    for (view.index = 0; view.index < view.count; view.index++) {
      switch (view.kind) {
        case Kind.injection:
          if (view.refusedSlot !== undefined) this.recipientsRefused++;
          else {
            countInjection(this.counts, view);
            this.#span(view);
          }
          break;
        case Kind.probe:
          countProbe(this.counts, view);
          this.#span(view);
          break;
        case Kind.injectorConnection:
          countConnection(this.counts, view);
          break;
        case Kind.sample:
          this.#sample(view);
      }
    }
  }

  /** What was never begun or never answered has no code, and counts neither way. */
  #span({ at, sentAfter, doneAfter, code }: RecordView): void {
    if (code === 0) return;
    this.firstBegun = Math.min(this.firstBegun, at + sentAfter);
    this.lastReply = Math.max(this.lastReply, at + doneAfter);
  }

  #sample({ outcome, worker, value }: RecordView): void {
    this.business[worker] ??= { seconds: 0, cpuSum: 0, loopDelaySum: 0, maxLoopDelay: 0 };
    const business = this.business[worker];
    const name = SAMPLES[outcome];
    if (name === 'cpu') {
      business.seconds++;
      business.cpuSum += value;
    } else if (name === 'loop_delay') {
      business.loopDelaySum += value;
      business.maxLoopDelay = Math.max(business.maxLoopDelay, value);
    }
  }
}
