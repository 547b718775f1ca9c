/** The MTA's own log in a run's folder, compared with what the ISPs saw. */
import { join } from 'node:path';
import { OwnLog, REPORT_OF } from '../../analysis/own-log.ts';
import { messageOf } from '../../core/errors.ts';
import type { MtaAdapter } from '../../mta/adapter.ts';
import type { Aggregate } from '../../record/aggregate.ts';
import type { ReportInput } from '../../report/input.ts';
import { ownLogSummary } from '../../report/own-log.ts';
import type { OwnLogSummary } from '../../report/summary.ts';
import type { Plan } from '../../scenario/plan.ts';
import { sourcesOn } from '../ground/network.ts';
import type { LabKind } from '../messages.ts';

/** What was read of a log. */
export interface ReadLog {
  /** null: there is nothing in it. */
  readonly summary: OwnLogSummary | null;
  /** Why it could not be read to its end; undefined: it could. */
  readonly trouble: string | undefined;
}

/**
 * Reads the log to its end, and compares. An MTA that was killed may lack its last lines, and a log that can't be read is no
 * reason to have no report.
 */
export async function readOwnLog(
  folder: string,
  plan: Plan,
  lab: LabKind,
  aggregate: Aggregate,
  adapter: Pick<MtaAdapter, 'events' | 'returned'> | undefined,
): Promise<ReadLog> {
  if (!adapter?.events) return { summary: null, trouble: undefined };
  const log = new OwnLog(aggregate.ledger, aggregate.model.loads, sourceNames(plan, lab));
  let trouble: string | undefined;
  try {
    for await (const event of adapter.events(join(folder, 'mta'))) log.take(event);
  } catch (error) {
    trouble = `The MTA's own log could not be read to its end: ${messageOf(error)}`;
  }
  const nothing = log.events + log.others + log.unreadable === 0;
  return {
    summary: nothing
      ? null
      : ownLogSummary(
          log,
          plan.isps.map(({ resolved }) => resolved.id),
          plan.feedback.to === 'mta'
            ? { sent: aggregate.sentReports, told: (adapter.returned ?? []).map((kind) => REPORT_OF[kind]) }
            : undefined,
        ),
    trouble,
  };
}

/** The input with a warning, if the log could not be read. */
export function withLog(input: ReportInput, { trouble }: ReadLog): ReportInput {
  return trouble === undefined ? input : { ...input, warnings: [...input.warnings, trouble] };
}

/** Numbers of sources by what a log may call them. */
function sourceNames(plan: Plan, lab: LabKind): Map<string, number[]> {
  const names = new Map<string, number[]>();
  for (const { index, address, vmta } of sourcesOn(lab, plan))
    for (const name of new Set([address, vmta].map((text) => text.toLowerCase())))
      names.set(name, [...(names.get(name) ?? []), index]);
  return names;
}
