import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespaceFix, type SealPrivilege } from '../../../../src/lab/ground/seal.ts';

const INSTALL = 'Install util-linux 2.33 or newer (unshare, nsenter, setpriv).';
const ELSEWHERE = 'In a container, run it with --privileged; elsewhere, run it as root.';
const off = (sysctl: string): string => `User namespaces are off: sudo sysctl ${sysctl}, or run it as root.`;

const cases: [privilege: SealPrivilege, complaint: string, settings: Record<string, string>, fix: string][] =
  [
    ['root', 'spawn setpriv ENOENT', {}, INSTALL],
    ['root', 'setpriv: failed to execute unshare: No such file or directory', {}, INSTALL],
    ['root', "unshare: unrecognized option '--kill-child'", {}, INSTALL],
    ['root', 'unshare: unshare failed: Operation not permitted', {}, ELSEWHERE],
    [
      'root',
      'unshare: unshare failed: Operation not permitted',
      { 'user.max_user_namespaces': '0' },
      ELSEWHERE,
    ],
    [
      'user-namespace',
      'unshare: unshare failed: No space left on device',
      { 'user.max_user_namespaces': '0' },
      off('user.max_user_namespaces=15000'),
    ],
    [
      'user-namespace',
      'unshare: unshare failed: Operation not permitted',
      { 'user.max_user_namespaces': '96365', 'kernel.unprivileged_userns_clone': '0' },
      off('kernel.unprivileged_userns_clone=1'),
    ],
    [
      'user-namespace',
      'unshare: write failed /proc/self/uid_map: Operation not permitted',
      { 'kernel.unprivileged_userns_clone': '1', 'kernel.apparmor_restrict_unprivileged_userns': '1' },
      off('kernel.apparmor_restrict_unprivileged_userns=0'),
    ],
    ['user-namespace', 'unshare: mount /proc failed: Operation not permitted', {}, ELSEWHERE],
  ];

for (const [privilege, complaint, settings, fix] of cases) {
  test(`${privilege}, ${JSON.stringify(settings)}: ${complaint}`, () => {
    assert.equal(
      namespaceFix(privilege, complaint, (name) => settings[name]),
      fix,
    );
  });
}
