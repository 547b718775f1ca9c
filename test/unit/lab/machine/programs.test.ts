import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPrograms, versionIn } from '../../../../src/lab/machine/programs.ts';
import { locate } from '../../../../src/mta/packages/locate.ts';
import { workFolder } from '../../../support/cli.ts';

test('what programs say of their version', () => {
  const rows: [string, string | undefined][] = [
    ['3.7.11\n', '3.7.11'],
    ['Exim version 4.96 #2 built 19-Mar-2024', '4.96'],
    ['k6 v0.57.0 (go1.23.6, linux/amd64)', '0.57.0'],
    ['kumod 2024.11.08-d383b033', '2024.11.08-d383b033'],
    ['Chromium 156.0.8078.79 built on Debian', '156.0.8078.79'],
    ['no version', undefined],
    ['', undefined],
  ];
  for (const [text, version] of rows) assert.equal(versionIn(text), version, text);
});

test('a k6 that K6_BIN names comes before the one in PATH', async (t) => {
  const folder = workFolder(t);
  for (const [name, version] of [
    ['k6', '2.3.0'],
    ['mine', '1.7.2'],
  ] as const)
    writeFileSync(join(folder, name), `#!/bin/sh\necho "k6 v${version}"\n`, { mode: 0o755 });
  const before = process.env.K6_BIN;
  t.after(() => {
    if (before === undefined) delete process.env.K6_BIN;
    else process.env.K6_BIN = before;
  });
  for (const [named, path, version] of [
    [join(folder, 'mine'), join(folder, 'mine'), '1.7.2'],
    ['', join(folder, 'k6'), '2.3.0'],
  ] as const) {
    process.env.K6_BIN = named;
    const { found } = await findPrograms(folder);
    assert.deepEqual(
      found.find(({ name }) => name === 'k6'),
      { name: 'k6', path, version },
    );
  }
});

test('programs are found in the order of PATH; one that fails to tell its version has none', async (t) => {
  const folder = workFolder(t);
  const program = (name: string, text: string, mode = 0o755): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), mode);
  };
  program('k6', 'echo "k6 v9.8.7"');
  program('kumod', 'echo 1.2.3; exit 1');
  program('pmtad', 'echo 5.0', 0o644);
  const { found, missing } = await findPrograms(folder);
  const named = (name: string) => found.find((one) => one.name === name);
  assert.deepEqual(named('k6'), { name: 'k6', path: join(folder, 'k6'), version: '9.8.7' });
  assert.deepEqual(named('kumod'), { name: 'kumod', path: join(folder, 'kumod'), version: undefined });
  assert.notEqual(named('pmta')?.path, join(folder, 'pmtad'));
  assert.equal(found.length + missing.length, 9);
});

test('an Exim that was unpacked into the cache is found, with the version of its package', async (t) => {
  const folder = workFolder(t);
  const sbin = join(folder, 'windtunnel', 'mta', 'exim-4.96-15+deb12u11', 'usr', 'sbin');
  mkdirSync(sbin, { recursive: true });
  writeFileSync(join(sbin, 'exim4'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const before = process.env.XDG_CACHE_HOME;
  t.after(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  process.env.XDG_CACHE_HOME = folder;
  const { found, missing } = await findPrograms(folder);
  const exim = found.find(({ name }) => name === 'exim');
  // One that is installed comes first.
  assert.equal(exim?.path, locate(['exim', 'exim4'], folder) ?? join(sbin, 'exim4'));
  if (exim?.path === join(sbin, 'exim4')) assert.equal(exim.version, '4.96-15+deb12u11');
  assert.ok(!missing.includes('exim'));
});
