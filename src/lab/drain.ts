/** Waits, at the end of a load, until the MTA has nothing left and all that is to come back has come. */
import { someoneWaits } from '../analysis/conservation.ts';
import { type Micros, sleepMs } from '../core/clock.ts';
import type { Aggregate } from '../record/aggregate.ts';
import type { MtaUnderTest } from './mta/under-test.ts';

/** How often it is looked whether all is done. */
const LOOK_MS = 100;
/** How old what is known from records may be at most. */
const RECORDED_WITHIN_MS = 1000;

/** What is drained, and until when. */
export interface Draining {
  /** Undefined: the driver speaks to the ISPs directly. */
  readonly mta: MtaUnderTest | undefined;
  readonly aggregate: Aggregate;
  /** Whether the ISPs send anything back. */
  readonly returns: boolean;
  /** On the run's clock, as `now`. */
  readonly deadline: Micros;
  now(): Micros;
  /** False if the run is to end at once. */
  mayGoOn(): boolean;
  /** Told how many messages the MTA's queue has, or that it can't tell. */
  onDepth(depth: number | undefined): void;
}

/** What there is to note of the end: all is done, or it took too long; undefined where it was broken off. */
export async function drain(what: Draining): Promise<'drained' | 'drain_timeout' | undefined> {
  const { mta, returns, aggregate } = what;
  const { ledger, feedback } = aggregate;
  let empty = 0;
  while (what.mayGoOn() && (mta || returns)) {
    const depth = mta ? await mta.queueDepth() : 0;
    if (mta) what.onDepth(depth);
    const presence = mta?.presence ?? 'here';
    if (presence === 'gone') return undefined;
    // Twice in a row: a message on its way from one queue file to the next is in neither for an instant. Where the MTA
    // can't tell, what was recorded does; the last records take a moment to come in, and so do those of what is to
    // come back of what has just been accepted.
    const enough =
      depth === undefined
        ? 1 + (2 * RECORDED_WITHIN_MS) / LOOK_MS
        : returns
          ? 1 + RECORDED_WITHIN_MS / LOOK_MS
          : 2;
    const idle = depth === undefined ? presence === 'here' && !someoneWaits(ledger) : depth === 0;
    empty = idle && feedback.waiting === 0 ? empty + 1 : 0;
    if (empty >= enough) return 'drained';
    if (what.now() > what.deadline) return 'drain_timeout';
    await sleepMs(LOOK_MS);
  }
  return undefined;
}
