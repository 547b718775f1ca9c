import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { createTransport } from 'nodemailer';
import { HarnessError } from '../../src/core/errors.ts';
import type { MtaEvent, MtaHost, MtaPlan, RunningMta } from '../../src/mta/adapter.ts';
import { haraka } from '../../src/mta/haraka/adapter.ts';
import {
  folder,
  hostHere,
  Isp,
  planWith,
  SENDER,
  type Seen,
  SOURCES,
  until,
} from '../support/haraka-ground.ts';

function only(seen: readonly Seen[], to: string): readonly Seen[] {
  return seen.filter((attempt) => attempt.to === to);
}

/** The body of the message/delivery-status part of a DSN, one field a line. */
function deliveryStatus(dsn: string): string[] {
  const part = /Content-type: message\/delivery-status\r?\n\r?\n([\s\S]*?)\r?\n--/.exec(dsn)?.[1] ?? '';
  return part.split(/\r?\n/).map((line) => line.trim());
}

test('Haraka relays, binds sources, retries, bounces and stops', async (t) => {
  if (process.platform !== 'linux')
    return t.skip('skipped: only Linux has all of 127.0.0.0/8 on its loopback');
  const [gmail, yahoo, mailroom] = [new Isp(true), new Isp(false), new Isp(false)];
  const plan = await planWith(t, { 'gmail.com': gmail, 'yahoo.com': yahoo, [SENDER]: mailroom });
  const here = hostHere();
  const mta: RunningMta = await haraka.start(plan, here);
  const [at] = mta.submission;
  assert.ok(at);
  const { address: host, port } = at;
  const injector = createTransport({ host, port, pool: true, maxConnections: 5, ignoreTLS: true });
  t.after(async () => {
    injector.close();
    await mta.stop();
  });
  const inject = (
    number: number,
    to: string | string[],
    headers: Record<string, string> = {},
  ): Promise<unknown> =>
    injector.sendMail({
      envelope: { from: `b-${number}@${SENDER}`, to },
      headers,
      subject: `message ${number}`,
      text: 'hello',
    });
  const dsnFor = async (number: number): Promise<string[]> => {
    const to = `b-${number}@${SENDER}`;
    await until(`a DSN for message ${number}`, () =>
      mailroom.messages.some((dsn) => dsn.includes(`To: <${to}>`)),
    );
    assert.deepEqual(
      only(mailroom.accepted, to).map(({ from }) => from),
      [''],
      'one DSN, from the null sender',
    );
    return deliveryStatus(mailroom.messages.find((dsn) => dsn.includes(`To: <${to}>`)) ?? '');
  };

  await t.test('50 messages arrive, half from each source, with TLS where it is offered', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    await Promise.all(numbers.map((i) => inject(i, `u${i}.0@${i % 2 ? 'yahoo.com' : 'gmail.com'}`)));
    await until('50 deliveries', () => gmail.messages.length + yahoo.messages.length === 50);
    for (const [isp, secure] of [
      [gmail, true],
      [yahoo, false],
    ] as const) {
      assert.equal(new Set(isp.accepted.map(({ to }) => to)).size, 25);
      for (const [index, count] of [
        [0, 13],
        [1, 12],
      ] as const) {
        const own = isp.accepted.filter(({ source }) => source === SOURCES[index]?.address);
        assert.equal(own.length, count);
        assert.ok(own.every((seen) => seen.helo === SOURCES[index]?.helo && seen.secure === secure));
      }
    }
    await until('an empty queue', async () => (await mta.queueDepth()) === 0);
    assert.deepEqual(await mta.listQueue(), []);
  });

  await t.test('a message that names its virtual MTA leaves from there', async () => {
    for (const number of [100, 101, 102])
      await inject(number, `u${number}.0@yahoo.com`, { 'X-Virtual-MTA': 'two' });
    await until('three deliveries', () => only(yahoo.accepted, 'u102.0@yahoo.com').length === 1);
    for (const number of [100, 101, 102]) {
      assert.deepEqual(
        only(yahoo.accepted, `u${number}.0@yahoo.com`).map(({ source }) => source),
        ['127.0.0.3'],
      );
    }
  });

  await t.test('a deferred recipient is listed, tried again from the same source and delivered', async () => {
    const deferred = ['u201.1@yahoo.com', 'u202.0@yahoo.com'];
    for (const to of deferred) yahoo.answer(to, (n) => (n === 1 ? '450 4.2.1 slow down' : undefined));
    await inject(201, ['u201.0@yahoo.com', 'u201.1@yahoo.com', 'u201.2@gmail.com']);
    await inject(202, 'u202.0@yahoo.com');
    const expected = [`b-201@${SENDER} u201.1@yahoo.com`, `b-202@${SENDER} u202.0@yahoo.com`];
    await until('exactly the deferred are queued', async () => {
      const listed = ((await mta.listQueue()) ?? []).map(({ sender, recipient }) => `${sender} ${recipient}`);
      return isDeepStrictEqual(listed.sort(), expected);
    });
    for (const to of deferred) {
      await until(`${to} is delivered`, () => only(yahoo.accepted, to).length === 1);
      const attempts = only(yahoo.attempts, to);
      assert.equal(attempts.length, 2);
      assert.equal(attempts[0]?.source, attempts[1]?.source);
    }
    await until('an empty queue', async () => (await mta.queueDepth()) === 0);
  });

  await t.test('a rejected recipient makes a DSN', async () => {
    gmail.answer('u301.0@gmail.com', () => '550 5.1.1 no such user');
    await inject(301, 'u301.0@gmail.com');
    const status = await dsnFor(301);
    assert.equal(only(gmail.attempts, 'u301.0@gmail.com').length, 1);
    for (const field of [
      'Reporting-MTA: dns;mta.sender.test',
      'Final-Recipient: rfc822;u301.0@gmail.com',
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp;550 5.1.1 no such user',
    ]) {
      assert.ok(status.includes(field), `${field} in\n${status.join('\n')}`);
    }
  });

  await t.test(
    'Haraka’s DSN for a part of the recipients lacks Action and Status (RFC 3464 2.3)',
    async () => {
      gmail.answer('u302.1@gmail.com', () => '550 5.1.1 no such user');
      await inject(302, ['u302.0@gmail.com', 'u302.1@gmail.com']);
      const status = await dsnFor(302);
      assert.ok(status.includes('Final-Recipient: rfc822;u302.1@gmail.com'));
      assert.ok(!status.some((field) => /^(Action|Status|Final-Recipient: rfc822;u302\.0)/.test(field)));
      assert.equal(only(gmail.accepted, 'u302.0@gmail.com').length, 1);
    },
  );

  await t.test('a message that is deferred until it expires makes a DSN', async () => {
    yahoo.answer('u401.0@yahoo.com', () => '451 4.7.1 not now');
    await inject(401, 'u401.0@yahoo.com');
    const status = await dsnFor(401);
    assert.equal(
      only(yahoo.attempts, 'u401.0@yahoo.com').length,
      3,
      'waits of 1 s until 2 s: three attempts',
    );
    for (const field of ['Action: failed', 'Status: 5.7.1', 'Diagnostic-Code: smtp;451 4.7.1 not now']) {
      assert.ok(status.includes(field), `${field} in\n${status.join('\n')}`);
    }
  });

  await t.test('a domain without a route bounces: DNS is not asked', async () => {
    await inject(501, 'u501.0@elsewhere.test');
    assert.ok((await dsnFor(501)).includes('Final-Recipient: rfc822;u501.0@elsewhere.test'));
  });

  await t.test('it stops, and no process is left', async () => {
    const [pid] = here.pids();
    await mta.stop();
    assert.deepEqual(here.ends, ['Haraka ended with exit code 0']);
    assert.throws(() => process.kill(pid as number, 0), { code: 'ESRCH' });
    await mta.stop();
  });
});

