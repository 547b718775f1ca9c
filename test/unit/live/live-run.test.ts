import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { rebuildReports } from '../../../src/lab/folder/rebuild.ts';
import { modelOf, reportInput } from '../../../src/lab/folder/report-input.ts';
import { writeRunFile, writeTranscripts } from '../../../src/lab/folder/run-folder.ts';
import { LiveRun } from '../../../src/live/live-run.ts';
import { Recorder } from '../../../src/record/recorder.ts';
import type { Dialogue } from '../../../src/report/dialogue.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import type { Summary } from '../../../src/report/summary.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../src/scenario/plan.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

const scenario = `
mta: { adapter: none }
isps: { gmail: {} }
load: { rate: 10/s, duration: 20s }
thresholds:
  injections: ['rate>=5', 'count>=100']
  lost: ['count==0']
  unaccounted: ['count==0']
`;

interface Rig {
  readonly folder: string;
  readonly plan: Plan;
  readonly input: ReportInput;
  readonly recorder: Recorder;
  readonly live: LiveRun;
  /** What the page would be told. */
  summary(): Summary | undefined;
}

function rig(t: TestContext): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-live-'));
  const plan = planRun(parseScenario(scenario, 'live.yaml'));
  const startedAt = '2026-07-14T09:30:00.000Z';
  const request = { plan, folder, lab: 'loopback', scenarioText: scenario, startedAt } as const;
  const input = reportInput(
    { ...request, command: 'windtunnel run live.yaml', version: '0', warnings: [] },
    { adapter: 'haraka', version: '3', sources: [], config: [] },
    { queue: 'list', sendsDsn: true },
  );
  const recorder = new Recorder(folder, modelOf(plan));
  const live = new LiveRun(folder);
  t.after(() => {
    live.close();
    recorder.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, plan, input, recorder, live, summary: () => live.standing().report?.summary };
}

/** A message that was injected at a moment, and what an ISP said to it a millisecond later. */
function message(recorder: Recorder, number: number, at: number, outcome?: 'accepted' | 'rejected'): void {
  const { own } = recorder;
  own.injection({
    due: at,
    sentAfter: 10,
    doneAfter: 100,
    message: number,
    connection: 0,
    code: 250,
    recipients: 1,
    state: 'confirmed',
  });
  const attempt = {
    isp: 0,
    source: 0,
    message: number,
    slot: 0,
    connection: 0,
    reply: 0,
    stage: 'dot',
  } as const;
  if (outcome) own.attempt({ ...attempt, at: at + 1000, outcome });
}

const outcomes = ({ conservation }: Summary): string =>
  conservation
    .filter(({ count }) => count > 0)
    .map(({ outcome, count }) => `${count} ${outcome}`)
    .join(', ');

test('what the ISPs tell besides their records is shown as far as it was kept', (t) => {
  const { folder, plan, input, recorder, live, summary } = rig(t);
  writeRunFile(folder, { format: 1, plan, input });
  recorder.own.mark({ at: 0, name: 'load_started' });
  message(recorder, 0, 1e6, 'accepted');
  message(recorder, 1, 5e6);
  recorder.flush();
  live.advance();
  assert.deepEqual(
    summary()?.reputation.map(({ rates }) => rates),
    [[]],
  );
  assert.deepEqual(live.standing().report?.dialogues, []);

  const answers = [{ outcome: 'accepted', reply: 'ok' }];
  const dialogue: Dialogue = { isp: 'gmail', source: '198.18.128.1', at: 1, answers, lines: [] };
  writeTranscripts(folder, [dialogue]);
  const course = { slot: 1e6, recipients: [0, 200], complaints: [0, 1] };
  const domain = { of: 'domain', name: 'news.test', domain: 'news.test', days: [{ day: 0, ...course }] };
  const rates = [{ isp: 'gmail', limits: [{ rate: 0.003, mark: 'assumed' }], day: 60e6, rates: [domain] }];
  writeFileSync(join(folder, 'reputation.json'), JSON.stringify(rates));
  message(recorder, 2, 6e6, 'accepted');
  recorder.flush();
  assert.equal(live.advance(), true);
  assert.deepEqual(
    summary()?.reputation.map(({ rates }) => rates.map(({ name, rate }) => [name, rate])),
    [[['news.test', 0.005]]],
  );
  assert.equal(live.standing().report?.series.isps[0]?.spamRates.length, 1);
  assert.deepEqual(live.standing().report?.dialogues, [dialogue]);
});

