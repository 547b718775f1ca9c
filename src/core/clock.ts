/** Microseconds since the run's epoch, on one monotonic clock shared by every process of the run. */
export type Micros = number;

/** Where time comes from. Everything that needs the time takes one as an argument. */
export interface Clock {
  /** Microseconds since the epoch of the run. */
  now(): Micros;
  /** Resolves when `now()` has reached `at`; at once if it already has. */
  until(at: Micros): Promise<void>;
}

/** The system's monotonic clock in microseconds (CLOCK_MONOTONIC; the same in every process of a machine). */
export function monotonicMicros(): Micros {
  // hrtime.bigint allocates; the tuple form does not and stays exact far beyond any uptime.
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e6 + nanos / 1e3;
}

/** Wall-clock time, for names of folders and for humans; never for measuring. */
export function wallClock(): Date {
  return new Date();
}

/** A clock that counts from `epoch`, a value of `monotonicMicros()` that all processes of a run share. */
export function realClock(epoch: Micros): Clock {
  return {
    now: () => monotonicMicros() - epoch,
    async until(at) {
      for (;;) {
        const left = at - (monotonicMicros() - epoch);
        if (left <= 0) return;
        await sleepMs(Math.min(Math.ceil(left / 1e3), 0x7fffffff));
      }
    },
  };
}

/** Resolves after `ms` real milliseconds. `unref` lets the process end meanwhile. */
export function sleepMs(ms: number, unref = false): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (unref) timer.unref();
  });
}

/** Calls `tick` every `ms` real milliseconds until the returned function is called. */
export function every(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  return () => clearInterval(timer);
}

/** Calls `act` once after `ms` real milliseconds, unless the returned function is called first. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** What waits for the end of this turn of the event loop. */
let waiting: (() => void)[] = [];

/**
 * Calls `act` when everything has been read that had come in when this turn of the event loop began. What is written
 * then, for many connections at once, wakes whoever reads it once and not for each of them.
 */
export function atEndOfTurn(act: () => void): void {
  if (waiting.push(act) === 1) setImmediate(endTurn);
}

function endTurn(): void {
  const acts = waiting;
  waiting = [];
  for (const act of acts) act();
}

/** A clock that moves only when told to: simulated days pass in milliseconds. */
export class VirtualClock implements Clock {
  #now: Micros;
  #waiting: { at: Micros; wake: () => void }[] = [];

  constructor(now: Micros = 0) {
    this.#now = now;
  }

  now(): Micros {
    return this.#now;
  }

  until(at: Micros): Promise<void> {
    if (at <= this.#now) return Promise.resolve();
    return new Promise((wake) => {
      this.#waiting.push({ at, wake });
    });
  }

  /** Moves time forward by `micros` and wakes everyone whose moment has come, in order of their moments. */
  advance(micros: Micros): void {
    this.#now += micros;
    const due = this.#waiting.filter((w) => w.at <= this.#now).sort((a, b) => a.at - b.at);
    this.#waiting = this.#waiting.filter((w) => w.at > this.#now);
    for (const w of due) w.wake();
  }
}
