import type { CommandIo } from './io.ts';

/** The user's Ctrl-C's, for a command that does several things after each other. */
export class Interrupts {
  #count = 0;
  #handler: (() => void) | undefined;

  constructor(io: CommandIo) {
    io.onInterrupt(() => {
      this.#count++;
      this.#handler?.();
    });
  }

  /** How many there were. What has not begun by the first one is not begun any more. */
  get count(): number {
    return this.#count;
  }

  /** Calls the handler at each from now on, in place of the one before. */
  handle(handler: () => void): void {
    this.#handler = handler;
  }
}