test('a Haraka that is killed starts again with the queue that it left', async (t) => {
  const gmail = new Isp(false);
  gmail.answer('u1.0@gmail.com', (attempt) => (attempt === 1 ? '451 4.7.1 not now' : undefined));
  const here = hostHere();
  const plan = await planWith(t, { 'gmail.com': gmail });
  const mta = await haraka.start({ ...plan, retry: [2e6], expire: 60e6 }, here);
  t.after(() => mta.stop());
  const injector = createTransport({
    host: '127.0.0.1',
    port: mta.submission[0]?.port ?? 0,
    ignoreTLS: true,
  });
  await injector.sendMail({ envelope: { from: `b-1@${SENDER}`, to: 'u1.0@gmail.com' }, text: 'hello' });
  await until('a deferral', () => gmail.attempts.length === 1);
  const queued = [{ sender: `b-1@${SENDER}`, recipient: 'u1.0@gmail.com' }];
  await until('the deferral is in the queue', async () => isDeepStrictEqual(await mta.listQueue(), queued));
  await here.kill();
  assert.deepEqual(here.ends, ['Haraka was ended by SIGKILL']);
  assert.deepEqual(here.pids(), []);
  await mta.restart();
  await until('a delivery', () => gmail.accepted.length === 1);
});

test('several workers share the mail, keep to the limits of an ISP, and lose nothing when they are killed mid-flow', async (t) => {
  if (process.platform !== 'linux')
    return t.skip('skipped: only Linux has all of 127.0.0.0/8 on its loopback');
  const [gmail, yahoo, mailroom] = [new Isp(true), new Isp(false), new Isp(false)];
  // One message in five is deferred at first, so that the queue holds some of every kind.
  for (let i = 0; i < 150; i += 5)
    gmail.answer(`u${i}.0@gmail.com`, (attempt) => (attempt === 1 ? '451 4.7.1 not now' : undefined));
  const here = hostHere();
  const plan = await planWith(t, { 'gmail.com': gmail, 'yahoo.com': yahoo, [SENDER]: mailroom });
  const isp = { hosts: [], concurrency: undefined, rate: undefined, replies: [] };
  const mta = await haraka.start(
    {
      ...plan,
      workers: 2,
      retry: [1e6],
      expire: 60e6,
      isps: [
        { ...isp, id: 'gmail', domains: ['gmail.com'], concurrency: 4 },
        { ...isp, id: 'yahoo', domains: ['yahoo.com'] },
      ],
    },
    here,
  );
  t.after(() => mta.stop());
  const injector = createTransport({
    host: '127.0.0.1',
    port: mta.submission[0]?.port ?? 0,
    pool: true,
    maxConnections: 8,
    ignoreTLS: true,
  });
  const confirmed = new Set<string>();
  const injections = Array.from({ length: 150 }, (_, i) => {
    const to = `u${i}.0@${i % 3 ? 'gmail.com' : 'yahoo.com'}`;
    const sent = injector.sendMail({ envelope: { from: `b-${i}@${SENDER}`, to }, text: 'hello' });
    // What is under way when Haraka is killed fails.
    return sent.then(
      () => confirmed.add(to),
      () => {},
    );
  });
  await until('mail flows', () => gmail.accepted.length > 10 && confirmed.size > 60);
  await here.kill();
  injector.close();
  await Promise.all(injections);
  assert.deepEqual(here.ends, ['Haraka was ended by SIGKILL']);

  const accepted = (): string[] => [...gmail.accepted, ...yahoo.accepted].map(({ to }) => to);
  const before = new Set(accepted());
  const queued = new Set(((await mta.listQueue()) ?? []).map(({ recipient }) => recipient));
  for (const to of confirmed) assert.ok(before.has(to) || queued.has(to), `${to} is delivered or queued`);
  assert.ok(queued.size > 0);

  await mta.restart();
  await until('an empty queue', async () => (await mta.queueDepth()) === 0);
  const times = (to: string): number => accepted().filter((each) => each === to).length;
  for (const to of queued) {
    // Whom the ISP had taken before Haraka could say so in its queue gets it again (RFC 1047).
    assert.equal(times(to), before.has(to) ? 2 : 1, to);
  }
  for (const to of confirmed) assert.ok(times(to) >= 1, to);
  assert.ok(gmail.most <= 4, `${gmail.most} connections at a time`);

  const events: MtaEvent[] = [];
  for await (const event of haraka.events?.(plan.folder) ?? []) events.push(event);
  const told = (kind: MtaEvent['kind']): string[] =>
    events.filter((event) => event.kind === kind).map(({ recipient }) => recipient);
  assert.equal(new Set(told('received')).size, told('received').length);
  for (const to of confirmed) assert.ok(told('received').includes(to), `${to} was received`);
  for (const to of new Set(told('delivered'))) assert.ok(times(to) >= 1, to);
  await mta.stop();
  assert.deepEqual(here.pids(), []);
});

test('a start that fails ends with the log', async (t) => {
  const holder = createServer((socket) => socket.end('220 somebody else\r\n'));
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const plan = await planWith(t, { 'gmail.com': new Isp(false) });
  const here = hostHere();
  const table: { name: string; plan: MtaPlan; host: MtaHost; message: RegExp }[] = [
    {
      name: 'the port is taken by a program that greets as well',
      plan: { ...plan, submission: { ...plan.submission, port } },
      host: hostHere(),
      message: /ended with exit code 1\n[\s\S]*EADDRINUSE/,
    },
    {
      name: 'the program is not there',
      plan,
      host: { ...here, spawn: (argv, options) => here.spawn(['/no/such/program', ...argv], options) },
      message: /^Haraka could not be started: .*ENOENT/,
    },
  ];
  for (const row of table) {
    await assert.rejects(
      haraka.start({ ...row.plan, folder: await folder(t) }, row.host),
      (error: unknown) => {
        assert.ok(error instanceof HarnessError, row.name);
        assert.equal(error.kind, 'lab');
        assert.match(error.message, row.message, row.name);
        assert.match(error.hint ?? '', /haraka\.log/);
        return true;
      },
    );
  }
});
