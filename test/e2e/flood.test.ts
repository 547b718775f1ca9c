/** `windtunnel flood` against servers that answer in all kinds of ways, on loopback. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { startIspServer } from '../../src/lab/isps/server.ts';
import type { FloodSummary } from '../../src/report/flood-summary.ts';
import { cli } from '../support/cli.ts';
import { agreeable, serveAnswers } from '../support/conversation.ts';

interface Flooded {
  readonly code: number;
  readonly stderr: string;
  readonly summary: FloodSummary;
}

/** Floods a port of this machine. `onStderr` is what `cli` takes. */
async function flood(
  port: number,
  args: readonly string[],
  onStderr?: Parameters<typeof cli>[1],
): Promise<Flooded> {
  const argv = ['flood', `127.0.0.1:${port}`, '--json', ...args];
  const { code, stdout, stderr } = await cli(argv, onStderr);
  assert.notEqual(stdout, '', stderr);
  return { code, stderr, summary: JSON.parse(stdout) as FloodSummary };
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a server that takes everything: exactly what was asked for, and the time that it took', async (t) => {
  const rows: readonly (readonly string[])[] = [
    [],
    ['--workers', '2'],
    ['--pipeline'],
    ['--messages-per-connection', '1'],
    ['--rate', '400/s'],
    ['--size', '1KB..4KB', '--recipients', '3', '--from', 'a.test', '--to', 'b.test', '--helo', 'me.test'],
  ];
  for (const args of rows) {
    const served = await serveAnswers(t, agreeable());
    const { code, summary } = await flood(served.port, ['--messages', '201', '--connections', '4', ...args]);
    assert.equal(code, 0, args.join(' '));
    const { messages, failures, refusals, dropped, ended, connections, unfinished } = summary;
    assert.equal(served.messages.length, messages, args.join(' '));
    // On a machine too busy to begin the last in time, a rate drops them; nothing else does.
    assert.equal(messages, args.includes('--rate') ? 201 - dropped : 201, args.join(' '));
    assert.deepEqual(
      { failures, refusals, ended, unfinished },
      { failures: {}, refusals: {}, ended: 'complete', unfinished: 0 },
    );
    assert.equal(connections.opened, served.sources.length);
    const { p50, p99, max } = summary.responseTimeMs;
    assert.ok(p50 !== null && p99 !== null && max !== null && 0 < p50 && p50 <= p99 && p99 <= max);
    // The histogram promises three digits.
    assert.ok((summary.serviceTimeMs.max ?? 0) / 1e3 <= summary.durationSeconds * 1.001);
    assert.ok(Math.abs(summary.messagesPerSecond * summary.durationSeconds - messages) < 0.1);
    assert.ok(summary.cpuSeconds.driver > 0);
    assert.equal(summary.cpuSeconds.workers.length, args.includes('--workers') ? 2 : 1);
  }
});

test('envelope and greeting are as asked for', async (t) => {
  const { port, commands, messages } = await serveAnswers(t, agreeable());
  const args = [
    '--recipients',
    '2',
    '--from',
    'a.test',
    '--to',
    'b.test',
    '--helo',
    'me.test',
    '--size',
    '5KB',
  ];
  await flood(port, ['--messages', '1', ...args]);
  assert.deepEqual(
    commands.filter((command) => /^(EHLO|MAIL|RCPT)/.test(command)),
    ['EHLO me.test', 'MAIL FROM:<b-0@a.test>', 'RCPT TO:<u0.0@b.test>', 'RCPT TO:<u1.1@b.test>'],
  );
  const [text = ''] = messages;
  assert.ok(text.length > 4800 && text.length <= 5000, `${text.length} bytes`);
});

