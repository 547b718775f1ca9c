/** What a sender would have had that takes every unit at the moment when it is there. */
import type { Micros } from '../../src/core/clock.ts';
import { type Account, changeOf, nextUnit, spare, spareBefore } from './limits.ts';

/** A limit as the sender meets it. */
export interface Trial {
  /** Index of the limit. */
  readonly limit: number;
  readonly account: Account;
  /** Units that may be there besides, once, at some moment. They are taken last. */
  extra: number;
}

/** Whether everything is refused at a moment, and when that may be otherwise. */
export interface Gate {
  readonly shut: boolean;
  readonly until: Micros;
}

/**
 * Units that are had in [start, end) under all these limits at once; Infinity without any. It goes from change to
 * change, not from unit to unit, and so costs the same for any rate: some tenths of a microsecond for each limit at
 * each change of a rule, a window or the gate. What a bucket spills in between is not seen, which makes it at most one
 * unit too many for each change.
 */
export function greedy(
  trials: readonly Trial[],
  gateAt: (now: Micros) => Gate,
  start: Micros,
  end: Micros,
): number {
  let got = 0;
  for (let now = start; now < end; ) {
    const { shut, until } = gateAt(now);
    if (shut) {
      now = until;
      continue;
    }
    let next = now;
    let change = Math.min(end, until);
    for (const trial of trials) {
      next = Math.max(next, trial.extra >= 1 ? now : nextUnit(trial.account, now));
      spare(trial.account, now);
      change = Math.min(change, changeOf(trial.account));
    }
    if (next > now) {
      now = Math.min(next, change);
      continue;
    }
    let units = Number.POSITIVE_INFINITY;
    for (const trial of trials) units = Math.min(units, own(trial, now, change) + trial.extra);
    if (units === Number.POSITIVE_INFINITY) return units;
    for (const trial of trials) {
      const taken = Math.min(units, own(trial, now, change));
      trial.account.used += taken;
      trial.extra -= units - taken;
    }
    got += units;
    now = change;
  }
  return got;
}

function own({ account }: Trial, now: Micros, end: Micros): number {
  return Math.max(0, spareBefore(account, now, end));
}
