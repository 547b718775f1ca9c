import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { monotonicMicros, realClock } from '../../../src/core/clock.ts';
import { HarnessError } from '../../../src/core/errors.ts';
import { messageOfSender, recipientOf } from '../../../src/core/identity.ts';
import { loopbackOnly } from '../../../src/core/proof.ts';
import { type Driver, type DriverPlan, startDriver } from '../../../src/driver/driver.ts';
import { type LoadPlan, plainLoad } from '../../../src/driver/load.ts';
import {
  INJECTION_STATES,
  type InjectionState,
  Kind,
  Packer,
  RecordView,
} from '../../../src/record/attempt-log.ts';
import { messagePlan, STAMP } from '../../support/message-plan.ts';

/** How a scripted server answers: one line a command, by verb; undefined hangs up without a word. */
interface Script {
  greeting?: string;
  pipelining?: boolean;
  mail?: (address: string) => string | undefined;
  rcpt?: (address: string) => string | undefined;
  data?: (address: string) => string | undefined;
  dot?: (address: string) => string | undefined;
}

interface Seen {
  /** Whole messages, dot-stuffed as they came, with their envelope. */
  readonly messages: { sender: string; recipients: string[]; text: string }[];
  connections: number;
  resets: number;
}

/** A tiny SMTP server that does what a test tells it. Not a real one: that the driver speaks to those is tested in e2e. */
async function serve(t: TestContext, script: Script): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = { messages: [], connections: 0, resets: 0 };
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    seen.connections++;
    sockets.add(socket);
    talk(socket, script, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

function talk(socket: Socket, script: Script, seen: Seen): void {
  let buffered = '';
  let sender = '';
  let open = false;
  let recipients: string[] = [];
  let text: string | undefined;
  socket.on('error', () => {});
  const say = (line: string | undefined): void =>
    void (line === undefined ? socket.destroy() : socket.write(`${line}\r\n`));
  say(script.greeting ?? '220 ready');
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    buffered += chunk;
    for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 2);
      if (text !== undefined) {
        if (line !== '.') text += `${line}\r\n`;
        else {
          if (text !== '') seen.messages.push({ sender, recipients, text });
          text = undefined;
          say(script.dot ? script.dot(sender) : '250 queued');
        }
      } else if (line.startsWith('EHLO'))
        say(script.pipelining === false ? '250 hello' : '250-hello\r\n250 PIPELINING');
      else if (line.startsWith('MAIL')) {
        sender = line.slice('MAIL FROM:<'.length, -1);
        recipients = [];
        const reply = script.mail ? script.mail(sender) : '250 ok';
        open = reply?.startsWith('250') === true;
        say(reply);
      } else if (line.startsWith('RCPT')) {
        const recipient = line.slice('RCPT TO:<'.length, -1);
        const reply = !open ? '503 MAIL first' : script.rcpt ? script.rcpt(recipient) : '250 ok';
        if (reply?.startsWith('250')) recipients.push(recipient);
        say(reply);
      } else if (line === 'DATA') {
        const reply = script.data
          ? script.data(sender)
          : recipients.length > 0
            ? '354 go'
            : '503 no recipients';
        if (reply?.startsWith('354')) text = '';
        say(reply);
      } else if (line === 'RSET') {
        seen.resets++;
        say('250 reset');
      } else if (line === 'QUIT') socket.end('221 bye\r\n');
    }
  });
}

interface PlanChanges extends Partial<DriverPlan> {
  readonly load?: Partial<LoadPlan>;
  readonly perMessage?: number;
  readonly messages?: number;
}

