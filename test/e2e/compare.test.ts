import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GroupFile } from '../../src/lab/folder/group-folder.ts';
import type { Comparison } from '../../src/report/comparison/comparison.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';

/** A load whose pace is that of the ISP's answers, whatever the machine is busy with. */
function scenario(thresholds: string): string {
  return `name: paced
seed: 5
mta: { adapter: none }
isps:
  gmail:
    share: 100%
    limits: unlimited
    mailboxes: { unknown: 0, full: 0, disabled: 0 }
    latency: { dot: 200ms }
load: { vus: 6, duration: 2s }
thresholds:
  injection_service_time: ['med<1s', 'med<1.2*baseline']
  lost: ['count==0']
${thresholds}`;
}

/** The one group in a folder. */
function onlyGroup(out: string): string {
  const groups = readdirSync(out);
  assert.equal(groups.length, 1);
  return join(out, groups[0] as string);
}

test('the same build does not change, a slower one is worse: groups, their files, and a baseline for a run', async (t) => {
  const folder = workFolder(t);
  const file = scenarioFile(folder, scenario(''));
  const fly = async (
    name: string,
    argv: string[],
  ): Promise<{ code: number; stdout: string; group: string }> => {
    const out = join(folder, name);
    const { code, stdout, stderr } = await cli(['run', ...argv, '--no-seal', '--repeat', '3', '--out', out]);
    assert.match(stderr, /^run 2 of 3 {2}load /m);
    return { code, stdout, group: onlyGroup(out) };
  };

  const before = await fly('before', [file, '--baseline', 'none']);
  assert.equal(before.code, 0, before.stdout);
  assert.match(before.stdout, /✓ run 3 of 3 passed, \d+ delivered\n[\s\S]*✓ 3 OF 3 PASSED {2}paced\n/);
  assert.deepEqual(readdirSync(before.group).sort(), ['group.json', 'run-1', 'run-2', 'run-3']);
  const kept = JSON.parse(readFileSync(join(before.group, 'group.json'), 'utf8')) as GroupFile;
  for (const [index, summary] of kept.runs.entries()) {
    const own = readFileSync(join(before.group, `run-${index + 1}`, 'summary.json'), 'utf8');
    assert.deepEqual(summary, JSON.parse(own));
    assert.match(summary.run.id, new RegExp(`-paced/run-${index + 1}$`));
  }

  // A machine that is busy with other things may shift all runs of a group, so small changes are not looked at here.
  const again = await fly('again', [file, '--baseline', 'none']);
  const same = await cli(['compare', before.group, again.group, '--smallest', '20%']);
  assert.equal(same.code, 0, same.stdout);
  assert.match(same.stdout, /✓ NOT WORSE\n {4}No change in the 2 metrics that gate\.\n/);
  assert.match(same.stdout, /✓ lost count +0 +0 +0 +0 {2}no change\n/);

  // What only the newer scenario asks for is measured in the records of the older runs again.
  const asksMore = scenarioFile(folder, scenario("  injections{load:default}: ['count>1']\n"), 'more.yaml');
  const slow = ['--set', 'isps.gmail.latency.dot=400ms'];
  const slowed = await fly('slowed', [asksMore, ...slow, '--baseline', before.group]);
  assert.equal(slowed.code, 99, slowed.stdout);
  assert.match(
    slowed.stdout,
    /✗ run 1 of 3 failed, .*injection_service_time: med is .* asks \(limit 1\.2 × /,
  );
  assert.match(slowed.stdout, /✗ 0 OF 3 PASSED[\s\S]*✗ WORSE\n/);

  const gate = readFileSync(join(slowed.group, 'junit.xml'), 'utf8');
  assert.match(gate, /<failure type="worse" message="injection_service_time med is worse, [^"]* before, /);

  const worse = await cli(['compare', before.group, slowed.group, '--json']);
  assert.equal(worse.code, 99);
  const comparison = JSON.parse(worse.stdout) as Comparison;
  assert.equal(comparison.judgedBy, 'noise');
  assert.deepEqual(
    comparison.gates.map(({ metric, aggregation }) => `${metric} ${aggregation}`),
    ['injection_service_time med', 'lost count', 'injections{load:default} count'],
  );
  // How many were injected is noisy on a busy machine, and judged as such.
  assert.deepEqual(
    comparison.gates.slice(0, 2).map(({ verdict }) => verdict),
    ['worse', 'no change'],
  );
  assert.deepEqual(
    comparison.gates[2]?.baseline.values,
    kept.runs.map(({ totals }) => totals.injectedMessages),
  );

  // Of a file with summaries alone, that can't be known; and one run a side is not enough to judge noise.
  const alone = await cli([
    'compare',
    join(before.group, 'group.json'),
    join(slowed.group, 'run-1', 'summary.json'),
  ]);
  assert.equal(alone.code, 99);
  assert.match(alone.stdout, /not enough runs to judge noise/);
  assert.match(alone.stdout, /injections\{load:default\} count is not known of the baseline/);
  const markdown = await cli(['compare', before.group, slowed.group, '--markdown']);
  assert.equal(markdown.code, 99);
  assert.match(markdown.stdout, /^## ❌ Worse than the baseline\n/);

  // Its files are made again as they were, those of each run and the group's own.
  const files = ['group.json', 'run-1/summary.json', 'run-3/junit.xml'].map((name) =>
    join(before.group, name),
  );
  const texts = files.map((path) => readFileSync(path, 'utf8'));
  for (const path of files) rmSync(path);
  const reported = await cli(['report', before.group, '--attempts']);
  assert.equal(reported.code, 0, reported.stderr);
  assert.equal(reported.stdout.split('\ngroup: ')[0], before.stdout.split('\ngroup: ')[0]);
  assert.deepEqual(
    files.map((path) => readFileSync(path, 'utf8')),
    texts,
  );
  assert.ok(existsSync(join(before.group, 'run-2', 'attempts.ndjson.gz')));
  // One that fails makes the group fail.
  const failed = await cli(['report', slowed.group, '--json']);
  assert.equal(failed.code, 99);
  const group = readFileSync(join(slowed.group, 'group.json'), 'utf8');
  assert.deepEqual(JSON.parse(failed.stdout), JSON.parse(group));
});

test('Ctrl-C ends a group after the report of the run that goes on', async (t) => {
  const folder = workFolder(t);
  const file = scenarioFile(folder, 'mta: { adapter: none }\nload: { rate: 100/s, duration: 10m }\n');
  const out = join(folder, 'runs');
  let interrupted = false;
  const { code, stdout, stderr } = await cli(
    ['run', file, '--no-seal', '--repeat', '3', '--out', out],
    (text, interrupt) => {
      if (interrupted || !/^run 1 of 3 {2}load .* [1-9]\d* injected/m.test(text)) return;
      interrupted = true;
      interrupt();
    },
  );
  assert.equal(code, 105, stderr);
  assert.match(stdout, /✗ run 1 of 3 interrupted, \d+ delivered: Interrupted; [\s\S]*✗ 0 OF 1 PASSED/);
  const group = onlyGroup(out);
  assert.ok(!existsSync(join(group, 'run-2')));
  const { runs } = JSON.parse(readFileSync(join(group, 'group.json'), 'utf8')) as GroupFile;
  assert.deepEqual(
    runs.map(({ run }) => run.interrupted),
    [true],
  );

  // Had it been killed before it could say so, its folder would still tell.
  rmSync(join(group, 'group.json'));
  const again = await cli(['report', group]);
  assert.equal(again.code, 105, again.stderr);
  assert.match(again.stdout, /^ {2}✗ run 1 of 1 interrupted, [\s\S]*✗ 0 OF 1 PASSED/);
  const made = JSON.parse(readFileSync(join(group, 'group.json'), 'utf8')) as GroupFile;
  assert.deepEqual(made.runs, runs);
});
