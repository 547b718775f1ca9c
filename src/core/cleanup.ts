import { messageOf } from './errors.ts';

/** Things to undo, last first, whatever happens in between. One that fails does not keep the others from running. */
export class Cleanup {
  readonly #actions: (() => unknown)[] = [];

  /** Remembers what to do at the end. */
  defer(action: () => unknown): void {
    this.#actions.push(action);
  }

  /** Does it all. Returns what went wrong, a sentence each. */
  async run(): Promise<string[]> {
    const failures: string[] = [];
    for (let action = this.#actions.pop(); action; action = this.#actions.pop()) {
      try {
        await action();
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    return failures;
  }
}