function planFor(port: number, changes: PlanChanges = {}): DriverPlan {
  const { perMessage = 1, messages = 40, load, ...rest } = changes;
  const plain = plainLoad(
    { executor: 'constant-arrival-rate', rate: 200, duration: messages * 5000 },
    messages,
    { connections: 4, timeoutMs: 5000, domain: 'gmail.com' },
  );
  return {
    seed: 1,
    loads: [
      {
        ...plain,
        recipients: { ...plain.recipients, perMessage, ispPer: 'recipient' },
        message: messagePlan({
          size: { kind: 'uniform', min: 500, max: 3000 },
          recipients: perMessage,
          senders: [
            { domain: 'a.test', signed: false },
            { domain: 'b.test', signed: false },
          ],
        }),
        ...load,
      },
    ],
    stamp: STAMP,
    helo: 'driver.test',
    targets: [{ endpoints: [{ address: '127.0.0.1', port }] }],
    targetPer: 'run',
    pipelineAcrossMessages: true,
    share: { worker: 0, of: 1 },
    ...rest,
  };
}

async function drive(plan: DriverPlan): Promise<{
  driver: Driver;
  injections: { message: number; state: InjectionState; code: number; slot: number | undefined }[];
}> {
  const packer = new Packer();
  const driver = await startDriver(plan, realClock(monotonicMicros()), packer, loopbackOnly());
  await driver.finished;
  const bytes = packer.take();
  const view = bytes ? new RecordView(bytes) : undefined;
  const injections = Array.from({ length: view?.count ?? 0 }, (_, index) => {
    const { kind, message, outcome, code, refusedSlot } = Object.assign(view as RecordView, { index });
    const state = INJECTION_STATES[outcome] as InjectionState;
    return kind === Kind.injection ? [{ message, state, code, slot: refusedSlot }] : [];
  }).flat();
  return { driver, injections: injections.sort((a, b) => a.message - b.message) };
}

for (const [pipelining, pipelineAcrossMessages] of [
  [true, true],
  [true, false],
  [false, false],
] as const) {
  const how = pipelineAcrossMessages
    ? 'pipelined across messages'
    : pipelining
      ? 'pipelined'
      : 'step by step';
  test(`every message arrives once, as it was made (${how})`, async (t) => {
    const { port, seen } = await serve(t, { pipelining });
    const { driver, injections } = await drive(planFor(port, { perMessage: 3, pipelineAcrossMessages }));
    assert.deepEqual(
      injections.map((i) => [i.message, i.state, i.code]),
      Array.from({ length: 40 }, (_, n) => [n, 'confirmed', 250]),
    );
    assert.deepEqual(
      [driver.counters().due, driver.counters().confirmed, driver.counters().failed],
      [40, 40, 0],
    );
    assert.ok(seen.connections <= 4);
    assert.deepEqual(
      seen.messages.map((m) => messageOfSender(m.sender)).sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: 40 }, (_, n) => n),
    );
    for (const { sender, recipients, text } of seen.messages) {
      const number = messageOfSender(sender) as number;
      assert.deepEqual(
        recipients.map((r) => recipientOf(r)),
        [0, 1, 2].map((slot) => ({ mailbox: number * 3 + slot, slot })),
      );
      assert.ok(text.includes(`X-Windtunnel-Message: ${number}\r\n`));
      assert.ok(text.includes(`Message-ID: <${number}@${sender.split('@')[1]}>\r\n`));
      assert.ok(text.length >= 430 && text.length <= 3000, `${text.length} bytes`);
      for (const line of text.split('\r\n')) assert.ok(line.length <= 998 && !/^\.[^.]/.test(line));
    }
  });
}

test('what the MTA refuses is recorded with its code', async (t) => {
  const rows: [string, Script, InjectionState, number][] = [
    ['MAIL refused', { mail: () => '451 later' }, 'refused', 451],
    ['every recipient refused', { rcpt: () => '550 unknown' }, 'refused', 550],
    ['DATA refused', { data: () => '452 full' }, 'refused', 452],
    ['refused after the dot', { dot: () => '554 no' }, 'refused', 554],
    ['no reply to the dot', { dot: () => undefined }, 'unconfirmed', 0],
    ['hung up at MAIL', { mail: () => undefined }, 'refused', 0],
    [
      '354 although no recipient was taken',
      { rcpt: () => '550 unknown', data: () => '354 go' },
      'refused',
      550,
    ],
  ];
  for (const pipelining of [true, false]) {
    for (const [name, script, state, code] of rows) {
      const { port } = await serve(t, { ...script, pipelining });
      const shape = { executor: 'shared-iterations', vus: 4, iterations: 6, maxDuration: 60e6 } as const;
      const { injections } = await drive(planFor(port, { load: { shape }, pipelineAcrossMessages: false }));
      const expected = Array.from({ length: 6 }, (_, message) => ({ message, state, code, slot: undefined }));
      assert.deepEqual(injections, expected, `${name}, pipelining ${pipelining}`);
    }
  }
});

