import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountFiles, nsswitchFile } from '../../../../src/lab/ground/names.ts';
import type { Account } from '../../../../src/mta/adapter.ts';

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

test('accounts that the machine lacks are added, each user with a group; others stay as they are', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\npostfix:x:101:103::/var/spool/postfix:/usr/sbin/nologin\n';
  const group = 'root:x:0:\npostfix:x:103:\n';
  const user = (name: string): Account => ({ name, kind: 'user' });
  const rows: [name: string, passwd: string, group: string, accounts: Account[], added: [string, string]][] =
    [
      ['nothing', passwd, group, [], ['', '']],
      ['what is there', passwd, group, [user('postfix')], ['', '']],
      ['a group', passwd, group, [{ name: 'postdrop', kind: 'group' }], ['', 'postdrop:x:61000:\n']],
      [
        'a user, with its group',
        passwd,
        group,
        [user('exim')],
        ['exim:x:61000:61000::/nonexistent:/usr/sbin/nologin\n', 'exim:x:61000:\n'],
      ],
      [
        'a user whose group is there',
        'root:x:0:0:root:/root:/bin/sh\n',
        group,
        [user('postfix')],
        ['postfix:x:103:103::/nonexistent:/usr/sbin/nologin\n', ''],
      ],
      [
        'numbers that are taken are left out',
        'root:x:0:0:root:/root:/bin/sh\nsomebody:x:61000:61001::/:/bin/sh\n',
        'root:x:0:\nothers:x:61001:\n',
        [{ name: 'a', kind: 'group' }, user('b')],
        ['b:x:61003:61003::/nonexistent:/usr/sbin/nologin\n', 'a:x:61002:\nb:x:61003:\n'],
      ],
    ];
  for (const [name, oldPasswd, oldGroup, accounts, [users, groups]] of rows) {
    assert.deepEqual(
      accountFiles({ passwd: oldPasswd, group: oldGroup }, accounts),
      { passwd: oldPasswd + users, group: oldGroup + groups },
      name,
    );
  }
});
