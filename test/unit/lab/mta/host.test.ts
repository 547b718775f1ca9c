import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeBinary, readText } from '../../../../src/core/process.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import { type LabMtaHost, openMtaHost } from '../../../../src/lab/mta/host.ts';
import { workFolder } from '../../../support/cli.ts';
import { until } from '../../../support/until.ts';

function here(): { host: LabMtaHost; ends: string[] } {
  const ends: string[] = [];
  const host = openMtaHost({
    lab: 'loopback',
    proof: loopbackOnly(),
    enterHost: (argv) => argv,
    hostPid: process.pid,
  });
  host.onEnd = (sentence) => void ends.push(sentence);
  return { host, ends };
}

/** A program with a child that ignores SIGTERM; both say so when they are ready. */
const FAMILY = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log('child'); setInterval(() => {}, 1000)"], { stdio: 'inherit' });
  process.on('SIGTERM', () => process.exit(7));
  console.log('parent');
`;

test('a program and its children are found, paused, killed, and their end is told', async (t) => {
  const { host, ends } = here();
  t.after(() => host.kill());
  const folder = workFolder(t);
  const logFile = join(folder, 'logs', 'family.log');
  const program = host.spawn([nodeBinary, '-e', FAMILY], { name: 'Family', cwd: folder, logFile });
  await until(() => readText(logFile)?.split('\n').length === 3);
  const pids = host.pids();
  assert.equal(pids.length, 2);
  const states = (): (string | undefined)[] =>
    pids.map((pid) => /^State:\s+(\w)/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1]);
  host.pause(true);
  await until(() => states().every((state) => state === 'T'));
  host.pause(false);
  await until(() => states().every((state) => state !== 'T'));
  await program.kill();
  assert.equal(await program.exited, 'Family was ended by SIGKILL');
  assert.deepEqual(ends, ['Family was ended by SIGKILL']);
  await until(() => pids.every((pid) => readText(`/proc/${pid}/stat`) === undefined));
  assert.deepEqual(host.pids(), []);
  // Whoever is told twice has nothing to do.
  program.signal('SIGTERM');
  await program.kill();
});

test('how programs end, in a sentence', async (t) => {
  const { host } = here();
  const folder = workFolder(t);
  const logFile = join(folder, 'log');
  const rows: [argv: string[], expected: string][] = [
    [[nodeBinary, '-e', 'process.exit(3)'], 'It ended with exit code 3'],
    [[nodeBinary, '-e', "process.kill(process.pid, 'SIGABRT')"], 'It was ended by SIGABRT'],
    [['/no/such/program'], 'It could not be started: spawn /no/such/program ENOENT'],
  ];
  for (const [argv, expected] of rows) {
    const program = host.spawn(argv, { name: 'It', cwd: folder, logFile });
    assert.equal(await program.exited, expected);
  }
});

test('what programs say is added to their log', async (t) => {
  const { host } = here();
  const folder = workFolder(t);
  const logFile = join(folder, 'log');
  const say = "console.log('out'); console.error(process.env.WORD)";
  for (const word of ['first', 'second']) {
    const env = { WORD: word };
    await host.spawn([nodeBinary, '-e', say], { name: 'It', cwd: folder, logFile, env }).exited;
  }
  assert.equal(readFileSync(logFile, 'utf8'), 'out\nfirst\nout\nsecond\n');
});

test('a command is run to its end, or to its deadline', async () => {
  const { host } = here();
  const rows: [script: string, options: Parameters<LabMtaHost['run']>[1], code: number, stdout: string][] = [
    ['process.stdin.pipe(process.stdout)', { input: 'hello' }, 0, 'hello'],
    ['console.log(process.env.WORD); process.exit(4)', { env: { WORD: 'yes' } }, 4, 'yes\n'],
    ['setInterval(() => {}, 1000)', { timeoutMs: 200 }, 128, ''],
  ];
  for (const [script, options, code, stdout] of rows) {
    const result = await host.run([nodeBinary, '-e', script], options);
    assert.deepEqual([result.code, result.stdout], [code, stdout], script);
  }
});

test('which ports are listened on, from the kernel’s tables and by knocking', async (t) => {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const free = (closed.address() as AddressInfo).port;
  closed.close();
  await once(closed, 'close');
  for (const hostPid of [process.pid, undefined]) {
    const host = openMtaHost({ lab: 'loopback', proof: loopbackOnly(), enterHost: (argv) => argv, hostPid });
    assert.deepEqual(await host.listening([port, free]), [port]);
  }
});
