import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFolder, removeParts, writeReports } from '../../../../src/lab/folder/run-folder.ts';
import { workFolder } from '../../../support/cli.ts';
import { summaryFixture } from '../../../support/summary-fixture.ts';

const REPORTS = [
  'histograms.hlog',
  'junit.xml',
  'k6-summary.json',
  'report.html',
  'summary.json',
  'summary.md',
  'timeline.csv',
];

test('all reports are written, and nothing else', (t) => {
  const folder = workFolder(t);
  assert.deepEqual(writeReports(folder, { ...summaryFixture(), histograms: [], dialogues: [] }), []);
  assert.deepEqual(readdirSync(folder).sort(), REPORTS);
});

for (const name of REPORTS) {
  test(`a disk with no room for ${name} is said, and holds the other reports`, (t) => {
    const folder = workFolder(t);
    symlinkSync('/dev/full', join(folder, `${name}.part`));
    assert.deepEqual(writeReports(folder, { ...summaryFixture(), histograms: [], dialogues: [] }), [
      `can't write ${join(folder, name)}: ENOSPC: no space left on device, write`,
    ]);
    assert.deepEqual(
      readdirSync(folder).sort(),
      REPORTS.filter((other) => other !== name),
    );
  });
}

test('what had only begun to be written is removed', (t) => {
  const folder = workFolder(t);
  mkdirSync(join(folder, 'mta'));
  for (const name of ['run.json', 'summary.json.part', 'part']) writeFileSync(join(folder, name), '');
  removeParts(folder);
  assert.deepEqual(readdirSync(folder).sort(), ['mta', 'part', 'run.json']);
});

test('a run’s folder is named after the scenario, in letters that are safe in any path', (t) => {
  const parent = workFolder(t);
  for (const [scenario, name] of [
    ['Yahoo: penalty, 2nd try', 'yahoo-penalty-2nd-try'],
    ['Größe é la carte', 'gro-e-e-la-carte'],
    ['тест', 'run'],
  ] as const) {
    const folder = createFolder(parent, scenario, new Date(0));
    assert.equal(folder, join(parent, `1970-01-01-000000-${name}`));
  }
});
