/** The virtual users of a run, and those that carry out one function alone: setup(), teardown(), handleSummary(). */
import type { Segment } from './segment.ts';
import { EXIT, K6Error } from './trouble.ts';
import { type Ended, type Loaded, type UserContext, VirtualUser } from './virtual-user.ts';

/** Makes users, and ends them. */
export class Crew {
  readonly #context: UserContext;
  readonly #segment: Segment;
  readonly #users: VirtualUser[] = [];
  readonly #aborted: AbortSignal;

  constructor(context: UserContext, segment: Segment, aborted: AbortSignal) {
    this.#context = context;
    this.#segment = segment;
    this.#aborted = aborted;
    aborted.addEventListener('abort', () => void this.interrupt());
  }

  get size(): number {
    return this.#users.length;
  }

  get active(): number {
    return this.#users.filter((user) => !user.isGone).length;
  }

  /** Makes one more. Over all segments each has a number of its own. */
  another(): VirtualUser {
    const { index, of } = this.#segment;
    const place = this.#users.length;
    const user = new VirtualUser(this.#context, {
      idInInstance: place + 1,
      idInTest: place * of + index + 1,
    });
    this.#users.push(user);
    return user;
  }

  /** Waits until all have run the init code. */
  async ready(): Promise<void> {
    await Promise.all(this.#users.map((user) => this.#loaded(user)));
  }

  /** Runs the init code alone, and says what it left. */
  async first(): Promise<Loaded> {
    return this.#withOne((user) => this.#loaded(user));
  }

  /** Calls one function in a user of its own. setup() ends with the run; what comes after it does not. */
  async alone(
    phase: 'setup' | 'teardown' | 'summary',
    argument: string | undefined,
    options: string,
  ): Promise<Ended> {
    const exec = phase === 'summary' ? 'handleSummary' : phase;
    return this.#withOne(async (user) => {
      const stop = () => void user.interrupt();
      if (phase === 'setup') this.#aborted.addEventListener('abort', stop);
      await this.#loaded(user);
      return user.run({ phase, exec, argument, options, iteration: undefined });
    });
  }

  async interrupt(): Promise<void> {
    await Promise.all(this.#users.map((user) => user.interrupt()));
  }

  async #withOne<T>(act: (user: VirtualUser) => Promise<T>): Promise<T> {
    const user = new VirtualUser(this.#context, { idInInstance: 0, idInTest: 0 });
    try {
      return await act(user);
    } finally {
      await user.interrupt();
    }
  }

  async #loaded(user: VirtualUser): Promise<Loaded> {
    try {
      return await user.loaded;
    } catch (error) {
      throw new K6Error(
        EXIT.script,
        `could not initialize '${this.#context.script}': ${(error as Error).message}`,
      );
    }
  }
}
