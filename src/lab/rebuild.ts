import { readRecords } from '../record/recorder.ts';
import { buildReport, type Report } from '../report/build.ts';
import { gatherEvidence } from './evidence.ts';
import { modelOf } from './report-input.ts';
import { readRunFile, readSeen, writeReports } from './run-folder.ts';

/**
 * Makes every report of a run again from its folder.
 * @throws HarnessError of kind `usage` if it is not a run's folder
 */
export function rebuildReports(folder: string): Report {
  const { plan, input } = readRunFile(folder);
  const { aggregate, notes } = readRecords(folder, modelOf(plan));
  const warnings = [...input.warnings, ...notes];
  if (!aggregate.marks.has('ended'))
    warnings.push('The run did not come to its end; this is what was recorded until then.');
  const found = { ...input, warnings, ...readSeen(folder) };
  const report = buildReport(aggregate, found, gatherEvidence(folder, plan, aggregate, found));
  writeReports(folder, report);
  return report;
}
