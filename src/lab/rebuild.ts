import { readRecords } from '../record/recorder.ts';
import { buildReport, type Report } from '../report/build.ts';
import { gatherEvidence } from './evidence.ts';
import { modelOf } from './report-input.ts';
import { readRunFile, readSeen, writeReports } from './run-folder.ts';

/** What a report says of a run that was killed. */
export const UNFINISHED = 'The run did not come to its end; this is what was recorded until then.';

/**
 * Makes every report of a run again from its folder.
 * @throws HarnessError of kind `usage` if it is not a run's folder
 */
export function rebuildReports(folder: string): Report {
  const { plan, input } = readRunFile(folder);
  const { aggregate, notes } = readRecords(folder, modelOf(plan));
  const warnings = [...input.warnings, ...notes];
  if (!aggregate.marks.has('ended')) warnings.push(UNFINISHED);
  const found = { ...input, warnings, ...readSeen(folder) };
  const report = buildReport(aggregate, found, gatherEvidence(folder, plan, aggregate, found));
  writeReports(folder, report);
  return report;
}
