/** The driver's sessions against Postfix's smtp-sink, told to answer in all its ways. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { sleepMs } from '../../src/core/clock.ts';
import { isRoot } from '../../src/core/process.ts';
import type { SessionTarget } from '../../src/driver/session.ts';
import { type Conversation, converse, type Work } from '../support/conversation.ts';
import { lacking } from '../support/skip.ts';

const messages: Work[] = Array.from({ length: 100 }, (_, n) => ({ message: n % 3 }));
const auth = (mechanism: 'plain' | 'login'): Partial<SessionTarget> => ({
  auth: { mechanism, user: 'u', password: 'p' },
});

interface Row {
  readonly args: readonly string[];
  readonly target?: Partial<SessionTarget>;
  /** How many messages ended how; those that a closed connection never began are none of them. */
  readonly results: Readonly<Record<string, number>>;
  readonly end: Pick<Conversation['end'], 'stage' | 'code'>;
}

const QUIT = { stage: 'open', code: 221 } as const;
const rows: Readonly<Record<string, Row>> = {
  'takes everything': { args: [], results: { 'confirmed 250': 100 }, end: QUIT },
  'takes it step by step': { args: ['-p'], results: { 'confirmed 250': 100 }, end: QUIT },
  'knows HELO alone': { args: ['-e'], results: { 'confirmed 250': 100 }, end: QUIT },
  'AUTH PLAIN': { args: [], target: auth('plain'), results: { 'confirmed 250': 100 }, end: QUIT },
  'AUTH LOGIN': { args: [], target: auth('login'), results: { 'confirmed 250': 100 }, end: QUIT },
  'offers no AUTH': { args: ['-a'], target: auth('plain'), results: {}, end: { stage: 'auth', code: 0 } },
  'offers no STARTTLS': {
    args: [],
    target: { tls: 'starttls' },
    results: {},
    end: { stage: 'tls', code: 0 },
  },
  'defers MAIL': { args: ['-r', 'mail'], results: { 'refused 450': 100 }, end: QUIT },
  'refuses recipients': { args: ['-f', 'rcpt'], results: { 'refused 500': 100 }, end: QUIT },
  'defers DATA': { args: ['-r', 'data'], results: { 'refused 450': 100 }, end: QUIT },
  'refuses the dot': { args: ['-f', '.'], results: { 'refused 500': 100 }, end: QUIT },
  'closes at DATA': {
    args: ['-Q', 'data'],
    results: { 'refused 421': 1 },
    end: { stage: 'open', code: 421 },
  },
  'hangs up at the dot': {
    args: ['-q', '.'],
    results: { 'unconfirmed 0': 1, 'refused 0': 1 },
    end: { stage: 'open', code: 0 },
  },
  'closes at the greeting': { args: ['-Q', 'connect'], results: {}, end: { stage: 'greeting', code: 421 } },
};

test('smtp-sink', async (t) => {
  const program = ['/usr/sbin/smtp-sink', '/usr/bin/smtp-sink'].find(executable);
  if (program === undefined) {
    lacking(t, 'no smtp-sink (package postfix)');
    return;
  }
  for (const [name, { args, target, results, end }] of Object.entries(rows)) {
    await t.test(name, async (t) => {
      const port = await startSink(t, program, args);
      const conversation = await converse({ port, ...target }, messages, { ahead: true });
      const tally: Record<string, number> = {};
      for (const { state, code } of conversation.results)
        tally[`${state} ${code}`] = (tally[`${state} ${code}`] ?? 0) + 1;
      const { stage, code } = conversation.end;
      assert.deepEqual({ results: tally, end: { stage, code } }, { results, end });
    });
  }
});

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts smtp-sink on a free port and waits until it listens. */
async function startSink(t: TestContext, program: string, args: readonly string[]): Promise<number> {
  const reserved = createServer().listen(0, '127.0.0.1');
  await once(reserved, 'listening');
  const { port } = reserved.address() as { port: number };
  reserved.close();
  await once(reserved, 'close');
  const user = isRoot() ? ['-u', 'nobody'] : [];
  const sink = spawn(program, [...user, ...args, `127.0.0.1:${port}`, '100'], { stdio: 'ignore' });
  t.after(async () => {
    sink.kill();
    if (sink.exitCode === null && sink.signalCode === null) await once(sink, 'exit');
  });
  while (!(await listens(sink, port))) await sleepMs(10);
  return port;
}

async function listens(sink: ChildProcess, port: number): Promise<boolean> {
  assert.equal(sink.exitCode, null, 'smtp-sink has ended');
  const socket = connect({ host: '127.0.0.1', port });
  const connected = await new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}
