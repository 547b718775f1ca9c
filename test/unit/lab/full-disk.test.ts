import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeWhole } from '../../../src/lab/whole-file.ts';
import { workFolder } from '../../support/cli.ts';

/** A folder in which nothing can be written beside `name`, as on a full disk. */
function fullFor(t: TestContext, name: string): string {
  const folder = workFolder(t);
  symlinkSync('/dev/full', join(folder, `${name}.part`));
  return folder;
}

test('a file is written whole, and takes the place of one that was there', (t) => {
  const folder = workFolder(t);
  for (const text of ['first', 'the second one', '']) {
    writeWhole(join(folder, 'a'), text);
    assert.equal(readFileSync(join(folder, 'a'), 'utf8'), text);
    assert.deepEqual(readdirSync(folder), ['a']);
  }
});

test('a full disk leaves what was there before, and no part', (t) => {
  const folder = fullFor(t, 'a');
  writeFileSync(join(folder, 'a'), 'before');
  assert.throws(() => writeWhole(join(folder, 'a'), 'after'), {
    kind: 'lab',
    message: `can't write ${join(folder, 'a')}: ENOSPC: no space left on device, write`,
  });
  assert.deepEqual(readdirSync(folder), ['a']);
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'before');
});

test('a place that is taken by a folder is an error, and leaves no part', (t) => {
  const folder = workFolder(t);
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  assert.throws(() => writeWhole(join(folder, 'a'), 'text'), {
    kind: 'lab',
    message: /can't write .*\/a: E/,
  });
  assert.deepEqual(readdirSync(folder), ['a']);
});

test('a folder that is not there is an error', (t) => {
  assert.throws(() => writeWhole(join(workFolder(t), 'none', 'a'), 'text'), {
    kind: 'lab',
    message: /ENOENT/,
  });
});
