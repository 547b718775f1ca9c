import { HarnessError } from '../core/errors.ts';
import { writeWhole } from '../lab/folder/whole-file.ts';
import type { Comparison } from '../report/comparison/comparison.ts';
import { renderComparisonJunit } from '../report/comparison/junit.ts';
import { ExitCode } from './exit-codes.ts';
import type { OutputStream } from './io.ts';

/**
 * Writes a comparison for CI servers, and returns the exit code. If it can't be written, that is told on stderr, and the
 * comparison does not pass.
 */
export function keepComparison(path: string, comparison: Comparison, err: OutputStream): number {
  const { exitCode } = comparison.verdict;
  try {
    writeWhole(path, renderComparisonJunit(comparison));
    return exitCode;
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    err.write(`${error.message}\n`);
    return exitCode === ExitCode.passed ? ExitCode.labFailed : exitCode;
  }
}
