import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueCertificates } from '../../../../fakes/isp/certificates.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { IspObserver } from '../../../../fakes/isp/session.ts';
import { startSink } from '../../../../fakes/isp/sink.ts';
import type { Effect } from '../../../../fakes/isp/verdict.ts';
import { createAuthority } from '../../../../fakes/tls.ts';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { SmtpClient } from '../../../support/smtp-client.ts';

const ENVELOPE = ['EHLO x.test', 'MAIL FROM:<b@news.sender.test>', 'RCPT TO:<u1.0@gmail.com>', 'DATA'];
const HOST = 'gmail-smtp-in.l.google.com';

const authority = await createAuthority();
const certificates = await issueCertificates(authority, [HOST]);

/** Runs a dialogue with a Gmail that has a fault, and returns it with what became of the messages. */
async function meet(effect: Effect, dialogue: (client: SmtpClient) => Promise<unknown>): Promise<string[]> {
  const outcomes: string[] = [];
  const observer: IspObserver = {
    connectionOpened() {},
    connectionClosed() {},
    replyLost() {},
    attempt: ({ outcome }) => outcomes.push(outcome),
    transaction() {},
  };
  const isp = resolveIsp(loadProfile('gmail'), {
    scale: 1,
    overrides: { mailboxes: { unknown: 0, full: 0, disabled: 0 }, authentication: 'off' },
    incidents: [{ start: 0, end: 1e6, effect }],
  });
  const sink = await startSink({
    isp,
    listen: [{ address: '127.0.0.1', port: 0 }],
    clock: new VirtualClock(),
    prng: createPrng(1),
    observer,
    sourceOf: () => 0,
    certificates,
  });
  const client = new SmtpClient(sink.addresses[0] ?? assert.fail());
  try {
    await dialogue(client);
  } finally {
    client.destroy();
    await sink.stop();
  }
  return outcomes;
}

const code = (reply: string[]): string => reply[0]?.slice(0, 3) ?? '';
const toDot = async (client: SmtpClient): Promise<void> => {
  await client.reply();
  assert.equal(code(await client.ask(...ENVELOPE)), '354');
  client.write('Subject: x\r\n\r\nx\r\n.\r\n');
};

test('late answers are the same answers', async () => {
  for (const kind of ['slow-banner', 'tarpit'] as const) {
    const outcomes = await meet({ kind, delay: 2000 }, async (client) => {
      await toDot(client);
      assert.equal(code(await client.reply()), '250');
    });
    assert.deepEqual(outcomes, ['accepted'], kind);
  }
});

test('a message whose reply is lost was taken', async () => {
  const outcomes = await meet({ kind: 'lose-reply' }, async (client) => {
    await toDot(client);
    await client.closed();
    assert.deepEqual(client.unread(), []);
  });
  assert.deepEqual(outcomes, ['accepted']);
});

test('a connection that is reset in the middle of a message has delivered nothing', async () => {
  const outcomes = await meet({ kind: 'reset', bytes: 100 }, async (client) => {
    await client.reply();
    await client.ask(...ENVELOPE);
    client.write('x'.repeat(100));
    await client.closed();
    assert.equal(client.error, 'ECONNRESET');
  });
  assert.deepEqual(outcomes, ['dropped']);
});

test('a connection that stalls says nothing more, and is the client’s to close', async () => {
  for (const [stage, heard] of [
    ['connect', 0],
    ['ehlo', 1],
    ['dot', 5],
  ] as const) {
    const outcomes = await meet({ kind: 'stall', stage }, async (client) => {
      client.write(`${ENVELOPE.join('\r\n')}\r\n`);
      for (let n = 0; n < heard; n++) await client.reply();
      if (stage === 'dot') client.write('x\r\n.\r\n');
      client.end();
      await client.closed();
      assert.deepEqual(client.unread(), []);
    });
    assert.deepEqual(outcomes, stage === 'dot' ? ['accepted'] : []);
  }
});

test('a half-open connection is closed from our side only', async () => {
  await meet({ kind: 'half-open', stage: 'ehlo' }, async (client) => {
    await client.reply();
    client.write('EHLO x.test\r\n');
    await client.closed();
    assert.deepEqual(client.unread(), []);
  });
});

test('TLS that is broken', async () => {
  const secured = async (client: SmtpClient): Promise<void> => {
    await client.reply();
    const offered = await client.ask('EHLO x.test');
    assert.ok(offered.some((line) => line.endsWith('STARTTLS')));
    assert.equal(code(await client.ask('STARTTLS')), '220');
    await client.secure(authority.caPem, HOST);
  };
  for (const [fault, message] of [
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['handshake-reset', 'ECONNRESET'],
  ] as const) {
    await meet({ kind: 'tls', fault }, (client) => assert.rejects(secured(client), { message }));
  }
  await meet({ kind: 'tls', fault: 'not-offered' }, async (client) => {
    await client.reply();
    const offered = await client.ask('EHLO x.test');
    assert.ok(!offered.some((line) => line.includes('STARTTLS')));
    assert.ok(
      offered.at(-1)?.startsWith('250 ') && offered.slice(0, -1).every((line) => line.startsWith('250-')),
    );
    assert.equal(code(await client.ask('STARTTLS')), '502');
  });
});
