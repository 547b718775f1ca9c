import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createTransport } from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { type DsnMail, startMailroom } from '../../../fakes/mailroom/mailroom.ts';
import { sleepMs } from '../../../src/core/clock.ts';
import { envelopeSender, MESSAGE_HEADER, recipientAddress, recipientOf } from '../../../src/core/identity.ts';
import { type Faults, type FaultyMta, startFaultyMta } from '../../support/faulty-mta.ts';
import { fixedRetry } from '../../support/pacing.ts';

const NONE: Faults = { drop: () => false, duplicate: () => false, forgetDsn: () => false };

/** How an ISP answers a recipient's n-th attempt, from 1: 250 or a refusal. */
type Answers = (mailbox: number, attempt: number) => number;

interface World {
  readonly mta: FaultyMta;
  /** Acceptances per recipient. */
  readonly accepted: Map<string, number>;
  readonly attempts: Map<string, number>;
  /** The different contents that were accepted. */
  readonly bodies: Set<string>;
  readonly dsns: DsnMail[];
  inject(message: number, recipients: string[]): Promise<unknown>;
  /** Waits for an empty queue. */
  drained(): Promise<void>;
}

/** An ISP at isp.test, nobody at dead.test, a mailroom, and the MTA between them. */
async function world(
  t: TestContext,
  faults: Partial<Faults>,
  answers: Answers,
  retryMs = 20,
): Promise<World> {
  const accepted = new Map<string, number>();
  const attempts = new Map<string, number>();
  const bodies = new Set<string>();
  const dsns: DsnMail[] = [];
  const isp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1,
    onRcptTo({ address }, _session, callback) {
      const attempt = count(attempts, address);
      const code = answers(recipientOf(address)?.mailbox ?? 0, attempt);
      callback(code === 250 ? null : Object.assign(new Error(`reply ${code}`), { responseCode: code }));
    },
    onData(stream, { envelope }, callback) {
      let body = '';
      stream.setEncoding('latin1').on('data', (chunk: string) => {
        body += chunk;
      });
      stream.on('end', () => {
        bodies.add(body);
        for (const { address } of envelope.rcptTo) count(accepted, address);
        callback();
      });
    },
  });
  isp.on('error', () => {});
  isp.listen(0, '127.0.0.1');
  await once(isp.server, 'listening');
  const port = (isp.server.address() as AddressInfo).port;

  const mailroom = await startMailroom({
    address: '127.0.0.1',
    port: 0,
    hostname: 'mx.sender.test',
    onDsn: (dsn) => void dsns.push(dsn),
    onMail: ({ kind }) => assert.fail(`the mailroom got a mail of kind ${kind}`),
  });
  const mta = await startFaultyMta({
    listen: { address: '127.0.0.1', port: 0 },
    // Port 1 on loopback: nobody listens there.
    route: (domain) => ({ address: '127.0.0.1', port: domain === 'isp.test' ? port : 1 }),
    mailroom,
    faults: { ...NONE, ...faults },
    pace: () => fixedRetry(retryMs),
    attempts: 3,
    connections: 10,
  });
  const { address: host, port: submission } = mta.submission;
  const client = createTransport({
    host,
    port: submission,
    ignoreTLS: true,
    pool: true,
    maxConnections: 10,
    maxMessages: 1e6,
  });
  t.after(async () => {
    client.close();
    await mta.stop();
    await mailroom.stop();
    await new Promise<void>((resolve) => isp.close(resolve));
  });
  return {
    mta,
    accepted,
    attempts,
    bodies,
    dsns,
    inject: (message, to) =>
      client.sendMail({
        envelope: { from: envelopeSender(message, 'sender.test'), to },
        raw: contentOf(message),
      }),
    async drained() {
      while (mta.listQueue().length > 0) await sleepMs(5);
    },
  };
}

function contentOf(message: number): string {
  return `${MESSAGE_HEADER}: ${message}\r\n\r\n.a line that begins with a dot\r\n..\r\n`;
}

