import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nsswitchFile } from '../../../src/lab/names.ts';

const cases: [name: string, before: string, after: string][] = [
  ['empty', '', 'hosts: files dns\n'],
  [
    'users stay as they are',
    'passwd: files systemd\nhosts: files resolve [!UNAVAIL=return] dns\n\ngroup: files\n',
    'passwd: files systemd\ngroup: files\nhosts: files dns\n',
  ],
  ['spaces around', '  hosts :\tmdns4 dns', 'hosts: files dns\n'],
  [
    'another database with a similar name',
    'myhosts: files\n# hosts: dns\n',
    'myhosts: files\n# hosts: dns\nhosts: files dns\n',
  ],
];

for (const [name, before, after] of cases) {
  test(`nsswitch.conf: ${name}`, () => {
    assert.equal(nsswitchFile(before), after);
  });
}
