/** What a crash cost an MTA, counted exactly: the MTA is told how much to forget and to repeat, and says what it held. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageOfSender } from '../../src/core/identity.ts';
import { rebuildReports } from '../../src/lab/folder/rebuild.ts';
import type { QueuedRecipient } from '../../src/mta/adapter.ts';
import { INJECTION_STATES, Kind } from '../../src/record/attempt-log.ts';
import type { FaultSummary, Summary } from '../../src/report/summary.ts';
import { eachRecord } from '../support/cli.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import type { FaultyMta } from '../support/faulty-mta.ts';
import { flyHere } from '../support/fly-here.ts';

/** The MTA takes mail faster than it delivers, so that it always has some to lose. */
const scenario = (fault: string, load: string): string => `
seed: 5
isps: { yahoo: { share: 100%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited } }
load: { ${load} }
faults: [${fault}]
drain: { timeout: 30s }
thresholds: { lost: ['count==0'], duplicated: ['count==0'], crash_duplicated: ['count==0'] }
`;

interface Crash {
  readonly summary: Summary;
  readonly fault: FaultSummary;
  readonly folder: string;
  readonly mta: FaultyMta;
  /** Recipients in the queue when it crashed, of messages that the driver knows to be taken. */
  readonly held: number;
  readonly count: (metric: string) => number;
}

async function crash(
  t: Parameters<typeof flyHere>[0],
  amnesia: { readonly forgets: number; readonly repeats: number },
  // It ends when all has been handed over, however long the machine takes for it.
  load = 'executor: shared-iterations, vus: 8, iterations: 400, pause: 60ms, maxDuration: 2m',
  // Long enough for what was under way to ISPs to come to its end.
  fault = '{ at: 2s, kill: SIGKILL, restart: 2s }',
): Promise<Crash> {
  let mta: FaultyMta | undefined;
  let queue: readonly QueuedRecipient[] = [];
  const adapter = faultyAdapter({
    amnesia,
    connections: 2,
    restMs: 30,
    started: (running) => {
      mta = running;
    },
    crashed: (held) => {
      queue = held;
    },
  });
  const { summary, folder } = await flyHere(t, scenario(fault, load), adapter);
  const confirmed = new Set<number>();
  eachRecord(join(folder, 'injections.bin'), (view) => {
    if (view.kind === Kind.injection && INJECTION_STATES[view.outcome] === 'confirmed')
      confirmed.add(view.message);
  });
  const held = queue.filter(({ sender }) => confirmed.has(messageOfSender(sender) ?? -1)).length;
  const count = (metric: string): number => (summary.metrics[metric] as { count: number }).count;
  const [only] = summary.faults;
  assert.ok(only && mta);
  return { summary, fault: only, folder, mta, held, count };
}

for (const [forgets, repeats] of [
  [0, 0],
  [7, 0],
  [0, 5],
  [11, 9],
] as const) {
  test(`a crash after which an MTA has forgotten ${forgets} recipients and repeats ${repeats}`, async (t) => {
    const { summary, fault, folder, mta, held, count } = await crash(t, { forgets, repeats });
    assert.equal(mta.misdeeds.lost.length, forgets);
    assert.equal(mta.misdeeds.repeated.length, repeats);
    assert.deepEqual(
      [fault.lost, fault.duplicated, fault.delayed, fault.pending],
      [forgets, repeats, held - forgets, 0],
    );
    // All that it did wrong, it did in the crash.
    assert.deepEqual(['lost', 'crash_duplicated', 'duplicated'].map(count), [forgets, repeats, 0]);
    const { meanwhile, delayed, pending, bounced, expired, lost, unaccounted } = fault;
    assert.equal(meanwhile + delayed + pending + bounced + expired + lost + unaccounted, fault.atRisk);
    assert.ok(held > forgets, `${held} held`);
    assert.equal(summary.verdict.exitCode, forgets + repeats > 0 ? 99 : 0);
    // The driver went on when the MTA was back; what it could not hand over meanwhile came late.
    const { injectedMessages, refusedInjections, unconfirmedInjections, droppedIterations } = summary.totals;
    assert.equal(injectedMessages + refusedInjections + unconfirmedInjections + droppedIterations, 400);
    assert.equal(droppedIterations, 0);
    assert.equal(fault.refused + fault.unconfirmed, refusedInjections + unconfirmedInjections);
    assert.ok(fault.restartSeconds !== null && fault.to !== null && fault.to > fault.from);
    assert.deepEqual((await rebuildReports(folder)).summary.faults, summary.faults);
  });
}

test('an MTA that is killed for good: the run comes to its end, and what it held is pending', async (t) => {
  const { summary, fault, held } = await crash(
    t,
    { forgets: 0, repeats: 0 },
    'rate: 100/s, duration: 4s, connections: 8',
    '{ at: 2s, kill: SIGKILL }',
  );
  const { atRisk, pending, meanwhile, lost, to, restartSeconds, dropped } = fault;
  assert.deepEqual([to, restartSeconds, lost, pending], [null, null, 0, held]);
  assert.equal(atRisk, pending + meanwhile);
  assert.ok(dropped > 0);
  assert.equal(summary.totals.droppedIterations, dropped);
  assert.equal(summary.verdict.exitCode, 0);
  assert.equal(summary.mta.lastLines, undefined);
});
