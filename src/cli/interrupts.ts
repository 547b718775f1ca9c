import type { CommandIo, Signal } from './io.ts';

/** The user's Ctrl-C's and whoever's SIGTERMs, for a command that does several things after each other. */
export class Interrupts {
  #count = 0;
  #handler: ((signal: Signal) => void) | undefined;

  constructor(io: CommandIo) {
    io.onInterrupt((signal) => {
      this.#count++;
      this.#handler?.(signal);
    });
  }

  /** How many there were. What has not begun by the first one is not begun any more. */
  get count(): number {
    return this.#count;
  }

  /** Calls the handler at each from now on, in place of the one before. */
  handle(handler: (signal: Signal) => void): void {
    this.#handler = handler;
  }
}
