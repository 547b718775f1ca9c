import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, workFolder } from '../../support/cli.ts';

test('what is neither the folder of a run nor that of a group, and what is said', async (t) => {
  const folder = workFolder(t);
  const made = (name: string, files: Readonly<Record<string, string>>): string => {
    const path = join(folder, name);
    mkdirSync(path);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(path, file, '..'), { recursive: true });
      writeFileSync(join(path, file), text);
    }
    return path;
  };
  const file = join(folder, 'file');
  writeFileSync(file, '{}');
  const killed = made('killed', { 'run-1/lab.log': '' });
  const summaries = made('summaries', { 'run-1/summary.json': '{}' });
  const newer = made('newer', { 'run-1/run.json': '{"format":2}' });
  const rows: [string, string][] = [
    [join(folder, 'nowhere'), ' is not the folder of a run: ENOENT'],
    [file, ' is not the folder of a run: ENOTDIR'],
    [made('empty', {}), ' is not the folder of a run: ENOENT'],
    // Its only run was killed before there was anything to report.
    [killed, ' is not the folder of a run: ENOENT'],
    // The summary alone was kept, and no record.
    [summaries, '/run-1 is not the folder of a run: ENOENT'],
    [newer, '/run-1 is not the folder of a run: format 2, expected 1'],
  ];
  for (const [path, message] of rows) {
    const { code, stdout, stderr } = await cli(['report', path]);
    assert.deepEqual([code, stdout], [2, ''], path);
    assert.ok(stderr.startsWith(`${path}${message}`), stderr);
  }
  for (const group of [summaries, newer]) assert.deepEqual(readdirSync(group), ['run-1']);
});
