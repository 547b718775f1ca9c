/** Time that passes when told to, for whoever wants to be woken: as a desk takes it. */
import type { DeskClock } from '../../fakes/feedback/desk.ts';
import { Schedule } from '../../fakes/feedback/schedule.ts';
import type { Micros } from '../../src/core/clock.ts';

export class VirtualTimers implements DeskClock {
  #now: Micros = 0;
  readonly #timers = new Schedule<{ act: (() => void) | undefined }>();

  now(): Micros {
    return this.#now;
  }

  at(moment: Micros, act: () => void): () => void {
    const timer: { act: (() => void) | undefined } = { act };
    this.#timers.add(Math.max(moment, this.#now), timer);
    return () => {
      timer.act = undefined;
    };
  }

  wall(moment: Micros): Date {
    return new Date(Date.UTC(2026, 0, 1) + moment / 1e3);
  }

  /** Lets time pass to a moment, waking everyone at theirs. */
  passTo(moment: Micros): void {
    while (this.#timers.next <= moment) {
      this.#now = this.#timers.next;
      this.#timers.take(this.#now)?.act?.();
    }
    this.#now = moment;
  }
}
