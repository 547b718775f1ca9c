import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { monotonicMicros, realClock } from '../../../src/core/clock.ts';
import { HarnessError } from '../../../src/core/errors.ts';
import { messageOfSender, recipientOf } from '../../../src/core/identity.ts';
import { loopbackOnly } from '../../../src/core/proof.ts';
import { startDriver } from '../../../src/driver/driver.ts';
import { type InjectionState, Kind, Packer, RecordView } from '../../../src/record/attempt-log.ts';
import { drive, planFor, type Script, serve } from '../../support/scripted-server.ts';

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
    const shape = { executor: 'shared-iterations', vus: 4, iterations: 40, maxDuration: 60e6 } as const;
    const plan = planFor(port, { perMessage: 3, pipelineAcrossMessages, load: { shape } });
    const { driver, injections } = await drive(plan);
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
  const { injections } = await drive(
    planFor(port, {
      perMessage: 3,
      load: { shape: { executor: 'shared-iterations', vus: 1, iterations: 2, maxDuration: 60e6 } },
    }),
  );
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
  // Behind the load there is time to come back.
  const stages = [
    { duration: 100e3, target: 200 },
    { duration: 0, target: 0 },
    { duration: 3e6, target: 0 },
  ];
  const shape = { executor: 'ramping-arrival-rate', startRate: 200, stages } as const;
  const { injections } = await drive(planFor(port, { load: { shape, messages: 20 } }));
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
