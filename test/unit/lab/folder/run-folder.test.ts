import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeParts, writeReports } from '../../../../src/lab/folder/run-folder.ts';
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