test('what a server refuses is counted by code, once a message', async (t) => {
  const four = ['--messages', '4', '--connections', '2'];
  const again = ['--retry', '2', '--retry-wait', '5ms'];
  const later = { MAIL: '451 4.3.0 later', RCPT: '503 MAIL first', DATA: '503 MAIL first' };
  const rows: readonly {
    readonly except: Parameters<typeof agreeable>[0];
    readonly args?: readonly string[];
    readonly failures: Readonly<Record<string, number>>;
    readonly deferred?: number;
  }[] = [
    { except: later, failures: { 451: 4 } },
    { except: later, args: again, failures: { 451: 4 }, deferred: 8 },
    { except: { RCPT: '550 5.1.1 unknown', DATA: '503 no recipients' }, args: again, failures: { 550: 4 } },
    { except: { '.': '554 5.7.1 spam' }, failures: { 554: 4 } },
    { except: { MAIL: '421 4.7.0 bye' }, failures: { 421: 4 } },
    { except: { '.': undefined }, failures: { none: 4 } },
  ];
  for (const { except, args = [], failures, deferred = 0 } of rows) {
    const { port } = await serveAnswers(t, agreeable(except));
    const { code, summary, stderr } = await flood(port, [...four, ...args]);
    assert.deepEqual(
      [summary.failures, summary.deferred, summary.messages, code],
      [failures, deferred, 0, 106],
      JSON.stringify(except),
    );
    assert.match(stderr, /the server has taken nothing/);
  }
});

test('one recipient refused, the message taken', async (t) => {
  const { port } = await serveAnswers(t, agreeable({ 'RCPT TO:<u1.1@': '550 5.1.1 unknown' }));
  const { code, summary } = await flood(port, ['--messages', '2', '--recipients', '2']);
  assert.deepEqual([code, summary.messages, summary.recipientsRefused], [0, 2, 1]);
});

test('nobody listens, or nobody is let in: the flood gives up and says why', async (t) => {
  const { port } = await serveAnswers(t, agreeable({ CONNECT: '554 5.7.1 no' }));
  const rows: readonly (readonly [number, readonly string[], keyof FloodSummary['connections'], RegExp])[] = [
    [await freePort(), [], 'failed', /nothing: connect ECONNREFUSED/],
    [await freePort(), ['--rate', '50/s'], 'failed', /nothing: connect ECONNREFUSED/],
    [port, [], 'refused', /nothing: the greeting was refused with 554/],
    [(await serveAnswers(t, agreeable())).port, ['--tls', 'starttls'], 'failed', /does not offer STARTTLS/],
  ];
  for (const [port, args, event, why] of rows) {
    const { code, summary, stderr } = await flood(port, ['--duration', '1h', '--give-up', '300ms', ...args]);
    assert.deepEqual([code, summary.ended, summary.messages], [106, 'nobody', 0]);
    assert.ok(summary.connections[event] > 0);
    assert.equal(summary.connections.opened, 0);
    assert.match(stderr, why);
  }
});

test('a server that dies half-way: the flood ends with what was measured', async (t) => {
  let taken = 0;
  const alive = agreeable();
  const { port } = await serveAnswers(t, (command) => {
    if (command === '.') taken++;
    return taken > 50 ? undefined : alive(command);
  });
  const { code, summary, stderr } = await flood(port, ['--duration', '1h', '--give-up', '300ms']);
  assert.deepEqual([code, summary.ended, summary.messages], [106, 'nobody', 50]);
  assert.ok(summary.connections.lost > 0);
  assert.match(stderr, /the server was gone before the end: /);
});

test('Ctrl-C once: nothing new is begun, what is under way ends, and the result is printed', async (t) => {
  const { port, messages } = await serveAnswers(t, agreeable());
  let interrupted = false;
  const { code, summary, stderr } = await flood(
    port,
    ['--duration', '1h', '--connections', '2'],
    (_, interrupt) => {
      // The first line of progress comes after a second.
      if (!interrupted) interrupt();
      interrupted = true;
    },
  );
  assert.deepEqual([code, summary.ended, summary.unfinished], [105, 'interrupted', 0]);
  assert.ok(summary.messages > 0);
  assert.equal(summary.messages, messages.length);
  assert.match(stderr, /^\d+ s {2}[\d,]+ taken {2}/);
});

test('Ctrl-C twice: what is under way is cut off', async (t) => {
  const { port } = await serveAnswers(t, agreeable({ '.': '' }));
  let interrupts = 0;
  const { code, summary } = await flood(port, ['--duration', '1h', '--connections', '3'], (_, interrupt) => {
    if (interrupts++ < 2) interrupt();
  });
  assert.deepEqual([code, summary.ended, summary.unfinished, summary.messages], [105, 'interrupted', 3, 0]);
});

