import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellCommand } from '../../../src/core/shell.ts';

const rows: readonly (readonly [words: readonly string[], command: string])[] = [
  [
    ['windtunnel', 'run', 'scenarios/a-b.yaml', '--set', 'load.rate=5/s'],
    'windtunnel run scenarios/a-b.yaml --set load.rate=5/s',
  ],
  [['my mail.yaml', "it's", '$HOME', 'a;b', 'ü', ''], `'my mail.yaml' 'it'\\''s' '$HOME' 'a;b' 'ü' ''`],
  [['isps.gmail={ share: 50% }', '*', '~'], "'isps.gmail={ share: 50% }' '*' '~'"],
];
for (const [words, command] of rows) {
  test(`a shell takes these words as they are: ${command}`, {
    skip: process.platform === 'win32' && 'no sh',
  }, () => {
    assert.equal(shellCommand(words), command);
    const printed = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' });
    assert.deepEqual(printed.slice(0, -1).split('\n'), words);
  });
}
