import { HarnessError } from '../../core/errors.ts';
import { adapterNamed } from '../../mta/registry.ts';
import { readRecords } from '../../record/recorder.ts';
import type { LabEnd } from '../../report/input.ts';
import { modelOf } from './report-input.ts';
import { reportSeen } from './report-seen.ts';
import {
  type FlownReport,
  hasRunFile,
  readRunFile,
  readSeen,
  removeParts,
  writeRunFile,
} from './run-folder.ts';

/** What a report says of a run that was killed. */
export const UNFINISHED = 'The run did not come to its end; this is what was recorded until then.';

/**
 * Makes every report of a run again from its folder.
 * @param adapterOf finds the MTA that wrote the log in the folder
 * @throws HarnessError of kind `usage` if it is not a run's folder
 */
export async function rebuildReports(folder: string, adapterOf = adapterNamed): Promise<FlownReport> {
  const { plan, input } = readRunFile(folder);
  const { aggregate, notes } = readRecords(folder, modelOf(plan));
  const warnings = [...input.warnings, ...notes];
  if (!aggregate.marks.has('ended')) warnings.push(UNFINISHED);
  const seen = { ...input, warnings, ...readSeen(folder) };
  return reportSeen(folder, plan, seen, aggregate, adapterOf(plan.adapter));
}

/**
 * Reports what was recorded of a run whose lab has ended before the run did, and keeps in the folder why that was.
 * @returns undefined if it ended before there was anything to report
 */
export async function salvage(folder: string, labEnded: LabEnd): Promise<FlownReport | undefined> {
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
  const report = await rebuildReports(folder);
  return { ...report, unwritten: [...unwritten, ...report.unwritten] };
}
