/** Counters per second and (ISP, source, reply), and values sampled over time. */
import type { Micros } from '../core/clock.ts';
import {
  ATTEMPT_OUTCOMES,
  NO_ISP,
  NONE16,
  type RecordView,
  SAMPLES,
  TRANSACTION_OUTCOMES,
} from './attempt-log.ts';

/** Length of a bucket: one real second (DESIGN "Adaptation"). */
export const BUCKET_MICROS = 1e6;

/** One row: what happened in one second at one ISP, from one source, answered with one reply. */
export interface Row {
  readonly bucket: number;
  readonly isp: number;
  readonly source: number;
  readonly reply: number;
  /** Recipient attempts by the ordinal of their outcome (ATTEMPT_OUTCOMES). */
  readonly attempts: Uint32Array;
  /** Transactions by the ordinal of their outcome (TRANSACTION_OUTCOMES). */
  readonly transactions: Uint32Array;
  connectionsOpened: number;
  connectionsRefused: number;
}

/** A value that was sampled. `isp` NO_ISP and `source` NONE16 where it is about neither. */
export interface Sample {
  readonly at: Micros;
  readonly name: (typeof SAMPLES)[number];
  readonly value: number;
  readonly isp: number;
  readonly source: number;
  readonly worker: number;
}

/** Collects the counters and samples of a run. */
export class Timeline {
  readonly #rows = new Map<number, Row>();
  readonly #injected = new Map<number, number>();
  readonly samples: Sample[] = [];

  /** All rows, in no particular order. */
  rows(): IterableIterator<Row> {
    return this.#rows.values();
  }

  /** Confirmed injections by the bucket in which the MTA took them. */
  injected(): ReadonlyMap<number, number> {
    return this.#injected;
  }

  addInjected(at: Micros): void {
    const bucket = Math.floor(at / BUCKET_MICROS);
    this.#injected.set(bucket, (this.#injected.get(bucket) ?? 0) + 1);
  }

  addAttempt(view: RecordView): void {
    const row = this.#row(view);
    row.attempts[view.outcome] = (row.attempts[view.outcome] as number) + 1;
  }

  addTransaction(view: RecordView): void {
    const row = this.#row(view);
    row.transactions[view.outcome] = (row.transactions[view.outcome] as number) + 1;
  }

  addConnection(view: RecordView): void {
    const row = this.#row(view);
    row.connectionsOpened++;
    if (view.reply !== NONE16) row.connectionsRefused++;
  }

  addSample(view: RecordView): void {
    const name = SAMPLES[view.outcome];
    if (name === undefined) return;
    const { at, value, isp, source, worker } = view;
    this.samples.push({ at, name, value, isp, source, worker });
  }

  #row(view: RecordView): Row {
    const bucket = Math.floor(view.at / BUCKET_MICROS);
    const { isp, source, reply } = view;
    // One integer key of 52 bits: 17 of seconds (36 hours), 8 of ISP, 11 of source, 16 of reply. The plan keeps within.
    const key = (((bucket + 4096) * 256 + isp) * 2048 + (source & 0x7ff)) * 65536 + reply;
    let row = this.#rows.get(key);
    if (!row) {
      row = {
        bucket,
        isp,
        source,
        reply,
        attempts: new Uint32Array(ATTEMPT_OUTCOMES.length),
        transactions: new Uint32Array(TRANSACTION_OUTCOMES.length),
        connectionsOpened: 0,
        connectionsRefused: 0,
      };
      this.#rows.set(key, row);
    }
    return row;
  }
}

/** True for samples that are about an ISP and all sources together. */
export function isOfWholeIsp(sample: Pick<Sample, 'isp' | 'source'>): boolean {
  return sample.isp !== NO_ISP && sample.source === NONE16;
}

/** True for samples that are about no ISP and no source. */
export function isGlobal(sample: Sample): boolean {
  return sample.isp === NO_ISP && sample.source === NONE16;
}
