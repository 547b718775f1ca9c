/** An ISP on several worker processes, in a run and by itself. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sleepMs } from '../../src/core/clock.ts';
import { platform } from '../../src/core/process.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { startInProcesses } from '../support/isp-in-processes.ts';
import { lacking } from '../support/skip.ts';
import { SmtpClient } from '../support/smtp-client.ts';
import { limitLine, testIsp } from '../unit/fakes/isp/profiles-for-tests.ts';

const bin = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));

/** Every message is sent once, and what becomes of it depends on its recipient alone. */
const scenario = (
  workers: number,
  iterations: number,
): string => `# Does an ISP on workers do what one process does?
seed: 5
mta: { adapter: none, sources: [127.0.0.2, 127.0.0.3, 127.0.0.4, 127.0.0.5] }
isps:
  gmail: { share: 60%, limits: unlimited, mailboxes: { unknown: 10% }, workers: ${workers} }
  yahoo: { share: 40%, limits: unlimited }
load: { executor: shared-iterations, vus: 12, iterations: ${iterations} }
`;

async function runOn(t: TestContext, workers: number): Promise<Summary> {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const file = scenarioFile(folder, scenario(workers, 1500));
  const { code, stderr } = await cli(['run', file, '--no-seal', '--out', out]);
  assert.equal(code, 0, stderr);
  return onlyRun(out).summary;
}

test('a run with an ISP on three workers loses nothing, and reports what one process would', async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const split = await runOn(t, 3);
  const single = await runOn(t, 1);
  const figures = ({ totals, conservation, isps }: Summary): unknown => ({
    injected: [totals.injectedMessages, totals.injectedRecipients, totals.delivered],
    conservation,
    isps: isps.map(({ id, recipients, outcomes, attempts, rejected }) => ({
      id,
      recipients,
      outcomes,
      attempts,
      rejected,
    })),
  });
  assert.deepEqual(figures(split), figures(single));
  assert.equal(
    split.conservation.reduce((sum, { count }) => sum + count, 0),
    split.totals.injectedRecipients,
  );
  assert.deepEqual(
    split.harness.workers.map(({ name }) => name),
    ['lab', 'gmail', 'gmail 1', 'gmail 2', 'gmail 3', 'yahoo', 'driver'],
  );
});

test('a worker of an ISP that is killed: the run ends at once and says so, and nothing is left', async (t) => {
  if (platform !== 'linux') return lacking(t, 'processes are found in /proc');
  const folder = workFolder(t);
  const file = scenarioFile(folder, scenario(3, 1_000_000));
  const child = spawn(process.execPath, [bin, 'run', file, '--no-seal', '--out', join(folder, 'runs')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const cliPid = child.pid as number;
  t.after(() => child.kill('SIGKILL'));
  let stderr = '';
  let started: number[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (started.length > 0 || !/^load .* [1-9][\d,]* injected/m.test(stderr)) return;
    started = descendantsOf(cliPid);
    const workers = started.filter((pid) => commandOf(pid).includes('isps/worker.js'));
    // Three of Gmail's, and the one that owns Yahoo.
    assert.equal(workers.length, 4);
    const [one] = workers.filter((pid) => commandOf(parentOf(pid)).includes('isps/acceptor.js'));
    process.kill(one as number, 'SIGKILL');
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(code, 106, stderr);
  assert.match(stderr, /the gmail \d worker failed: ended with SIGKILL/);
  // Those whose parent has ended end by themselves.
  while (started.some((pid) => commandOf(pid).includes('/lab/'))) await sleepMs(20);
});

test('a mail host of a split ISP that goes down takes its connections with it, and comes back', async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const sources = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];
  const isp = testIsp([limitLine('x', { key: 'isp', rate: '7/s', burst: 70, stage: 'mail', reply: 'T2' })]);
  const running = await startInProcesses(isp, 2, sources, ['127.0.0.1', '127.0.0.9']);
  t.after(() => running.kill());
  const [down, up] = running.endpoints;
  assert.ok(down && up);
  const clients = sources.flatMap((localAddress) =>
    [down, up].map((endpoint) => new SmtpClient({ ...endpoint, localAddress })),
  );
  for (const client of clients) assert.deepEqual(await client.reply(), ['220 hi']);
  while (running.samples.get('connections_open') !== 6) await sleepMs(20);
  assert.equal(running.samples.get('allowance'), 7);

  running.processes.listen(down.address, false);
  await Promise.all(clients.filter((_, n) => n % 2 === 0).map((client) => assert.rejects(client.reply())));
  for (const client of clients.filter((_, n) => n % 2 === 1))
    assert.deepEqual(await client.ask('NOOP'), ['250 ok']);
  assert.equal(await knock(down), 'ECONNREFUSED');

  running.processes.listen(down.address, true);
  while ((await knock(down)) !== undefined) await sleepMs(20);
  await running.stop();
  assert.equal(new Set(running.connections).size, running.connections.length);
});

/** The code of the error that a connection meets; undefined: none. */
function knock({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

function descendantsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
