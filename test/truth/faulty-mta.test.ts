import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cleanup } from '../../src/core/cleanup.ts';
import { fly } from '../../src/lab/run.ts';
import { createRunFolder } from '../../src/lab/run-folder.ts';
import type { MtaAdapter } from '../../src/mta/adapter.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { workFolder } from '../support/cli.ts';
import { type Faults, type FaultyMta, startFaultyMta } from '../support/faulty-mta.ts';

/** The faulty MTA behind the adapter interface, as any MTA under test. */
function faultyAdapter(faults: Faults, started: (mta: FaultyMta) => void): MtaAdapter {
  return {
    name: 'faulty',
    capabilities: {
      queue: 'list',
      dsn: 'always',
      needs: 'any',
      submission: { tls: [], auth: [], authInClear: 'nobody' },
      noSeal: { works: true, reason: '' },
      timers: [],
    },
    version: () => Promise.resolve('faulty'),
    async start(plan) {
      const routes = plan.routes ?? {};
      const mta = await startFaultyMta({
        listen: { address: '127.0.0.1', port: 0 },
        route: (domain) => {
          const route = routes[domain];
          if (!route) throw new Error(`no route to ${domain}`);
          return route;
        },
        mailroom: routes['news.sender.test'] as { address: string; port: number },
        faults,
        retryMs: 100,
        attempts: 3,
        connections: 8,
      });
      started(mta);
      return {
        submission: [{ ...mta.submission, implicitTls: false }],
        exited: new Promise<string>(() => {}),
        queueDepth: () => Promise.resolve(mta.listQueue().length),
        listQueue: () => Promise.resolve(mta.listQueue()),
        stop: () => mta.stop(),
      };
    },
  };
}

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
  const adapter = faultyAdapter(faults, (started) => {
    mta = started;
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