test('one recipient refused, the others taken', async (t) => {
  const { port, seen } = await serve(t, {
    rcpt: (address) => (recipientOf(address)?.slot === 1 ? '550 unknown' : '250 ok'),
  });
  const { injections } = await drive(planFor(port, { perMessage: 3, messages: 2 }));
  assert.deepEqual(injections, [
    { message: 0, state: 'confirmed', code: 250, slot: undefined },
    { message: 0, state: 'refused', code: 550, slot: 1 },
    { message: 1, state: 'confirmed', code: 250, slot: undefined },
    { message: 1, state: 'refused', code: 550, slot: 1 },
  ]);
  assert.deepEqual(
    seen.messages.map((m) => m.recipients.length),
    [2, 2],
  );
});

test('a server that refuses every connection: all is dropped, none of it lost from the record', async (t) => {
  const { port } = await serve(t, { greeting: '554 go away' });
  const { driver, injections } = await drive(planFor(port, { messages: 10 }));
  assert.deepEqual(
    injections.map((i) => i.state),
    new Array(10).fill('dropped'),
  );
  assert.equal(driver.counters().dropped, 10);
});

test('nobody listens: the same', async (t) => {
  const { port } = await serve(t, {});
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const unused = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
  assert.notEqual(unused, port);
  const { injections } = await drive(planFor(unused, { messages: 10 }));
  assert.deepEqual(
    injections.map((i) => i.state),
    new Array(10).fill('dropped'),
  );
});

test('a server that hangs up after each message is reconnected to', async (t) => {
  let answered = 0;
  const { port, seen } = await serve(t, {
    pipelining: false,
    mail: () => (answered++ % 2 === 0 ? '250 ok' : '421 enough'),
  });
  const { injections } = await drive(planFor(port, { messages: 20 }));
  assert.equal(injections.length, 20);
  assert.equal(injections.filter((i) => i.state === 'confirmed').length, seen.messages.length);
  assert.ok(injections.every((i) => i.state === 'confirmed' || i.code === 421));
});

test('a stop ends the load early; what is under way still ends', async (t) => {
  const { port, seen } = await serve(t, {});
  const packer = new Packer();
  const driver = await startDriver(
    planFor(port, { messages: 100_000 }),
    realClock(monotonicMicros()),
    packer,
    loopbackOnly(),
  );
  while (driver.counters().confirmed < 5) await realClock(monotonicMicros()).until(5000);
  driver.stop();
  await driver.finished;
  const { confirmed, begun, due } = driver.counters();
  assert.equal(seen.messages.length, confirmed);
  const view = new RecordView(packer.take() as Uint8Array);
  let records = 0;
  for (view.index = 0; view.index < view.count; view.index++) if (view.kind === Kind.injection) records++;
  assert.equal(records, due);
  assert.ok(begun < 1000);
});

test('no load goes anywhere but to this machine', async () => {
  for (const address of [
    '198.18.16.10',
    '8.8.8.8',
    '10.0.0.1',
    '192.168.1.1',
    '2001:db8::1',
    'localhost',
    '',
  ]) {
    const plan = planFor(25, {
      targets: [{ endpoints: [{ address, port: 25 }] }],
    });
    await assert.rejects(
      startDriver(plan, realClock(monotonicMicros()), new Packer(), loopbackOnly()),
      (e) => e instanceof HarnessError && e.kind === 'usage' && e.message.includes('refusing to send load'),
      address,
    );
  }
});