test('--noop holds connections open and sends no mail', async (t) => {
  const { port, commands, messages } = await serveAnswers(t, agreeable());
  const args = ['--noop', '--connections', '3', '--duration', '2s', '--pause', '50ms'];
  const { code, summary } = await flood(port, args);
  assert.deepEqual([code, summary.messages, messages.length, summary.connections.opened], [0, 0, 0, 3]);
  assert.ok(summary.noops >= 3);
  assert.equal(summary.noops, commands.filter((command) => command === 'NOOP').length);
  assert.notEqual(summary.responseTimeMs.p50, null);
});

test('logging in, with the password from the environment', async (t) => {
  process.env.WINDTUNNEL_PASSWORD = 'secret';
  t.after(() => {
    delete process.env.WINDTUNNEL_PASSWORD;
  });
  const { port, commands } = await serveAnswers(t, agreeable({ EHLO: '250-mx.test\r\n250 AUTH PLAIN' }));
  const { code } = await flood(port, ['--messages', '1', '--auth', 'plain', '--user', 'u']);
  assert.equal(code, 0);
  assert.ok(commands.includes(`AUTH PLAIN ${Buffer.from('\0u\0secret').toString('base64')}`));
});

test('from addresses of its own, to a name that leads here', async (t) => {
  const { port, sources } = await serveAnswers(t, agreeable());
  const argv = ['flood', `localhost:${port}`, '--messages', '4', '--connections', '4', '--json'];
  const { code, stdout } = await cli([...argv, '--source', '127.0.0.2', '--source', '127.0.0.3']);
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as FloodSummary).target, `127.0.0.1:${port}`);
  assert.deepEqual([...new Set(sources)].sort(), ['127.0.0.2', '127.0.0.3']);
});

test('a simulated ISP over TLS: both sides count the same', async (t) => {
  const isp = await startIspServer({
    profile: 'gmail',
    listen: { address: '127.0.0.1', port: 0 },
    seed: 1,
    limits: {},
    incidents: [],
    unlimited: true,
    transcript: undefined,
  });
  t.after(() => isp.stop());
  const { summary } = await flood(isp.port, ['--messages', '300', '--to', 'gmail.com', '--tls', 'starttls']);
  const { transactions, attempts } = isp.counters();
  const failed = Object.values(summary.failures).reduce((a, b) => a + b, 0);
  assert.deepEqual([summary.messages, summary.messages + failed], [attempts.accepted, transactions]);
  assert.equal(transactions, 300);
});

test('the table, for people', async (t) => {
  const { port } = await serveAnswers(t, agreeable());
  const { code, stdout } = await cli(['flood', `127.0.0.1:${port}`, '--messages', '10']);
  assert.equal(code, 0);
  assert.match(stdout, /\n {2}messages {6}10 taken in /);
  assert.match(stdout, /\n {2}response time( +[\d.]+ (µs|ms|s)){6}\n/);
});

test('what is not on this machine is refused before anything is sent', async (t) => {
  const connects = t.mock.method(Socket.prototype, 'connect', () => assert.fail('a connection was begun'));
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['10.0.0.1:25'],
      /^refusing to send load to 10\.0\.0\.1: [\s\S]*hint: .*--i-run-this-server 10\.0\.0\.1\n$/,
    ],
    [['192.168.0.1:25'], /^refusing to send load to 192\.168\.0\.1/],
    [['203.0.113.9:25'], /^refusing to send load to 203\.0\.113\.9/],
    [['[2001:db8::9]:25'], /^refusing to send load to 2001:db8::9/],
    [['0.0.0.0:25'], /^refusing to send load to 0\.0\.0\.0/],
    [['203.0.113.9:25', '--i-run-this-server', 'mx.test'], /name exactly that/],
    [['127.0.0.1:25', '--i-run-this-server', 'localhost'], /name exactly that/],
    [['127.0.0.1:25', '--source', '::1'], /^--source ::1: no connection leads from there to 127\.0\.0\.1/],
    [['127.0.0.1'], /expected a host and a port/],
    [[], /missing required argument/],
  ];
  for (const [args, message] of rows) {
    const { code, stdout, stderr } = await cli(['flood', ...args]);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, message);
  }
  assert.equal(connects.mock.callCount(), 0);
});
