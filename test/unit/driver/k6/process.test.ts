import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type K6Exit, K6Process } from '../../../../src/driver/k6/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'k6-process-'));
after(() => rmSync(folder, { recursive: true }));
let logs = 0;

/** Runs a shell program as if it was k6. */
function start(program: string, lines: string[] = []): { process: K6Process; log: () => string } {
  const log = join(folder, `${++logs}.log`);
  const process = new K6Process({
    argv: ['sh', '-c', program],
    log,
    onLine(line) {
      lines.push(line);
      return line.startsWith('{');
    },
  });
  return { process, log: () => readFileSync(log, 'utf8') };
}

test('a process is read to its end, its log is kept, and its last errors are known', async () => {
  const rows: [string, string, K6Exit, lines: string[], log: string, errors: string[]][] = [
    ['it ends well', 'echo "{}"', { code: 0, signal: null }, ['{}'], '', []],
    ['what is no line of the stream', 'echo hello', { code: 0, signal: null }, ['hello'], 'hello\n', []],
    [
      'it complains',
      'echo "level=info msg=x" >&2; echo "level=error msg=bad" >&2; exit 107',
      { code: 107, signal: null },
      [],
      'level=info msg=x\nlevel=error msg=bad\n',
      ['bad'],
    ],
    ['it is killed', 'kill -KILL $$', { code: null, signal: 'SIGKILL' }, [], '', []],
    [
      'it says much',
      'for i in 1 2 3 4 5 6 7; do echo "level=error msg=$i" >&2; done',
      { code: 0, signal: null },
      [],
      [1, 2, 3, 4, 5, 6, 7].map((n) => `level=error msg=${n}\n`).join(''),
      ['3', '4', '5', '6', '7'],
    ],
  ];
  for (const [name, program, exit, expected, text, errors] of rows) {
    const lines: string[] = [];
    const { process, log } = start(program, lines);
    assert.deepEqual(await process.exited, exit, name);
    assert.deepEqual(lines, expected, name);
    assert.equal(log(), text, name);
    assert.deepEqual(process.errors, errors, name);
  }
});

test('a program that is not there ends at once', async () => {
  const process = new K6Process({
    argv: [join(folder, 'nowhere')],
    log: join(folder, 'nowhere.log'),
    onLine: () => true,
  });
  assert.deepEqual(await process.exited, { code: 127, signal: null });
  assert.match(process.errors.join(), /ENOENT/);
});

test('a process that is told to stop gets SIGINT, once', async () => {
  const lines: string[] = [];
  let ready: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const process = new K6Process({
    argv: ['sh', '-c', 'trap "echo told; exit 105" INT; echo begun; while :; do sleep 0.05; done'],
    log: join(folder, 'stop.log'),
    onLine(line) {
      lines.push(line);
      ready();
      return true;
    },
  });
  await begun;
  process.stop();
  process.stop();
  assert.equal(process.stopped, true);
  assert.deepEqual(await process.exited, { code: 105, signal: null });
  assert.deepEqual(lines, ['begun', 'told']);
});

test('a process that is killed is gone', async () => {
  const { process } = start('trap "" INT; while :; do sleep 0.05; done');
  process.kill();
  assert.deepEqual(await process.exited, { code: null, signal: 'SIGKILL' });
});
