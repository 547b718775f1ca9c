import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { installation, libraries } from '../../../../src/mta/postfix/installation.ts';
import { workFolder } from '../../../support/cli.ts';

/** A `postconf` that runs this script. */
function postconf(t: TestContext, script: string): string {
  const path = join(workFolder(t), 'postconf');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const FOLDERS = ['/usr/sbin', '/usr/lib/postfix/sbin', '/etc/postfix', '/usr/lib/postfix'];

function telling(...lines: string[]): string {
  return `printf '%s\\n' ${lines.join(' ')}`;
}

test('Postfix tells where it is, below the prefix where it was unpacked', async (t) => {
  const path = postconf(t, `[ "$1 $2" = '-d -h' ] || exit 1\n${telling('3.7.11', ...FOLDERS)}`);
  const installed = { path, prefix: undefined, libraryPath: undefined };
  const unpacked = { path, prefix: '/cache/postfix-3.7.11', libraryPath: '/cache/lib' };
  const expected = {
    version: '3.7.11',
    prefix: undefined,
    commandDirectory: '/usr/sbin',
    daemonDirectory: '/usr/lib/postfix/sbin',
    metaDirectory: '/etc/postfix',
    shlibDirectory: '/usr/lib/postfix',
    libraryPath: undefined,
  };
  assert.deepEqual(await installation(installed), expected);
  assert.deepEqual(libraries(installed), {});
  assert.deepEqual(await installation(unpacked), {
    version: '3.7.11',
    prefix: '/cache/postfix-3.7.11',
    commandDirectory: '/cache/postfix-3.7.11/usr/sbin',
    daemonDirectory: '/cache/postfix-3.7.11/usr/lib/postfix/sbin',
    metaDirectory: '/cache/postfix-3.7.11/etc/postfix',
    shlibDirectory: '/cache/postfix-3.7.11/usr/lib/postfix',
    libraryPath: '/cache/lib',
  });
  assert.deepEqual(libraries(unpacked), { LD_LIBRARY_PATH: '/cache/lib' });
});

test('an unpacked postconf runs with the libraries beside it', async (t) => {
  const path = postconf(t, telling('3.9.1', '"$LD_LIBRARY_PATH"', ...FOLDERS.slice(1)));
  const found = await installation({ path, prefix: '/p', libraryPath: '/libraries' });
  assert.equal(found.commandDirectory, '/p/libraries');
});

test('a Postfix that can’t be used is an error that says why', async (t) => {
  const table: { name: string; script: string; message: RegExp }[] = [
    {
      name: 'too old',
      script: telling('3.5.25', ...FOLDERS),
      message: /is of Postfix 3\.5\.25; expected 3\.7 or newer$/,
    },
    {
      name: 'much too old',
      script: telling('2.11.3', ...FOLDERS),
      message: /is of Postfix 2\.11\.3; expected/,
    },
    {
      name: 'it lacks a library',
      script: 'echo "libpostfix-tls.so: cannot open shared object file" >&2; exit 127',
      message: /postconf does not tell its version: libpostfix-tls\.so: cannot open/,
    },
    { name: 'another program', script: 'echo hello', message: /postconf does not tell its version: hello$/ },
  ];
  for (const { name, script, message } of table)
    await assert.rejects(
      installation({ path: postconf(t, script), prefix: undefined, libraryPath: undefined }),
      (error: unknown) =>
        error instanceof HarnessError && error.kind === 'lab' && message.test(error.message),
      name,
    );
});
