import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { emptyIn, readBaseline } from '../../../../src/lab/folder/baseline-runs.ts';
import { compareGroup, comparePaths, readRuns } from '../../../../src/lab/folder/compared-runs.ts';
import { createRunOfGroup, runId, writeGroup } from '../../../../src/lab/folder/group-folder.ts';
import { UNFINISHED } from '../../../../src/lab/folder/rebuild.ts';
import type { ComparedRun } from '../../../../src/report/comparison/comparison.ts';
import { thresholdsOf } from '../../../../src/report/comparison/quantities.ts';
import { workFolder } from '../../../support/cli.ts';
import { comparedRun, runsWith } from '../../../support/compared-runs.ts';

function keep(folder: string, { summary }: ComparedRun): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(summary));
  return folder;
}

function keepGroup(folder: string, runs: readonly ComparedRun[]): string {
  runs.forEach((run, index) => {
    keep(createRunOfGroup(folder, index + 1), run);
  });
  writeGroup(
    folder,
    runs.map(({ summary }) => summary),
  );
  return folder;
}

test('what names runs: their folder, that of a group, or what was kept of them', (t) => {
  const folder = workFolder(t);
  const values = Array.from({ length: 11 }, (_, i) => i);
  const run = keep(join(folder, 'run'), comparedRun());
  const group = keepGroup(join(folder, 'group'), runsWith('lost count==0', values));
  const rows: [string, string[]][] = [
    [run, [run]],
    [join(run, 'summary.json'), [join(run, 'summary.json')]],
    // In the order in which they were flown, not in that of the alphabet.
    [group, values.map((i) => join(group, `run-${i + 1}`))],
    [join(group, 'group.json'), values.map((i) => `${join(group, 'group.json')} run-${i + 1}`)],
  ];
  for (const [path, names] of rows) {
    const runs = readRuns(path);
    assert.deepEqual(
      runs.map(({ name }) => name),
      names,
    );
    if (runs.length > 1)
      assert.deepEqual(
        runs.map(({ summary }) => summary.thresholds[0]?.actual),
        values,
      );
  }
});

test('what names none, and what is said', (t) => {
  const folder = workFolder(t);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'other', 'run-x'), { recursive: true });
  mkdirSync(join(folder, 'killed'));
  writeFileSync(join(folder, 'killed', 'run.json'), '{}');
  const rows: [string, string, string?][] = [
    [join(folder, 'nowhere'), ': no such file or folder'],
    [join(folder, 'other'), ': expected the folder of a run, or one that holds run-1, run-2 …'],
    [join(folder, 'killed'), ': this run has no summary.json', 'windtunnel report'],
    [file('a.json', '{'), ': expected JSON, a summary: '],
    [file('b.json', 'null'), ': expected the summary of a run or of a group, of this version'],
    [
      file('c.json', '{"schema":2,"run":{},"metrics":{}}'),
      ': expected the summary of a run or of a group, of this version',
    ],
    [
      file('d.json', '{"schema":1,"runs":[]}'),
      ': expected the summary of a run or of a group, of this version',
    ],
    [
      file('e.json', '{"schema":1,"runs":[{}]}'),
      ': expected the summary of a run or of a group, of this version',
    ],
  ];
  for (const [path, message, hint] of rows)
    assert.throws(
      () => readRuns(path),
      (error) =>
        error instanceof HarnessError &&
        error.kind === 'usage' &&
        error.message.startsWith(`${path}${message}`) &&
        (hint === undefined || error.hint?.includes(hint) === true),
      path,
    );
});

test('paths are compared; several runs are taken together', (t) => {
  const folder = workFolder(t);
  const rate = 'delivered rate>10';
  const before = keepGroup(join(folder, 'before'), runsWith(rate, [100, 101, 99]));
  const now = runsWith(rate, [80, 81, 79]).map((run, i) => keep(join(folder, `now-${i}`), run));
  const slower = comparePaths(join(before, 'group.json'), now);
  assert.deepEqual([slower.judgedBy, slower.verdict.exitCode], ['noise', 99]);
  assert.deepEqual(comparePaths(before, now, { smallest: 0.3 }).verdict.exitCode, 0);
  assert.equal(comparePaths(before, now.slice(1)).judgedBy, 'tolerance');
  assert.equal(comparePaths(before, now.slice(1), { tolerance: 0.3 }).verdict.exitCode, 0);
  assert.equal(compareGroup(before, before)?.verdict.exitCode, 0);
  assert.equal(compareGroup(now[0] as string, before), undefined);
});

test('a run that was killed is known by what its report says', (t) => {
  const run = comparedRun({ name: 'a', summary: { warnings: [UNFINISHED] } });
  const path = keep(join(workFolder(t), 'run'), run);
  assert.deepEqual(comparePaths(path, [path]).warnings.slice(1), [`${path} did not come to its end.`]);
});

test('a baseline: the numbers of its runs for each limit that is relative to it', (t) => {
  const runs = ['never', 12_000, 13_000].map((recovery, i) =>
    comparedRun({
      thresholds: { 'recovery_time{isp:gmail} value<20s': recovery },
      metrics: { delivered: { kind: 'counter', count: 100, rate: 100 + i } },
    }),
  );
  const path = keepGroup(join(workFolder(t), 'baseline'), runs);
  const asked = comparedRun({
    thresholds: {
      'lost count==0': 0,
      'delivered rate>=0.95*baseline': 1,
      'recovery_time{isp:gmail} value<=1.1*baseline': 1,
      'delivered{phase:incident} rate>=baseline': 1,
    },
  });
  const thresholds = thresholdsOf(asked.summary);
  const baseline = readBaseline(path, thresholds);
  assert.deepEqual(baseline, { name: path, values: [[], [100, 101, 102], [12_000, 13_000], []] });
  assert.deepEqual(emptyIn(baseline, thresholds), [
    'The baseline has no value for "delivered{phase:incident}: rate>=baseline", so that can\'t hold.',
  ]);
});

test('how a run is called', () => {
  const rows: [string, string][] = [
    ['/x/reports/2026-11-28-101500-quickstart', '2026-11-28-101500-quickstart'],
    ['/x/reports/2026-11-28-101500-quickstart/run-2', '2026-11-28-101500-quickstart/run-2'],
    ['run-2', 'run-2'],
  ];
  for (const [folder, id] of rows) assert.equal(runId(folder), id);
});
