/** Faults of a real MTA: what it cost is what its own queue and the records of injections and attempts say. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OUTCOMES } from '../../src/analysis/conservation.ts';
import { messageOfSender } from '../../src/core/identity.ts';
import { isRoot, runCommand } from '../../src/core/process.ts';
import type { QueuedRecipient } from '../../src/mta/adapter.ts';
import { listQueue as listExim } from '../../src/mta/exim/queue.ts';
import { listQueue as listHaraka } from '../../src/mta/haraka/queue.ts';
import { installation } from '../../src/mta/postfix/installation.ts';
import { recipientsListed } from '../../src/mta/postfix/queue.ts';
import { adapterNamed } from '../../src/mta/registry.ts';
import { ATTEMPT_OUTCOMES, INJECTION_STATES, Kind, MARKS } from '../../src/record/attempt-log.ts';
import type { FaultSummary, Summary } from '../../src/report/summary.ts';
import { cli, eachRecord, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { startFlight } from '../support/flight.ts';
import { sealHere } from '../support/seal-ground.ts';
import { lacking } from '../support/skip.ts';

/** Gmail takes less than comes, so that the queue is long in the fault and at the end. */
const crash = `
seed: 21
clock: { scale: 60 }
mta: { adapter: haraka, retry: [2m] }
isps:
  gmail: { share: 50%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: { ip-rate: 3/s@real }, penalties: off, reputation: off }
  yahoo: { share: 50%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited, penalties: off, reputation: off }
load: { executor: shared-iterations, vus: 8, iterations: 400, pause: 100ms, maxDuration: 2m }
faults: [{ at: 2s, kill: SIGKILL, restart: 1s }]
drain: { timeout: 3s }
`;

/** What a run's files say of its messages, each of which has one recipient. */
async function seen(folder: string) {
  /** When the driver read the 250. */
  const confirmed = new Map<number, number>();
  const accepted = new Map<number, number[]>();
  /** When the mailroom got a DSN. */
  const reported = new Map<number, number>();
  const marks = new Map<string, number>();
  eachRecord(join(folder, 'injections.bin'), (view) => {
    if (view.kind === Kind.injection && INJECTION_STATES[view.outcome] === 'confirmed')
      confirmed.set(view.message, view.at + view.doneAfter);
  });
  eachRecord(join(folder, 'attempts.bin'), (view) => {
    if (view.kind === Kind.dsn) reported.set(view.message, view.at);
    if (view.kind === Kind.mark) marks.set(MARKS[view.outcome] as string, view.at);
    if (view.kind === Kind.attempt && ATTEMPT_OUTCOMES[view.outcome] === 'accepted')
      accepted.set(
        view.message,
        [...(accepted.get(view.message) ?? []), view.at].sort((a, b) => a - b),
      );
  });
  return { confirmed, accepted, reported, marks };
}

/** What each MTA itself lists, when the run is over and it is down. `loses` false: not one may be lost. */
const queues: Readonly<
  Record<string, { readonly loses: boolean; list(mta: string): Promise<readonly QueuedRecipient[]> }>
> = {
  haraka: { loses: true, list: (mta) => listHaraka(join(mta, 'queue')) },
  postfix: { loses: false, list: listPostfix },
  exim: { loses: true, list: (mta) => listExim(join(mta, 'queue')) },
};

async function listPostfix(mta: string): Promise<readonly QueuedRecipient[]> {
  const { commandDirectory, libraryPath } = await installation();
  const argv = [join(commandDirectory, 'postqueue'), '-c', join(mta, 'config'), '-j'];
  const libraries = libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath };
  const { code, stdout, stderr } = await runCommand(argv, { env: { ...process.env, ...libraries } });
  assert.equal(code, 0, stderr);
  return recipientsListed(stdout);
}

/** True where an MTA can be flown; else the test is skipped, or fails in CI. */
async function mtaHere(t: TestContext, name: string): Promise<boolean> {
  const adapter = adapterNamed(name);
  if (adapter?.program?.() === undefined) lacking(t, `${name} (not found)`);
  else if (adapter.capabilities.needs === 'root' && !isRoot())
    lacking(t, `root, since ${name} switches users`);
  else return sealHere(t);
  return false;
}

for (const [name, { loses, list }] of Object.entries(queues)) {
  test(`kill -9 in full flow: what the crash cost is what the queue of ${name} says`, async (t) => {
    if (!(await mtaHere(t, name))) return;
    const folder = workFolder(t);
    const out = join(folder, 'runs');
    const { code, stdout, stderr } = await cli([
      'run',
      scenarioFile(folder, crash),
      '--mta',
      name,
      '--out',
      out,
    ]);
    assert.equal(code, 0, stdout + stderr);
    const { folder: run, summary } = onlyRun(out);
    const { confirmed, accepted, reported, marks } = await seen(run);
    const listed = new Set((await list(join(run, 'mta'))).map(({ sender }) => messageOfSender(sender)));
    const [killed, started] = ['fault_began', 'mta_starting'].map((name) => marks.get(name) as number);
    assert.ok(killed !== undefined && started !== undefined);

    const fates = { delivered: 0, bounced: 0, pending: 0, lost: 0 };
    const expected = { atRisk: 0, meanwhile: 0, delayed: 0, duplicated: 0, bounced: 0, pending: 0, lost: 0 };
    for (const [message, at] of confirmed) {
      const deliveries = accepted.get(message) ?? [];
      const [first] = deliveries;
      const last = deliveries.at(-1);
      if (first !== undefined && last !== undefined) {
        fates.delivered++;
        if (first < started && last >= started) expected.duplicated++;
        if (at > started || first <= killed) continue;
        expected.atRisk++;
        expected[first < started ? 'meanwhile' : 'delayed']++;
        continue;
      }
      const fate = reported.has(message) ? 'bounced' : listed.has(message) ? 'pending' : 'lost';
      fates[fate]++;
      if (at > started || (reported.get(message) ?? started) <= killed) continue;
      expected.atRisk++;
      expected[fate]++;
    }
    const fault = summary.faults[0] as FaultSummary;
    const { atRisk, meanwhile, delayed, duplicated, bounced, pending, lost } = fault;
    assert.deepEqual({ atRisk, meanwhile, delayed, duplicated, bounced, pending, lost }, expected);
    const all: Record<string, number> = { ...fates, expired: 0, unaccounted: 0 };
    assert.deepEqual(
      summary.conservation.map(({ outcome, count }) => [outcome, count]),
      OUTCOMES.map((outcome) => [outcome, all[outcome]]),
    );
    if (!loses) assert.equal(fates.lost, 0);
    // There was something to lose, and mail went on afterwards.
    assert.ok(atRisk > 10 && delayed > 0 && pending > 0, JSON.stringify(fault));
    assert.ok([...confirmed.values()].some((at) => at > (marks.get('fault_ended') as number)));
    assert.match(stdout, /^ {2}faults +at risk {2}lost {2}doubled/m);
    assert.match(stdout, /^ {4}1: SIGKILL at [\d.]+ s +\d+/m);
    // The report made again says the same.
    const again = JSON.parse((await cli(['report', run, '--json'])).stdout) as Summary;
    assert.deepEqual(again.faults, summary.faults);
  });
}

