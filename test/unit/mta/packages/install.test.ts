import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { install } from '../../../../src/mta/packages/install.ts';
import { cacheFolder, unpacked } from '../../../../src/mta/packages/unpacked.ts';
import { cli, workFolder } from '../../../support/cli.ts';
import { type FakePackage, fakeDebian } from '../../../support/fake-archive.ts';

const silently = (): void => {};

/** Exim needs a library of libidn12, which needs one of libunistring2; libc6 is installed, what else it names is no library. */
const ARCHIVE: Readonly<Record<string, FakePackage>> = {
  'exim4-daemon-light': {
    version: '4.96-15+deb12u11',
    depends: 'exim4-base (>= 4.96), libc6 (>= 2.34), libidn12:any (>= 1.13) | libidn11',
    files: { 'usr/sbin/exim4': { needs: ['libidn.so.12'], mode: '4755' } },
  },
  libidn12: {
    depends: 'libc6, libunistring2',
    files: { 'usr/lib/x86_64-linux-gnu/libidn.so.12': { needs: ['libunistring.so.2'] } },
  },
  libunistring2: { files: { 'usr/lib/x86_64-linux-gnu/libunistring.so.2': {} } },
};

test('a package is unpacked with the libraries that the machine lacks, and without setuid', async (t) => {
  const debian = fakeDebian(workFolder(t), ARCHIVE, ['libc6']);
  const said: string[] = [];
  const got = await install('exim', (sentence) => said.push(sentence), debian.environ);
  const prefix = join(cacheFolder(debian.environ), 'exim-4.96-15+deb12u11');
  const libraryPath = join(prefix, 'usr/lib/x86_64-linux-gnu');
  assert.deepEqual(got, { prefix, version: '4.96-15+deb12u11', libraryPath });
  assert.deepEqual(unpacked('exim', debian.environ), got);
  assert.deepEqual(debian.fetched(), ['exim4-daemon-light', 'libidn12', 'libunistring2']);
  assert.deepEqual(said, ['fetching exim4-daemon-light', 'fetching libidn12', 'fetching libunistring2']);
  assert.equal(statSync(join(prefix, 'usr/sbin/exim4')).mode & 0o7777, 0o755);
  assert.deepEqual(
    readdirSync(cacheFolder(debian.environ)),
    ['exim-4.96-15+deb12u11'],
    'nothing is left over',
  );
});

test('a version that is there already stays as it is', async (t) => {
  const debian = fakeDebian(workFolder(t), ARCHIVE, ['libc6']);
  const { prefix } = await install('exim', silently, debian.environ);
  writeFileSync(join(prefix, 'mark'), '');
  await install('exim', silently, debian.environ);
  assert.ok(existsSync(join(prefix, 'mark')));
  assert.deepEqual(debian.fetched().slice(3), ['exim4-daemon-light']);
});

test('two that install at once end with one', async (t) => {
  const debian = fakeDebian(workFolder(t), ARCHIVE, ['libc6']);
  const both = await Promise.all([1, 2].map(() => install('exim', silently, debian.environ)));
  assert.deepEqual(both[0], both[1]);
  assert.deepEqual(readdirSync(cacheFolder(debian.environ)), ['exim-4.96-15+deb12u11']);
});

