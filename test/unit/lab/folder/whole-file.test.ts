import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { HarnessError } from '../../../../src/core/errors.ts';
import { writeWhole, writeWholeGzip } from '../../../../src/lab/folder/whole-file.ts';
import { workFolder } from '../../../support/cli.ts';

function* many(count: number): Generator<string> {
  for (let n = 0; n < count; n++) yield `line ${n} – ü\n`;
}

test('a file has all pieces, in one or in many', (t) => {
  const folder = workFolder(t);
  const path = join(folder, 'file');
  for (const [pieces, text] of [
    ['', ''],
    ['one – ü', 'one – ü'],
    [[], ''],
    [many(20_000), [...many(20_000)].join('')],
  ] as const) {
    writeWhole(path, pieces);
    assert.equal(readFileSync(path, 'utf8'), text);
    assert.deepEqual(readdirSync(folder), ['file']);
  }
});

test('a compressed file has all pieces', async (t) => {
  const path = join(workFolder(t), 'file.gz');
  await writeWholeGzip(path, many(20_000));
  assert.equal(gunzipSync(readFileSync(path)).toString('utf8'), [...many(20_000)].join(''));
  await writeWholeGzip(path, []);
  assert.equal(gunzipSync(readFileSync(path)).length, 0);
});

test('what fails half-way leaves what was there, and says which file', async (t) => {
  const folder = workFolder(t);
  const path = join(folder, 'file');
  writeFileSync(path, 'as it was');
  function* failing(error: Error): Generator<string> {
    yield* many(20_000);
    throw error;
  }
  for (const [error, expected] of [
    [
      Object.assign(new Error('ENOSPC: no space left'), { syscall: 'write' }),
      /^HarnessError: can't write .*file: ENOSPC: no space left$/,
    ],
    [new TypeError('a bug'), /^TypeError: a bug$/],
    [new HarnessError('usage', 'of its own'), /^HarnessError: of its own$/],
  ] as const) {
    assert.throws(
      () => writeWhole(path, failing(error)),
      (e) => expected.test(String(e)),
    );
    await assert.rejects(writeWholeGzip(path, failing(error)), (e) => expected.test(String(e)));
    assert.equal(readFileSync(path, 'utf8'), 'as it was');
    assert.deepEqual(readdirSync(folder), ['file']);
  }
  for (const place of [join(folder, 'no', 'file'), join(folder, 'file', 'file')])
    assert.throws(
      () => writeWhole(place, 'x'),
      (e) => e instanceof HarnessError && e.kind === 'lab' && e.message.includes(place),
    );
  // A folder where the file belongs.
  mkdirSync(join(folder, 'taken'));
  assert.throws(() => writeWhole(join(folder, 'taken'), 'x'), HarnessError);
  assert.ok(!existsSync(join(folder, 'taken.part')));
});

test('a disk with no room leaves what was there, and no part', (t) => {
  const folder = workFolder(t);
  const path = join(folder, 'file');
  writeFileSync(path, 'as it was');
  symlinkSync('/dev/full', `${path}.part`);
  assert.throws(() => writeWhole(path, 'more'), {
    kind: 'lab',
    message: `can't write ${path}: ENOSPC: no space left on device, write`,
  });
  assert.equal(readFileSync(path, 'utf8'), 'as it was');
  assert.deepEqual(readdirSync(folder), ['file']);
});
