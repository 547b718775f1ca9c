import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Cleanup } from '../../src/core/cleanup.ts';
import { createRunFolder } from '../../src/lab/folder/run-folder.ts';
import { fly } from '../../src/lab/run.ts';
import type { MtaAdapter } from '../../src/mta/adapter.ts';
import type { Summary } from '../../src/report/summary.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { workFolder } from './cli.ts';

/** Flies a scenario on loopback with an MTA of the test's own, in this process, without the command line. */
export async function flyHere(
  t: TestContext,
  scenario: string,
  adapter: MtaAdapter,
): Promise<{ summary: Summary; folder: string }> {
  const plan = planRun(parseScenario(scenario, 'test.yaml'));
  const startedAt = new Date();
  const folder = createRunFolder(join(workFolder(t), 'runs'), plan.name, startedAt);
  const { summary } = await fly(
    {
      plan,
      folder,
      lab: 'loopback',
      scenarioText: scenario,
      command: '',
      version: '0',
      startedAt: startedAt.toISOString(),
      warnings: [],
    },
    { progress: () => {}, stopRequest: () => 'none' },
    new Cleanup(),
    adapter,
  );
  return { summary, folder };
}
