/** Counts of what came back, by ISP, kind and state. */
import {
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  type FeedbackKind,
  type FeedbackState,
  type RecordView,
} from './attempt-log.ts';

/** What happened so far of one kind at one ISP. */
export type FeedbackCounts = Record<FeedbackState, number>;

/** Adds up records of the return path, in whatever order they come. */
export class FeedbackTally {
  readonly #counts = new Map<string, FeedbackCounts>();

  add(view: RecordView): void {
    const kind = FEEDBACK_KINDS[view.feedbackKind];
    const state = FEEDBACK_STATES[view.outcome];
    if (kind !== undefined && state !== undefined) this.#at(view.isp, kind)[state]++;
  }

  /** `isp` NO_ISP: what the mailroom could not tell whose it is. */
  of(isp: number, kind: FeedbackKind): Readonly<FeedbackCounts> {
    return this.#counts.get(`${isp}/${kind}`) ?? none();
  }

  /** What is due and neither confirmed nor given up, at all ISPs. */
  get waiting(): number {
    let waiting = 0;
    for (const [key, { due, sent, failed }] of this.#counts)
      if (!key.endsWith('/trap')) waiting += due - sent - failed;
    return waiting;
  }

  #at(isp: number, kind: FeedbackKind): FeedbackCounts {
    const key = `${isp}/${kind}`;
    const counts = this.#counts.get(key) ?? none();
    this.#counts.set(key, counts);
    return counts;
  }
}

function none(): FeedbackCounts {
  return { due: 0, happened: 0, sent: 0, failed: 0, received: 0 };
}
