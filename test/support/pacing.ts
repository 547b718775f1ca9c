/** How the MTAs of the tests time what they send: without regard, by the clock, or by what they are told. */
import type { Verdict } from './courier.ts';

/** The timing of what goes to one endpoint from one source. Moments and times are milliseconds. */
export interface Pace {
  /** How long the next attempt has to wait; 0: it may begin now, and counts as begun. */
  wait(now: number): number;
  /** Takes in how an attempt ended; returns when to try again what was refused for now. */
  heard(verdict: Verdict, now: number): number;
}

/** Tries as fast as it can, and each message again after the same time. */
export function fixedRetry(ms: number): Pace {
  return { wait: () => 0, heard: () => ms };
}

/** Tries again at once, whatever it is told. */
export const IGNORING: Pace = fixedRetry(0);

/** How fast an adaptive pace begins, and how it changes: messages a second, and a factor. */
export interface Adaptation {
  readonly start: number;
  /** Added for each second in which the pace is what holds the mail up. */
  readonly increase: number;
  /** The rate is multiplied with it when the ISP throttles. */
  readonly decrease: number;
  /** After a decrease so much time must pass until what is heard is an answer to it. */
  readonly patience: number;
}

/** What is slow enough to hurt nobody. */
const SLOWEST = 0.5;

/**
 * Additive increase, multiplicative decrease of a rate, with a turn for each attempt. What is throttled goes back to
 * the queue and waits for its turn like everything else.
 */
export class AdaptivePace implements Pace {
  readonly #how: Adaptation;
  #rate: number;
  #nextTurn = 0;
  #isHoldingUp = false;
  #decreased = Number.NEGATIVE_INFINITY;

  constructor(how: Adaptation) {
    this.#how = how;
    this.#rate = how.start;
  }

  /** Messages a second. */
  get rate(): number {
    return this.#rate;
  }

  wait(now: number): number {
    if (now < this.#nextTurn) {
      this.#isHoldingUp = true;
      return this.#nextTurn - now;
    }
    this.#nextTurn = now + 1000 / this.#rate;
    return 0;
  }

  heard(verdict: Verdict, now: number): number {
    const { increase, decrease, patience } = this.#how;
    if (isThrottled(verdict)) {
      if (now < this.#decreased + patience) return 0;
      this.#decreased = now;
      this.#rate = Math.max(SLOWEST, this.#rate * decrease);
      this.#nextTurn = now + 1000 / this.#rate;
    } else if (this.#isHoldingUp) {
      this.#isHoldingUp = false;
      this.#rate += increase / this.#rate;
    }
    return 0;
  }
}

/** Whether an ISP says that it is too much: it closes with 421, or refuses for now by policy (RFC 3463 section 3.8). */
function isThrottled(verdict: Verdict): boolean {
  return (
    verdict.kind === 'refused' &&
    verdict.code < 500 &&
    (verdict.code === 421 || /\b4\.7\.\d/.test(verdict.text))
  );
}