function count(counts: Map<string, number>, key: string): number {
  const next = (counts.get(key) ?? 0) + 1;
  counts.set(key, next);
  return next;
}

function at(mailbox: number): string {
  return recipientAddress(mailbox, 0, 'isp.test');
}

test('an MTA without faults delivers, retries, bounces and expires', async (t) => {
  const answers: Answers = (mailbox, attempt) =>
    [250, attempt < 3 ? 451 : 250, 550, 452, 421][mailbox] ?? 250;
  const { mta, accepted, attempts, bodies, dsns, inject, drained } = await world(t, {}, answers);
  const nobody = recipientAddress(9, 0, 'dead.test');
  await inject(1, [at(0), at(1), at(2)]);
  await inject(2, [at(3), at(4), nobody]);
  await drained();

  assert.deepEqual([...accepted].sort(), [
    [at(0), 1],
    [at(1), 1],
  ]);
  assert.deepEqual([...bodies], [contentOf(1)]);
  assert.deepEqual([...attempts].sort(), [
    [at(0), 1],
    [at(1), 3],
    [at(2), 1],
    [at(3), 3],
    [at(4), 3],
  ]);
  const told = dsns.flatMap(({ message, reports }) =>
    reports.map((r) => `${message} ${r.recipient} ${r.action} ${r.status}`),
  );
  assert.deepEqual(told.sort(), [
    `1 ${at(2)} failed 5.0.0`,
    `2 ${at(3)} failed 5.4.7`,
    `2 ${at(4)} failed 5.4.7`,
    `2 ${nobody} failed 5.4.7`,
  ]);
  assert.deepEqual(mta.misdeeds, { dropped: 0, duplicated: 0, forgotten: 0, lost: [], repeated: [] });
});

test('each fault is done to exactly the messages that it names, at some hundred messages a second', async (t) => {
  const faults: Faults = {
    drop: (n) => n % 10 === 0,
    duplicate: (n) => n % 10 === 1,
    forgetDsn: (n) => n % 10 < 5,
  };
  // Every third mailbox does not exist; every seventh is busy at first.
  const answers: Answers = (mailbox, attempt) =>
    mailbox % 3 === 0 ? 550 : mailbox % 7 === 0 && attempt === 1 ? 451 : 250;
  const { mta, accepted, dsns, inject, drained } = await world(t, faults, answers);
  const messages = Array.from({ length: 300 }, (_, n) => n);
  await Promise.all(messages.map((n) => inject(n, [at(n)])));
  await drained();

  const expected = { once: 0, twice: 0, dropped: 0, forgotten: 0, told: [] as number[] };
  for (const n of messages) {
    if (faults.drop(n)) expected.dropped++;
    else if (n % 3 !== 0) expected[faults.duplicate(n) ? 'twice' : 'once']++;
    else if (faults.forgetDsn(n)) expected.forgotten++;
    else expected.told.push(n);
  }
  const times = [...accepted.values()];
  assert.deepEqual(
    {
      once: times.filter((n) => n === 1).length,
      twice: times.filter((n) => n === 2).length,
      dropped: mta.misdeeds.dropped,
      forgotten: mta.misdeeds.forgotten,
      told: dsns.map((dsn) => dsn.message).sort((a, b) => Number(a) - Number(b)),
    },
    expected,
  );
  assert.equal(mta.misdeeds.duplicated, expected.twice);
});

test('what waits for another attempt is listed, and stays listed after stop', async (t) => {
  const { mta, attempts, inject } = await world(t, {}, () => 451, 60_000);
  const waiting = recipientAddress(5, 0, 'isp.test');
  await inject(7, [waiting]);
  while (!attempts.has(waiting)) await sleepMs(5);
  const expected = [{ sender: 'b-7@sender.test', recipient: waiting }];
  assert.deepEqual(mta.listQueue(), expected);
  await mta.stop();
  assert.deepEqual(mta.listQueue(), expected);
});
