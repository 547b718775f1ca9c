/** What ends a run of the stand-in: k6's words on stderr, and its exit code. */

/** k6's exit codes (k6 repository, errext/exitcodes). */
export const EXIT = {
  setupTimeout: 100,
  teardownTimeout: 101,
  config: 104,
  abort: 105,
  script: 107,
  scriptAborted: 108,
  failed: 110,
  /** Errors that have no code of their own, such as an unknown flag: -1. */
  other: 255,
} as const;

/** Ends the program with a code. */
export class K6Error extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A line of k6's log, as it is where stderr is no terminal (logrus's text format). */
export function log(level: 'info' | 'warning' | 'error', message: string, source?: string): void {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const more = source === undefined ? '' : ` source=${source}`;
  process.stderr.write(`time="${time}" level=${level} msg=${JSON.stringify(message)}${more}\n`);
}
