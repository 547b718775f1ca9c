import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, workFolder } from '../../support/cli.ts';
import { comparedRun } from '../../support/compared-runs.ts';
import { junitFaults } from '../../support/junit.ts';

/** Keeps a run that lost so many, and returns the path of its summary. */
function kept(folder: string, lost: number): string {
  const path = join(folder, `lost-${lost}.json`);
  writeFileSync(path, JSON.stringify(comparedRun({ thresholds: { 'lost count==0': lost } }).summary));
  return path;
}

test('compare --junit FILE writes the verdict for CI servers, whatever is printed', async (t) => {
  const folder = workFolder(t);
  const [none, many] = [kept(folder, 0), kept(folder, 50)];
  const file = join(folder, 'gate.xml');
  const rows: [string[], number, RegExp][] = [
    [[none, none], 0, /tests="1" failures="0"/],
    [[none, many], 99, /message="lost count is worse: 0 before, 50 now"/],
    [[none, many, '--json'], 99, /tests="1" failures="1"/],
    [[none, many, '--markdown'], 99, /tests="1" failures="1"/],
  ];
  for (const [argv, exitCode, content] of rows) {
    const without = await cli(['compare', ...argv]);
    const { code, stdout } = await cli(['compare', ...argv, '--junit', file]);
    assert.equal(code, exitCode, argv.join(' '));
    assert.equal(stdout, without.stdout);
    const xml = readFileSync(file, 'utf8');
    assert.match(xml, content);
    assert.deepEqual(await junitFaults(xml), []);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['gate.xml', 'lost-0.json', 'lost-50.json']);
});

test('a file that can not be written does not pass, and hides no verdict', async (t) => {
  const folder = workFolder(t);
  const [none, many] = [kept(folder, 0), kept(folder, 50)];
  const occupied = join(folder, 'occupied');
  mkdirSync(occupied);
  for (const [run, file, exitCode] of [
    [none, join(folder, 'nowhere', 'gate.xml'), 106],
    [many, join(folder, 'nowhere', 'gate.xml'), 99],
    [none, occupied, 106],
  ] as const) {
    const { code, stdout, stderr } = await cli(['compare', none, run, '--junit', file]);
    assert.equal(code, exitCode, file);
    assert.match(stdout, /these gate/);
    assert.ok(stderr.startsWith(`can't write ${file}: `), stderr);
  }
  assert.ok(!existsSync(`${occupied}.part`));
});
