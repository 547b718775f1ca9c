/** What a report is made of, for a scenario that is planned and not flown. */
import type { Baseline } from '../../src/gate/baseline.ts';
import { reportInput } from '../../src/lab/folder/report-input.ts';
import type { ReportInput } from '../../src/report/input.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { type Plan, planRun } from '../../src/scenario/plan.ts';

/** Plans a scenario's text, and says what its report would be told. With an MTA its queue can be listed and it sends DSNs. */
export function plannedInput(
  text: string,
  baseline?: Baseline,
): { readonly plan: Plan; readonly input: ReportInput } {
  const plan = planRun(parseScenario(text, 's.yaml'));
  const input = reportInput(
    {
      plan,
      folder: 'run',
      lab: 'loopback',
      scenarioText: text,
      command: '',
      version: '0',
      startedAt: '2026-01-01T00:00:00Z',
      warnings: [],
      ...(baseline && { baseline }),
    },
    { adapter: plan.adapter, version: '', sources: [], config: [] },
    { queue: 'list', sendsDsn: plan.adapter !== 'none' },
  );
  return { plan, input };
}
