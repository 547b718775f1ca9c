/** What a command may touch of the outside: arguments, streams, interrupts. Tests pass their own. */
export interface CommandIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls the handler at every Ctrl-C or SIGTERM, instead of ending the process. */
  onInterrupt(handler: (signal: Signal) => void): void;
}

/** What asks for an end: a user's Ctrl-C, or a program that will not wait for long. */
export type Signal = 'SIGINT' | 'SIGTERM';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Colours wanted: a terminal, and neither NO_COLOR nor TERM=dumb. */
  readonly color: boolean;
}
