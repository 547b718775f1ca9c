/**
 * What kind of failure an error is. The CLI maps each kind to an exit code (cli/exit-codes.ts), so that no
 * code below the CLI knows about processes.
 */
export type FailureKind = 'usage' | 'invalid-scenario' | 'lab' | 'interrupted' | 'bug';

/** An expected failure with a message for the user, and a hint that says what to do about it. */
export class HarnessError extends Error {
  readonly kind: FailureKind;
  readonly hint: string | undefined;

  constructor(kind: FailureKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HarnessError';
    this.kind = kind;
    this.hint = options.hint;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Proves at compile time that a switch is exhaustive; throws if data from outside slipped through. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
