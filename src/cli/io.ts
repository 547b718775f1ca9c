/** What a command may touch of the outside: arguments, streams, interrupts. Tests pass their own. */
export interface CommandIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls the handler at every Ctrl-C or SIGTERM, and when the terminal is closed, instead of ending the process. */
  onInterrupt(handler: (signal: Signal) => void): void;
}

/** What asks for an end: a user's Ctrl-C, a program that will not wait for long, or a terminal that is gone. */
export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Undefined: not a terminal, or one that does not know. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Colours wanted: a terminal, and neither NO_COLOR nor TERM=dumb. */
  readonly color: boolean;
}
