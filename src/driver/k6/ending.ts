/** What k6's exit codes mean for a run (k6 documentation, "Exit codes"; errext/exitcodes in its sources). */
import { type FailureKind, HarnessError } from '../../core/errors.ts';

/** How a k6 process ended. */
export interface K6End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** All its virtual users were there. */
  readonly ready: boolean;
  /** We told it to. */
  readonly stopped: boolean;
  /** The user's script; undefined: windtunnel's own. */
  readonly script: string | undefined;
  /** What its log says of errors, the last of it. */
  readonly words: string;
  /** Where its log is. */
  readonly log: string;
}

const ENDED: Readonly<Record<number, string>> = {
  100: 'setup() took too long',
  101: 'teardown() took too long',
  104: 'k6 does not accept the options',
  105: 'k6 was told to stop, and not by windtunnel',
  107: 'the script failed',
  108: 'the script ended the test (exec.test.abort)',
  109: 'k6 crashed',
  110: 'the script marked the test as failed (exec.test.fail)',
};

/** What of the user's script is wrong, as far as it shows before anything is sent. */
const OF_THE_SCRIPT: readonly (number | null)[] = [104, 107, 108];

/** Why the run can't go on; undefined if k6 ended as it should. */
export function k6Failure(end: K6End): HarnessError | undefined {
  const { code, signal, ready, stopped, script, words, log } = end;
  if (code === 0 && (ready || stopped)) return undefined;
  if (stopped && (code === 105 || signal === 'SIGINT' || signal === 'SIGKILL')) return undefined;
  const how =
    (code !== null && ENDED[code]) ||
    (code === 0
      ? 'k6 ended before its virtual users were there'
      : signal !== null
        ? `k6 was ended by ${signal}`
        : `k6 ended with exit code ${code}`);
  const atOnce = !ready && OF_THE_SCRIPT.includes(code);
  // windtunnel's part of the script ends the test where the user's does what can't be counted (script/prelude.ts).
  const uncountable = code === 108 && words.includes('windtunnel: ');
  const kind: FailureKind = script !== undefined && (atOnce || uncountable) ? 'invalid-scenario' : 'lab';
  return new HarnessError(kind, [`${script ?? 'k6'}: ${how}`, words].filter(Boolean).join('\n'), {
    hint: `k6's own log is ${log}`,
  });
}

/** The message of a line of k6's log, if it tells of an error: `time="…" level=error msg="…"`; undefined for others. */
export function k6Error(line: string): string | undefined {
  const [, level, quoted, bare] = /\blevel=(\w+) msg=(?:("(?:[^"\\]|\\.)*")|(\S+))/.exec(line) ?? [];
  if (level !== 'error' && level !== 'fatal') return undefined;
  if (quoted === undefined) return bare;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}
