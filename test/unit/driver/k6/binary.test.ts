import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { findK6, isKnown, k6Version } from '../../../../src/driver/k6/binary.ts';

const folder = mkdtempSync(join(tmpdir(), 'k6-binary-'));
after(() => rmSync(folder, { recursive: true }));

function program(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const v2 = program('k6', '[ "$1" = version ] && echo "k6 v2.3.0 (go1.26.0, linux/amd64)"');
const v1 = program('k6-one', 'echo "k6 v1.7.1 (commit/0a1b2c3, go1.25.3, linux/amd64)"');
const old = program('k6-old', 'echo "k6 v0.57.0 (go1.23, linux/amd64)"');
const other = program('other', 'echo "keel 6.0.0"');
const broken = program('broken', 'echo "cannot open shared object" >&2; exit 3');
const telling = program('telling', 'echo "k6 v2.0.0 (K6_OUT=$K6_OUT)"; [ -z "$K6_OUT" ]');

test('k6 is found where it is named, first of all on the command line', async () => {
  const rows: [
    string,
    wished: string | undefined,
    K6_BIN: string | undefined,
    onPath: string | undefined,
    string,
  ][] = [
    ['the command line comes first', v2, old, other, '2.3.0'],
    ['then K6_BIN', undefined, v1, other, '1.7.1'],
    ['then PATH', undefined, undefined, v1, '1.7.1'],
    ['an empty K6_BIN names nothing', undefined, '', v2, '2.3.0'],
    ['an empty name on the command line is none', '', v1, v2, '1.7.1'],
    ['it is asked without the options that K6_ variables are', telling, undefined, undefined, '2.0.0'],
  ];
  for (const [name, wished, K6_BIN, onPath, version] of rows) {
    const environment = { K6_OUT: 'cloud', ...(K6_BIN !== undefined && { K6_BIN }) };
    const found = await findK6({ wished, environment, onPath });
    assert.deepEqual(found, { path: wished || K6_BIN || onPath, version }, name);
  }
});

test('where there is none that can be used, the message says why and what to do', async () => {
  const rows: [
    string,
    wished: string | undefined,
    K6_BIN: string | undefined,
    onPath: string | undefined,
    RegExp,
  ][] = [
    ['there is none', undefined, undefined, undefined, /^k6 not found: neither --k6-bin nor K6_BIN is given/],
    [
      'no such file',
      join(folder, 'nowhere'),
      undefined,
      v2,
      /^k6 not found: .*nowhere \(from --k6-bin\).*ENOENT/,
    ],
    [
      'it can not be run',
      undefined,
      broken,
      v2,
      /^k6 not found: .*broken \(from K6_BIN\).*cannot open shared object/,
    ],
    ['another program', undefined, other, undefined, /other \(from K6_BIN\) is not k6: .*"keel 6\.0\.0"/],
    ['too old', undefined, undefined, old, /\(from PATH\) is k6 0\.57\.0; expected 1\.7 or newer, below 3/],
  ];
  for (const [name, wished, K6_BIN, onPath, message] of rows) {
    await assert.rejects(
      findK6({ wished, environment: K6_BIN === undefined ? {} : { K6_BIN }, onPath }),
      (error) => {
        assert.ok(error instanceof HarnessError, name);
        assert.equal(error.kind, 'lab', name);
        assert.match(error.message, message, name);
        assert.match(error.hint ?? '', /go install go\.k6\.io\/k6/, name);
        return true;
      },
    );
  }
});

test('versions are read and compared', () => {
  const texts: [string, string | undefined][] = [
    ['k6 v2.3.0 (go1.26.0, linux/amd64)\n', '2.3.0'],
    ['k6 v1.7.0 (commit/abc, go1.25, darwin/arm64)\nExtensions:\n  x v9.9.9\n', '1.7.0'],
    ['k6.exe v2.0.0-rc1 (go1.26, windows/amd64)', '2.0.0-rc1'],
    ['xk6-k6 v2.1.0', '2.1.0'],
    ['Node v20.19.0', undefined],
    ['k6', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of texts) assert.equal(k6Version(text), expected, text);
  const versions: [string, boolean][] = [
    ['0.57.0', false],
    ['1.6.9', false],
    ['1.7.0', true],
    ['1.10.0', true],
    ['2.0.0-rc1', true],
    ['2.3.0', true],
    ['3.0.0', false],
  ];
  for (const [version, expected] of versions) assert.equal(isKnown(version), expected, version);
});
