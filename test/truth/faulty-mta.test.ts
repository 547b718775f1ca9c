import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cleanup } from '../../src/core/cleanup.ts';
import { fly } from '../../src/lab/run.ts';
import { createRunFolder } from '../../src/lab/run-folder.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { workFolder } from '../support/cli.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import type { Faults, FaultyMta } from '../support/faulty-mta.ts';

const scenario = `
seed: 11
isps:
  gmail:
    share: 50%
    mailboxes: { unknown: 10%, full: 0% }
    limits: { ip-rate: 10000/s, domain-rate: 10000/s }
  yahoo: { share: 50%, mailboxes: { unknown: 10%, full: 0% }, limits: { ip-rate: 10000/s } }
load: { rate: 200/s, duration: 5s, connections: 8 }
drain: { timeout: 20s }
thresholds:
  lost: ['count==0']
  duplicated: ['count==0']
  missing_dsn: ['count==0']
`;

test('an MTA that drops, doubles and hides 1 in 100: exactly those are reported', async (t) => {
  const plan = planRun(parseScenario(scenario, 'faulty.yaml'));
  const folder = createRunFolder(join(workFolder(t), 'runs'), plan.name, new Date());
  let mta: FaultyMta | undefined;
  // Different messages for each misdeed, so that none hides another.
  const faults: Faults = {
    drop: (message) => message % 100 === 13,
    duplicate: (message) => message % 100 === 57,
    forgetDsn: (message) => message % 5 === 2,
  };
  const adapter = faultyAdapter({
    faults,
    started: (running) => {
      mta = running;
    },
  });
  const request = {
    plan,
    folder,
    lab: 'loopback',
    scenarioText: scenario,
    command: '',
    version: '0',
    startedAt: new Date().toISOString(),
    warnings: [],
  } as const;
  const { summary } = await fly(
    request,
    { progress: () => {}, stopRequest: () => 'none' },
    new Cleanup(),
    adapter,
  );

  const { dropped, duplicated, forgotten } = (mta as FaultyMta).misdeeds;
  const count = (metric: string): number => (summary.metrics[metric] as { count: number }).count;
  const { injectedMessages, droppedIterations } = summary.totals;
  // On a machine that is busy with other things the load may end before all of it has begun.
  assert.equal(injectedMessages + droppedIterations, 1000);
  assert.deepEqual(
    [count('lost'), count('duplicated'), count('missing_dsn')],
    [dropped, duplicated, forgotten],
  );
  // The counts are not zero by accident.
  assert.ok(
    dropped >= 5 && duplicated >= 5 && forgotten >= 5,
    `${duplicated} duplicated, ${forgotten} forgotten`,
  );
  // Every recipient has one outcome, and they add up.
  const outcomes = summary.conservation.reduce((sum, o) => sum + o.count, 0);
  assert.equal(outcomes, injectedMessages);
  assert.equal(summary.totals.injectedRecipients, injectedMessages);
  assert.deepEqual(
    [summary.verdict.exitCode, summary.thresholds.map((x) => x.passed)],
    [99, [false, false, false]],
  );
  assert.match(
    summary.thresholds[0]?.sentence ?? '',
    new RegExp(`^lost: count is ${dropped}, ${dropped} above what count==0 asks`),
  );
});
