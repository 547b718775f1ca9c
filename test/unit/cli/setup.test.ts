import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asset } from '../../../src/core/assets.ts';
import { workFolder } from '../../support/cli.ts';

// Stands in for the compiler: it writes a program that prints where it runs and with what, and counts its own calls.
const COMPILER = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
mkdirSync('dist/src/cli', { recursive: true });
writeFileSync('dist/src/cli/bin.js', 'console.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]))');
appendFileSync('calls', 'x');
`;

test('npm start sees paths from where npm was called, and builds only what has changed', (t) => {
  const root = join(workFolder(t), 'windtunnel');
  const files: [string, string][] = [
    ['package-lock.json', '{}'],
    ['tsconfig.json', '{}'],
    ['src/one.ts', '1'],
    ['fakes/two.ts', '2'],
    ['test/three.ts', '3'],
    ['node_modules/typescript/bin/tsc', COMPILER],
    [
      'node_modules/.windtunnel-installed',
      `${createHash('sha256').update('{}').digest('hex')} node ${process.versions.node.split('.')[0]}\n`,
    ],
  ];
  const write = (file: string, text: string): void => {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  for (const [file, text] of files) write(file, text);
  mkdirSync(join(root, 'src/cli'));
  copyFileSync(asset('src', 'cli', 'setup.mjs'), join(root, 'src/cli/setup.mjs'));
  const elsewhere = realpathSync(workFolder(t));
  const setup = (...args: string[]): unknown => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [join(root, 'src/cli/setup.mjs'), ...args],
      { cwd: root, env: { ...process.env, INIT_CWD: elsewhere }, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    return stdout === '' ? undefined : JSON.parse(stdout);
  };
  const built = (): number => readFileSync(join(root, 'calls'), 'utf8').length;

  assert.deepEqual(setup('start', 'check', 'my.yaml'), [elsewhere, 'check', 'my.yaml']);
  assert.equal(built(), 1);
  assert.deepEqual(setup('start'), [realpathSync(root), 'run', join('scenarios', 'quickstart.yaml')]);
  assert.equal(built(), 1);
  write('fakes/two.ts', '2, changed');
  setup('start', 'doctor');
  assert.equal(built(), 2);
  write('test/four.ts', '4');
  setup('start', 'doctor');
  assert.equal(built(), 3);
  // Whoever asks for a build gets one.
  setup('build');
  assert.equal(built(), 4);
});
