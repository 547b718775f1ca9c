import { after, type Clock, type Micros } from '../core/clock.ts';
import { Injections } from './injections.ts';
import type { Original } from './message.ts';
import type { ConnectionPool } from './pool.ts';

/** A message to a recipient about whom there was bad news, as a list sends it that does not listen. */
export interface FollowUp {
  /** Its number, which is none of a load's. */
  readonly message: number;
  readonly original: Original;
  readonly due: Micros;
}

/** Records what comes of messages, and nothing of connections: those are not the load's. */
export class FollowUpInjections extends Injections {
  override opened(): void {}
  override closed(): void {}
}

/** Connections for follow-ups, which come one now and then. */
export const FOLLOW_UP_CONNECTIONS = 2;

/** Hands over messages at their moments, beside a load and not as part of it. */
export class FollowUps {
  readonly #pool: ConnectionPool;
  readonly #clock: Clock;
  readonly #injections: Injections;
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  /** @param pool of its own */
  constructor(pool: ConnectionPool, clock: Clock, injections: Injections) {
    this.#pool = pool;
    this.#clock = clock;
    this.#injections = injections;
  }

  /** Takes one more; after `stop` it is forgotten. */
  take(job: FollowUp): void {
    if (this.#stopped) return;
    const cancel = after(Math.max(0, job.due - this.#clock.now()) / 1e3, () => {
      this.#waiting.delete(cancel);
      this.#pool.submit(job);
    });
    this.#waiting.add(cancel);
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }

  /**
   * Ends as a load does, also without `stop`.
   * @param graceMs how long what is under way may take
   */
  async finish(graceMs: number): Promise<void> {
    this.stop();
    const { unbegun, refused } = this.#pool.withdraw();
    for (const job of unbegun) this.#injections.givenUp(job, 'dropped');
    for (const job of refused) this.#injections.givenUp(job, 'refused');
    const cancel = after(graceMs, () => this.#pool.destroy());
    await this.#pool.close();
    cancel();
  }
}