test('what keeps a package from being there is told, with what to do; nothing half is left', async (t) => {
  const lonely = { 'exim4-daemon-light': { ...ARCHIVE['exim4-daemon-light'], depends: 'libc6' } };
  const rows: [name: string, archive: Parameters<typeof fakeDebian>[1], trouble: string, RegExp, RegExp][] = [
    ['unknown', {}, '', /Unable to locate package exim4-daemon-light/, /apt-get update/],
    [
      'offline',
      ARCHIVE,
      'offline',
      /can't fetch exim4-daemon-light:\nE: Failed to fetch/,
      /needs the network/,
    ],
    ['broken', { 'exim4-daemon-light': 'broken' }, '', /not a Debian format archive/, /^$/],
    ['lonely', lonely, '', /no package has libidn\.so\.12/, /apt-get install/],
    ['a library is gone', { ...ARCHIVE, libunistring2: {} }, '', /no package has libunistring\.so\.2/, /./],
  ];
  for (const [name, archive, trouble, message, hint] of rows) {
    const folder = workFolder(t);
    const debian = fakeDebian(folder, archive, ['libc6']);
    if (trouble !== '') writeFileSync(join(folder, trouble), '');
    await assert.rejects(install('exim', silently, debian.environ), (error: unknown) => {
      assert.ok(error instanceof HarnessError, name);
      assert.equal(error.kind, 'lab', name);
      assert.match(error.message, message, name);
      assert.match(error.hint ?? '', hint, name);
      return true;
    });
    assert.deepEqual(readdirSync(cacheFolder(debian.environ)), [], name);
  }
});

test('without apt-get the error says that it takes a Debian', async (t) => {
  const folder = workFolder(t);
  const environ = { PATH: folder, XDG_CACHE_HOME: folder };
  await assert.rejects(install('postfix', silently, environ), {
    name: 'HarnessError',
    kind: 'lab',
    message: "there is no apt-get: MTAs are fetched from Debian's archive",
  });
});

test('of several versions the newest counts, as numbers go', (t) => {
  const rows: [folders: string[], version: string | undefined][] = [
    [[], undefined],
    [['postfix-3.7.11-0', 'exim-4.9-1'], '4.9-1'],
    [['exim-4.96-15+deb12u9', 'exim-4.96-15+deb12u11', 'exim-4.9-1'], '4.96-15+deb12u11'],
    [['exim-1%3A4.9-1'], '1:4.9-1'],
    [['.fetching-exim-9.9'], undefined],
  ];
  for (const [folders, version] of rows) {
    const cache = workFolder(t);
    for (const folder of folders) mkdirSync(join(cache, 'windtunnel', 'mta', folder), { recursive: true });
    assert.equal(unpacked('exim', { XDG_CACHE_HOME: cache })?.version, version, folders.join(' '));
  }
});

test('the cache is where the XDG specification has it', () => {
  const rows: [NodeJS.ProcessEnv, string][] = [
    [{ XDG_CACHE_HOME: '/var/x', HOME: '/home/me' }, '/var/x/windtunnel/mta'],
    [{ HOME: '/home/me' }, '/home/me/.cache/windtunnel/mta'],
    [{ XDG_CACHE_HOME: 'here', HOME: '/home/me' }, '/home/me/.cache/windtunnel/mta'],
  ];
  for (const [environ, folder] of rows) assert.equal(cacheFolder(environ), folder);
});

test('windtunnel mta install says where the MTA is, for people and for scripts', async (t) => {
  const debian = fakeDebian(workFolder(t), ARCHIVE, ['libc6']);
  const before = { ...process.env };
  Object.assign(process.env, debian.environ);
  t.after(() => Object.assign(process.env, { XDG_CACHE_HOME: '', ...before }));
  const plain = await cli(['mta', 'install', 'exim']);
  const prefix = join(cacheFolder(debian.environ), 'exim-4.96-15+deb12u11');
  assert.deepEqual(plain, {
    code: 0,
    stdout: `exim 4.96-15+deb12u11 is in ${prefix}\n`,
    stderr: 'fetching exim4-daemon-light\nfetching libidn12\nfetching libunistring2\n',
  });
  const { stdout } = await cli(['mta', 'install', 'exim', '--json']);
  assert.deepEqual(JSON.parse(stdout), { name: 'exim', ...unpacked('exim', debian.environ) });
  const none = await cli(['mta', 'install', 'postfix']);
  assert.equal(none.code, 106);
  assert.match(none.stderr, /Unable to locate package postfix\nhint: run `apt-get update`/);
});