const full = (length: string): string => `
mta: { adapter: haraka, queueDisk: 4MB }
isps: { yahoo: { share: 100%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited } }
load: { rate: 30/s, duration: 5s }
faults: [{ at: 2s, for: ${length}, disk: full }]
drain: { timeout: 5s }
`;

for (const [what, length] of [
  ['is full for a while', '1s'],
  ['fills and stays full', '1m'],
] as const) {
  test(`a disk that ${what} under the queue`, async (t) => {
    if (!(await sealHere(t))) return;
    const folder = workFolder(t);
    const flight = startFlight(t, scenarioFile(folder, full(length)), join(folder, 'runs'), []);
    assert.equal(await flight.ended, 0, flight.stdout() + flight.stderr());
    await flight.untilGone();
    const run = flight.folder() as string;
    assert.match(readFileSync(join(run, 'mta', 'haraka.log'), 'utf8'), /ENOSPC: no space left on device/);
    const summary = JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')) as Summary;
    const fault = summary.faults[0] as FaultSummary;
    const { injectedMessages, refusedInjections, droppedIterations } = summary.totals;
    // Nothing was refused but for want of room.
    assert.ok(fault.refused > 0);
    assert.equal(refusedInjections, fault.refused);
    // A busy machine has no connection free for some.
    assert.equal(injectedMessages + refusedInjections + droppedIterations, 150);
    if (length === '1m') assert.equal(fault.to, null);
    else assert.ok(injectedMessages > 60 && (fault.to as number) >= 3, `${injectedMessages}, ${fault.to}`);
  });
}

test('no lookup works for a while: the mail waits, and is delivered afterwards', async (t) => {
  if (!(await sealHere(t))) return;
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const scenario = `
clock: { scale: 60 }
mta: { adapter: haraka, retry: [1m] }
isps: { yahoo: { share: 100%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited } }
load: { rate: 20/s, duration: 4s }
faults: [{ at: 1s, for: 2s, dns: servfail }]
drain: { timeout: 20s }
thresholds: { lost: ['count==0'], bounced: ['count==0'], pending: ['count==0'] }
`;
  const { code, stdout } = await cli(['run', scenarioFile(folder, scenario), '--out', out]);
  assert.equal(code, 0, stdout);
  const { folder: run, summary } = onlyRun(out);
  const asked = readFileSync(join(run, 'dns.log'), 'utf8').split('\n');
  assert.ok(asked.some((line) => /MX .* SERVFAIL$/.test(line)));
  assert.match(asked.filter((line) => / MX /.test(line)).at(-1) ?? '', /NOERROR$/);
  const { to, label } = summary.faults[0] as FaultSummary;
  assert.deepEqual([(to ?? 0) >= 3, label], [true, 'DNS: servfail']);
});

test('an MTA that does not come back: exit code 106, its last words, and the report of what was recorded', async (t) => {
  const folder = workFolder(t);
  const scenario = `
isps: { yahoo: { share: 100%, limits: unlimited } }
load: { rate: 20/s, duration: 10m }
faults: [{ at: 1s, kill: SIGKILL, restart: 1500ms }]
`;
  const flight = startFlight(t, scenarioFile(folder, scenario), join(folder, 'runs'), ['--no-seal']);
  await flight.untilMailFlows();
  await flight.until('the MTA was killed', () => !flight.runs(/haraka/i));
  // As after an upgrade that went wrong.
  const run = flight.folder() as string;
  writeFileSync(join(run, 'mta', 'config', 'plugins'), 'no-such-plugin\n');
  writeFileSync(join(run, 'mta', 'config', 'plugins'), '((\n', { flag: 'a' });
  assert.equal(await flight.ended, 106, flight.stdout() + flight.stderr());
  await flight.untilGone();
  assert.match(flight.stdout(), /The MTA ended during the run: it could not be started again: Haraka /);
  assert.match(flight.stdout(), /^ {2}the last lines of the MTA's log\n(.*\n)* .*no-such-plugin/m);
  const summary = JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')) as Summary;
  const [fault] = summary.faults;
  assert.deepEqual([fault?.to, fault?.restartSeconds], [null, null]);
  assert.ok((summary.mta.lastLines ?? []).some((line) => line.includes('no-such-plugin')));
  assert.ok(summary.totals.injectedMessages > 0);
});