test('a run from the first file in its folder to the last record', async (t) => {
  const { folder, plan, input, recorder, live, summary } = rig(t);
  assert.equal(live.advance(), false);
  assert.deepEqual([live.standing().stage, summary()], ['starting', undefined]);

  writeRunFile(folder, { format: 1, plan, input });
  assert.equal(live.advance(), true);
  assert.deepEqual([live.standing().stage, summary()], ['starting', undefined]);
  assert.equal(live.advance(), false);

  recorder.own.mark({ at: 0, name: 'load_started' });
  for (let n = 0; n < 40; n++)
    message(recorder, n, n * 1e5, n < 30 ? 'accepted' : n < 35 ? 'rejected' : undefined);
  recorder.flush();
  assert.equal(live.advance(), true);
  assert.equal(live.standing().stage, 'load');
  const first = summary() as Summary;
  assert.equal(first.run.running, true);
  // The last of the four seconds is left out, as it may not be over.
  assert.equal(first.run.durationSeconds, 3);
  assert.equal(live.standing().report?.series.t.length, 3);
  // Nobody is lost or unaccounted for who is under way.
  assert.equal(outcomes(first), '30 delivered, 10 pending');
  assert.equal(first.verdict.sentence, '3 of 4 thresholds hold as they stand. Nothing is final yet.');
  assert.deepEqual(
    first.thresholds.map(({ expression, passed }) => [expression, passed]),
    [
      ['rate>=5', true],
      ['count>=100', false],
      ['count==0', true],
      ['count==0', true],
    ],
  );
  assert.deepEqual(first.warnings, []);
  assert.equal(live.standing().isps.get(0)?.accepted, 30);
  assert.equal(live.standing().report, live.standing().report, 'built once');

  for (let n = 40; n < 100; n++) message(recorder, n, n * 1e5, 'accepted');
  recorder.own.mark({ at: 10e6, name: 'load_ended' });
  recorder.own.sample({ at: 11.5e6, name: 'queue_depth', value: 10 });
  recorder.flush();
  assert.equal(live.advance(), true);
  const drain = summary() as Summary;
  assert.equal(live.standing().stage, 'drain');
  assert.equal(drain.totals.injectedPerSecond, 10);
  assert.equal(drain.verdict.sentence, '4 of 4 thresholds hold as they stand. Nothing is final yet.');
  assert.deepEqual(live.standing().report?.series.queueAge.at(-1), 7.5);

  recorder.own.mark({ at: 12e6, name: 'queue_listed' });
  recorder.own.mark({ at: 12e6, name: 'ended' });
  recorder.flush();
  live.advance();
  assert.equal(live.standing().stage, 'report');
  writeRunFile(folder, { format: 1, plan, input: { ...input, mtaDied: 'exit code 1' } });
  const rebuilt = await rebuildReports(folder);
  const end = live.end(rebuilt.summary);
  assert.equal(end.summary.run.running, undefined);
  assert.equal(outcomes(end.summary), '90 delivered, 5 bounced, 5 lost');
  assert.equal(end.summary.verdict.sentence, 'The MTA ended during the run: exit code 1');
  assert.equal(end.summary, rebuilt.summary);
  assert.deepEqual(end.series, rebuilt.series);
});

test('a run that broke off ends with what was recorded, and says what is torn', async (t) => {
  const { folder, plan, input, recorder, live } = rig(t);
  writeRunFile(folder, { format: 1, plan, input });
  recorder.own.mark({ at: 0, name: 'load_started' });
  message(recorder, 0, 0, 'accepted');
  recorder.close();
  writeFileSync(join(folder, 'attempts.bin'), 'torn', { flag: 'a' });
  const { summary, series } = live.end((await rebuildReports(folder)).summary);
  assert.equal(summary.totals.delivered, 1);
  assert.deepEqual(series.injected, [1]);
  assert.match(summary.warnings.join('\n'), /attempts\.bin is torn at byte \d+ of \d+/);
  assert.match(summary.warnings.join('\n'), /The run did not come to its end/);
});

test('a run that ended before it was planned out has no report', (t) => {
  const { live } = rig(t);
  assert.throws(
    () => live.end(summaryFixture().summary),
    (error) => error instanceof HarnessError && error.kind === 'usage',
  );
});
