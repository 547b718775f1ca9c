import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import { flyHere } from '../support/fly-here.ts';

test('a threshold with abortOnFail ends the run early: exit code 99, and a report that says so, also when made again', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const file = scenarioFile(
    folder,
    `
mta: { adapter: none }
isps: { gmail: { limits: { ip-rate: 5/s } } }
load: { rate: 100/s, duration: 10m }
thresholds:
  wasted_attempts: [{ threshold: 'rate<20%', abortOnFail: true, delayAbortEval: 1500ms }]
  delivered: ['count>0']
`,
  );
  const run = await cli(['run', file, '--no-seal', '--out', out]);
  assert.equal(run.code, 99, run.stdout + run.stderr);
  const { folder: runFolder, summary } = onlyRun(out);
  const { sentence } = summary.verdict;
  assert.match(
    sentence,
    /^Aborted after .* s: wasted_attempts: rate is \d.* points above what rate<20% asks \(limit 20 %\)$/,
  );
  assert.equal(summary.run.interrupted, false);
  // It ended in the midst of its load, and what it had begun is accounted for.
  assert.ok(summary.totals.transactions < 60_000);
  assert.deepEqual(
    summary.conservation.filter(({ count }) => count > 0).map(({ outcome }) => outcome),
    ['delivered'],
  );
  assert.equal(summary.totals.unconfirmedInjections, 0);
  const html = readFileSync(join(runFolder, 'report.html'), 'utf8');
  assert.ok(html.includes('Aborted after '));
  assert.match(run.stdout, /FAILED .*\n +Aborted after/);

  const again = await cli(['report', runFolder, '--json']);
  assert.equal(again.code, 99);
  assert.deepEqual(JSON.parse(again.stdout), summary);
});

test('a threshold that fails while the queue drains ends the run without waiting for it', async (t) => {
  const text = `
isps: { gmail: { limits: unlimited } }
load: { rate: 20/s, duration: 1s }
drain: { timeout: 10m }
thresholds:
  queue_depth: { threshold: 'max<1', abortOnFail: true, delayAbortEval: 1500ms }
`;
  // Its queue never empties, as far as it says.
  const adapter = faultyAdapter({ queueDepth: () => 7 });
  const { summary } = await flyHere(t, text, adapter);
  assert.equal(summary.verdict.exitCode, 99);
  assert.match(
    summary.verdict.sentence,
    /^Aborted after .*: queue_depth: max is 7, 6 \(600 %\) above what max<1 asks \(limit 1\)$/,
  );
  assert.deepEqual(
    summary.warnings.filter((warning) => /drain/.test(warning)),
    [],
  );
});

test('limits relative to a baseline stop a run before it starts, if no baseline is named; check prints them', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const file = scenarioFile(
    folder,
    'load: { rate: 5/s, duration: 1s }\nthresholds: { delivered: rate>=0.95*baseline }\n',
  );
  const run = await cli(['run', file, '--no-seal', '--out', out]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /is relative to a baseline, and none is named\nhint: .*--baseline FOLDER/);
  assert.throws(() => onlyRun(out));
  const check = await cli(['check', file]);
  assert.equal(check.code, 0);
  assert.match(
    check.stdout,
    /^ {2}threshold +delivered rate>=0\.95\*baseline; relative to the runs that --baseline names$/m,
  );
});
