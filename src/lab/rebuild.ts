import { HarnessError } from '../core/errors.ts';
import { readRecords } from '../record/recorder.ts';
import { buildReport } from '../report/build.ts';
import type { LabEnd } from '../report/input.ts';
import { gatherEvidence } from './evidence.ts';
import { modelOf } from './report-input.ts';
import type { FlownReport } from './run.ts';
import { hasRunFile, readRunFile, readSeen, removeParts, writeReports, writeRunFile } from './run-folder.ts';

/** What a report says of a run that was killed. */
export const UNFINISHED = 'The run did not come to its end; this is what was recorded until then.';

/**
 * Makes every report of a run again from its folder.
 * @throws HarnessError of kind `usage` if it is not a run's folder
 */
export function rebuildReports(folder: string): FlownReport {
  const { plan, input } = readRunFile(folder);
  const { aggregate, notes } = readRecords(folder, modelOf(plan));
  const warnings = [...input.warnings, ...notes];
  if (!aggregate.marks.has('ended')) warnings.push(UNFINISHED);
  const seen = { ...input, warnings, ...readSeen(folder) };
  const { evidence, unwritten } = gatherEvidence(folder, plan, aggregate, seen);
  const report = buildReport(aggregate, seen, evidence);
  return { ...report, unwritten: [...unwritten, ...writeReports(folder, report)] };
}

/**
 * Reports what was recorded of a run whose lab has ended before the run did, and keeps in the folder why that was.
 * @returns undefined if it ended before there was anything to report
 */
export function salvage(folder: string, labEnded: LabEnd): FlownReport | undefined {
  if (!hasRunFile(folder)) return undefined;
  removeParts(folder);
  const file = readRunFile(folder);
  const unwritten: string[] = [];
  try {
    writeRunFile(folder, { ...file, input: { ...file.input, labEnded } });
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    unwritten.push(error.message);
  }
  const report = rebuildReports(folder);
  return { ...report, unwritten: [...unwritten, ...report.unwritten] };
}
