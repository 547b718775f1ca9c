import type { FailureKind } from '../core/errors.ts';

/** The exit codes; k6's numbers where k6 has one. */
export const ExitCode = {
  passed: 0,
  bug: 1,
  usage: 2,
  thresholdFailed: 99,
  invalidScenario: 104,
  interrupted: 105,
  labFailed: 106,
} as const;

/** From what everyone hopes for to what nobody does. */
const FROM_BEST_TO_WORST: readonly number[] = [
  ExitCode.passed,
  ExitCode.thresholdFailed,
  ExitCode.interrupted,
  ExitCode.invalidScenario,
  ExitCode.labFailed,
  ExitCode.usage,
  ExitCode.bug,
];

/** The worst of some exit codes; passed if there are none. */
export function worstOf(codes: readonly number[]): number {
  const ranks = codes.map((code) => FROM_BEST_TO_WORST.indexOf(code));
  return FROM_BEST_TO_WORST[Math.max(0, ...ranks)] ?? ExitCode.bug;
}

/** The exit code of an expected failure. */
export function exitCodeOf(kind: FailureKind): number {
  switch (kind) {
    case 'usage':
      return ExitCode.usage;
    case 'invalid-scenario':
      return ExitCode.invalidScenario;
    case 'interrupted':
      return ExitCode.interrupted;
    case 'lab':
      return ExitCode.labFailed;
    case 'bug':
      return ExitCode.bug;
  }
}

/** For --help. */
export const EXIT_CODE_HELP = `
Exit codes:
  0    passed
  1    a bug in windtunnel
  2    usage
  99   a threshold failed, a comparison, or a lint
  104  invalid scenario
  105  interrupted (the report is still written)
  106  the lab could not start or go on, the MTA ended during the run, nobody took what was sent, or the report could
       not be written`;
