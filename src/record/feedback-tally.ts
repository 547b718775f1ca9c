/** What came back, by ISP, kind and state: in all, by the second, and how long it took. */
import type { Micros } from '../core/clock.ts';
import {
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  type FeedbackKind,
  type FeedbackState,
  NONE32,
  type RecordView,
} from './attempt-log.ts';
import { BUCKET_MICROS } from './timeline.ts';

/** What happened so far of one kind at one ISP. */
export type FeedbackCounts = Record<FeedbackState, number>;

/** All that is known of one kind at one ISP. */
export interface FeedbackTotals extends FeedbackCounts {
  /** Times that it was tried to hand something over. */
  tries: number;
  /** From the acceptance until it was handed over, and from then until the mailroom had read it; of those that had both. */
  readonly sentAfter: readonly Micros[];
  readonly receivedAfter: readonly Micros[];
}

/** One row: what happened in one second at one ISP about messages from one source. */
export interface FeedbackRow {
  readonly bucket: number;
  readonly isp: number;
  readonly source: number;
  readonly kind: FeedbackKind;
  readonly counts: FeedbackCounts;
}

/** Adds up records of the return path, in whatever order they come. */
export class FeedbackTally {
  readonly #totals = new Map<string, FeedbackTotals & { sentAfter: Micros[]; receivedAfter: Micros[] }>();
  readonly #rows = new Map<number, FeedbackRow>();
  readonly #sent = new Pairs();
  readonly #received = new Pairs();

  add(view: RecordView): void {
    const { at, isp, message, slot } = view;
    const kind = FEEDBACK_KINDS[view.feedbackKind];
    const state = FEEDBACK_STATES[view.outcome];
    if (kind === undefined || state === undefined) return;
    const totals = this.#at(isp, kind);
    totals[state]++;
    totals.tries += view.tries;
    this.#row(view, kind).counts[state]++;
    if (message === NONE32) return;
    // 32 bits of message, 16 of slot, and the kind, of which a recipient has one.
    const whose = (message * 2 ** 16 + slot) * FEEDBACK_KINDS.length + view.feedbackKind;
    const whole = { at, isp };
    if (state === 'due') this.#took('sentAfter', kind, this.#sent.from(whose, whole));
    if (state === 'sent') {
      this.#took('sentAfter', kind, this.#sent.to(whose, whole));
      this.#took('receivedAfter', kind, this.#received.from(whose, whole));
    }
    if (state === 'received') this.#took('receivedAfter', kind, this.#received.to(whose, whole));
  }

  /** `isp` NO_ISP: what the mailroom could not tell whose it is. */
  of(isp: number, kind: FeedbackKind): Readonly<FeedbackTotals> {
    return this.#totals.get(`${isp}/${kind}`) ?? nothing();
  }

  /** All rows, in no particular order. */
  rows(): IterableIterator<FeedbackRow> {
    return this.#rows.values();
  }

  /** What is due and neither confirmed nor given up, at all ISPs. */
  get waiting(): number {
    let waiting = 0;
    for (const [key, totals] of this.#totals) if (!key.endsWith('/trap')) waiting += waitingOf(totals);
    return waiting;
  }

  #took(which: 'sentAfter' | 'receivedAfter', kind: FeedbackKind, pair: Pair | undefined): void {
    if (pair) this.#at(pair.isp, kind)[which].push(pair.took);
  }

  #at(isp: number, kind: FeedbackKind): FeedbackTotals & { sentAfter: Micros[]; receivedAfter: Micros[] } {
    const key = `${isp}/${kind}`;
    let totals = this.#totals.get(key);
    if (!totals) {
      totals = nothing();
      this.#totals.set(key, totals);
    }
    return totals;
  }

  #row({ at, isp, source, feedbackKind }: RecordView, kind: FeedbackKind): FeedbackRow {
    const bucket = Math.floor(at / BUCKET_MICROS);
    // As in the timeline: seconds, ISP, source; and the kind.
    const key =
      (((bucket + 4096) * 256 + isp) * 2048 + (source & 0x7ff)) * FEEDBACK_KINDS.length + feedbackKind;
    let row = this.#rows.get(key);
    if (!row) {
      row = { bucket, isp, source, kind, counts: noCounts() };
      this.#rows.set(key, row);
    }
    return row;
  }
}

/** Of what is due, what is neither confirmed nor given up. Of traps, which nothing is sent for, all of them. */
export function waitingOf({ due, sent, failed }: FeedbackCounts): number {
  return Math.max(0, due - sent - failed);
}

interface Moment {
  readonly at: Micros;
  readonly isp: number;
}

/** The time between two records, and the ISP of the earlier one. */
interface Pair {
  readonly took: Micros;
  readonly isp: number;
}

/** Matches two records about the same thing, whichever is told first. */
class Pairs {
  readonly #froms = new Map<number, Moment>();
  readonly #tos = new Map<number, Moment>();

  from(whose: number, moment: Moment): Pair | undefined {
    const to = this.#tos.get(whose);
    if (to) return this.#pair(whose, moment, to);
    this.#froms.set(whose, moment);
    return undefined;
  }

  to(whose: number, moment: Moment): Pair | undefined {
    const from = this.#froms.get(whose);
    if (from) return this.#pair(whose, from, moment);
    this.#tos.set(whose, moment);
    return undefined;
  }

  #pair(whose: number, from: Moment, to: Moment): Pair {
    this.#froms.delete(whose);
    this.#tos.delete(whose);
    return { took: Math.max(0, to.at - from.at), isp: from.isp };
  }
}

function noCounts(): FeedbackCounts {
  return { due: 0, happened: 0, sent: 0, failed: 0, received: 0 };
}

function nothing(): FeedbackTotals & { sentAfter: Micros[]; receivedAfter: Micros[] } {
  return { ...noCounts(), tries: 0, sentAfter: [], receivedAfter: [] };
}
