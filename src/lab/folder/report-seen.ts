import type { MtaAdapter } from '../../mta/adapter.ts';
import type { Aggregate } from '../../record/aggregate.ts';
import { buildReport } from '../../report/build.ts';
import type { ReportInput } from '../../report/input.ts';
import type { Plan } from '../../scenario/plan.ts';
import { gatherEvidence } from './evidence.ts';
import { readOwnLog, withLog } from './own-log.ts';
import { type FlownReport, writeReports } from './run-folder.ts';

/**
 * Writes every report of a run from what was recorded, what the ISPs saw besides, and the MTA's own log.
 * @param seen what else the report says, with what lies in the folder of it
 * @param adapter finds its way in the MTA's log
 */
export async function reportSeen(
  folder: string,
  plan: Plan,
  seen: ReportInput,
  aggregate: Aggregate,
  adapter: MtaAdapter | undefined,
): Promise<FlownReport> {
  const { evidence, unwritten } = gatherEvidence(folder, plan, aggregate, seen);
  const ownLog = await readOwnLog(folder, plan, seen.run.lab, aggregate, adapter);
  const report = buildReport(aggregate, withLog(seen, ownLog), evidence, ownLog.summary);
  return { ...report, unwritten: [...unwritten, ...writeReports(folder, report)] };
}
