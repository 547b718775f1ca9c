import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { issueCertificates } from '../../../../fakes/isp/certificates.ts';
import { startNativeEngine } from '../../../../fakes/isp/native-engine.ts';
import type { ProtocolRules } from '../../../../fakes/isp/protocol.ts';
import { createAuthority } from '../../../../fakes/tls.ts';
import { ScriptedSession } from '../../../support/scripted-session.ts';
import { SmtpClient } from '../../../support/smtp-client.ts';
import { until } from '../../../support/until.ts';

const AUTHORITY = await createAuthority();
const CERTIFICATES = await issueCertificates(AUTHORITY, ['mx.isp.test']);
const RULES: ProtocolRules = {
  extensions: ['PIPELINING', 'SIZE', 'STARTTLS', 'CHUNKING'],
  commandLine: 1024,
  textLine: null,
  size: null,
  unknown: null,
  idle: 60e6,
  refusesTlsPipelining: false,
};
const ENVELOPE = ['EHLO x.test', 'MAIL FROM:<a@b.test>', 'RCPT TO:<c@d.test>'];

interface Context {
  after(act: () => unknown): void;
}

/** An engine with one client, whose session this is. */
async function open(t: Context, session: ScriptedSession, rules: Partial<ProtocolRules> = {}) {
  const engine = await startNativeEngine({
    address: '127.0.0.1',
    port: 0,
    rules: { ...RULES, ...rules },
    certificates: CERTIFICATES,
    newSession: () => session,
  });
  const client = new SmtpClient(engine);
  t.after(async () => {
    client.destroy();
    await engine.stop();
  });
  return { engine, client };
}

const codes = (replies: readonly (readonly string[])[]): (string | undefined)[] =>
  replies.map(([line]) => line?.slice(0, 3));

test('an answer that comes late holds back all that follows', async (t) => {
  const session = new ScriptedSession({
    connect: { delayMs: 5 },
    mail: { delayMs: 5 },
    quit: { delayMs: 5 },
  });
  const { client } = await open(t, session);
  const heard = await client.exchange([...ENVELOPE, 'QUIT', 'NOOP', ''].join('\r\n'), 5);
  assert.deepEqual(codes(heard), ['220', '250', '250', '250', '221']);
  await client.closed();
  assert.deepEqual(session.asked, ['connect', 'helo EHLO x.test', 'mail a@b.test', 'rcpt c@d.test', 'quit']);
});

test('a client that leaves while an answer is due is let go', async (t) => {
  const session = new ScriptedSession({ helo: { delayMs: 2 ** 30 } });
  const { client } = await open(t, session);
  client.write('EHLO x.test\r\n');
  await until(() => session.asked.length === 2);
  client.reset();
  await until(() => session.closed === 'client');
});

for (const [kind, error] of [
  ['reset', 'ECONNRESET'],
  ['close', undefined],
] as const) {
  test(`${kind} in place of an answer`, async (t) => {
    const session = new ScriptedSession({ mail: { failure: { kind } } });
    const { client } = await open(t, session);
    await client.reply();
    await client.ask('EHLO x.test');
    client.write('MAIL FROM:<a@b.test>\r\nNOOP\r\n');
    await client.closed();
    assert.deepEqual([client.error, client.unread(), session.closed], [error, [], 'isp']);
    assert.equal(session.asked.at(-1), 'mail a@b.test');
  });

  test(`${kind} in the middle of a message`, async (t) => {
    const session = new ScriptedSession({ data: { failure: { kind, afterBytes: 1000 } } });
    const { client } = await open(t, session);
    await client.reply();
    assert.deepEqual(await client.ask(...ENVELOPE, 'DATA'), ['354 data']);
    client.write('x'.repeat(999));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(session.closed, undefined);
    client.write('x\r\n.\r\n');
    await client.closed();
    assert.deepEqual([client.error, client.unread(), session.closed], [error, [], 'isp']);
    assert.deepEqual(session.messages, []);
  });

  test(`${kind} in the middle of a chunk that comes with its command`, async (t) => {
    const session = new ScriptedSession({ data: { failure: { kind, afterBytes: 10 } } });
    const { client } = await open(t, session);
    await client.reply();
    await client.ask(...ENVELOPE);
    client.write(`BDAT 20 LAST\r\n${'x'.repeat(20)}`);
    await client.closed();
    assert.deepEqual([client.error, session.closed, session.messages], [error, 'isp', []]);
  });

  test(`${kind} in a TLS handshake, and in what is encrypted`, async (t) => {
    const inHandshake = new ScriptedSession({ starttls: { failure: { kind, afterBytes: 1 } } });
    const { client } = await open(t, inHandshake);
    await client.reply();
    assert.deepEqual(await client.ask('EHLO x.test', 'STARTTLS'), ['220 starttls']);
    await assert.rejects(client.secure(AUTHORITY.caPem, 'mx.isp.test'), { message: 'ECONNRESET' });
    await until(() => inHandshake.closed === 'isp');

    const encrypted = new ScriptedSession({ mail: { failure: { kind } } });
    const { client: other } = await open(t, encrypted);
    await other.reply();
    await other.ask('EHLO x.test', 'STARTTLS');
    await other.secure(AUTHORITY.caPem, 'mx.isp.test');
    await other.ask('EHLO x.test');
    other.write('MAIL FROM:<a@b.test>\r\n');
    await other.closed();
    assert.deepEqual([other.error, encrypted.closed], [error, 'isp']);
  });
}

test('a message is taken and its reply lost', async (t) => {
  const session = new ScriptedSession({ dot: { lines: [], close: true } });
  const { client } = await open(t, session);
  await client.reply();
  await client.ask(...ENVELOPE, 'DATA');
  client.write('a\r\n.\r\n');
  await client.closed();
  assert.deepEqual([client.unread(), session.messages.length], [[], 1]);
});

test('a stall lasts as long as the client bears it', async (t) => {
  const session = new ScriptedSession({ mail: { failure: { kind: 'stall' } } });
  const { client } = await open(t, session, { idle: 20e3 });
  await client.reply();
  await client.ask('EHLO x.test');
  client.write('MAIL FROM:<a@b.test>\r\nNOOP\r\n');
  const other = new ScriptedSession();
  const { client: idle } = await open(t, other, { idle: 20e3 });
  await idle.reply();
  // By the time that another client was sent away for being idle, nothing has happened to this one.
  assert.deepEqual(await idle.reply(), ['500 timeout']);
  assert.deepEqual([client.unread(), session.closed], [[], undefined]);
  client.end();
  await client.closed();
  assert.deepEqual(
    [client.error, session.closed, session.asked.at(-1)],
    [undefined, 'client', 'mail a@b.test'],
  );
});

test('a half-open connection: the ISP is gone, and the client may go on talking', async (t) => {
  const session = new ScriptedSession({ helo: { failure: { kind: 'half-open' } } });
  const { client } = await open(t, session, { idle: 20e3 });
  await client.reply();
  client.write('EHLO x.test\r\n');
  await assert.rejects(client.reply(), /connection closed/);
  assert.equal(session.closed, 'isp');
  client.write('x'.repeat(100_000));
  await client.closed();
  assert.deepEqual([client.error, session.asked], [undefined, ['connect', 'helo EHLO x.test']]);
});

test('certificates as a session asks for them', async (t) => {
  for (const [certificate, verdict] of [
    ['good', undefined],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const) {
    const session = new ScriptedSession({ starttls: { certificate } });
    const { client } = await open(t, session);
    await client.reply();
    await client.ask('EHLO x.test', 'STARTTLS');
    const shaken = client.secure(AUTHORITY.caPem, 'mx.isp.test');
    if (verdict) await assert.rejects(shaken, { message: verdict });
    else {
      await shaken;
      assert.deepEqual(await client.ask('EHLO x.test'), ['250 helo']);
      assert.deepEqual(session.asked.slice(-2), ['secured', 'helo EHLO x.test']);
    }
  }
});

test('a client that leaves before or in the TLS handshake is gone', async (t) => {
  // The beginning of a ClientHello (RFC 8446 section 5.1).
  for (const part of ['', '\x16\x03\x01\x00\xc8\x01']) {
    const session = new ScriptedSession();
    const { client } = await open(t, session);
    await client.reply();
    await client.ask('EHLO x.test', 'STARTTLS');
    client.write(part);
    client.end();
    await client.closed();
    assert.deepEqual([client.error, session.closed], [undefined, 'client'], JSON.stringify(part));
  }
});

test('what comes in the clear while the answer to STARTTLS is on its way is never carried out', async (t) => {
  const session = new ScriptedSession({ starttls: { delayMs: 30 } });
  const { client } = await open(t, session);
  await client.reply();
  await client.ask('EHLO x.test');
  client.write('STARTTLS\r\n');
  await until(() => session.asked.at(-1) === 'starttls');
  client.write('MAIL FROM:<evil@b.test>\r\n');
  await client.reply();
  // It is read as a part of the handshake, which it breaks, or it is thrown away.
  await client.secure(AUTHORITY.caPem, 'mx.isp.test').then(
    () => client.ask('EHLO x.test'),
    () => {},
  );
  assert.ok(!session.asked.includes('mail evil@b.test'));
});

test('a client that does not read is not listened to', async (t) => {
  const session = new ScriptedSession({ reset: { lines: [`250 ${'x'.repeat(500)}`] } });
  const { client } = await open(t, session);
  await client.reply();
  client.pause();
  const commands = 100_000;
  client.write('NOOP\r\n'.repeat(commands));
  let asked = -1;
  // Until it takes no more.
  while (asked !== session.asked.length) {
    asked = session.asked.length;
    for (let n = 0; n < 200; n++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(asked < commands / 2, `${asked} were answered`);
  client.resume();
  for (let n = 0; n < commands; n++) await client.reply();
  assert.equal(session.asked.length, commands + 1);
});

test('a client that does not read, and one that does not leave, are cut off', async (t) => {
  const deaf = new ScriptedSession({ reset: { lines: [`250 ${'x'.repeat(500)}`] } });
  const { client } = await open(t, deaf, { idle: 40e3 });
  await client.reply();
  client.pause();
  client.write('NOOP\r\n'.repeat(100_000));
  await until(() => deaf.closed === 'isp');

  const done = new ScriptedSession();
  const { client: stays } = await open(t, done, { idle: 40e3 });
  await stays.reply();
  assert.deepEqual(await stays.ask('QUIT'), ['221 quit']);
  // However much it has to say.
  await until(() => {
    stays.write('NOOP\r\n');
    return stays.error !== undefined;
  });
  assert.deepEqual([stays.unread(), done.asked], [[], ['connect', 'quit']]);
});

test('as much of a message is kept as the session wants', async (t) => {
  const text = `Subject: long\r\n\r\n${'..x\r\n'.repeat(10_000)}`;
  const content = text.replaceAll('\r\n..', '\r\n.');
  for (const wantsContent of [0, 100, 10_000, 1e6]) {
    const session = new ScriptedSession();
    session.wantsContent = wantsContent;
    const { client } = await open(t, session);
    await client.reply();
    await client.ask(...ENVELOPE, 'DATA', `${text}.`);
    const [message] = session.messages;
    assert.equal(message?.bytes, content.length);
    assert.equal(message?.head.toString(), content.slice(0, wantsContent));
  }
});

test('stopping ends every connection, whatever it is at', async () => {
  const sessions: ScriptedSession[] = [];
  const engine = await startNativeEngine({
    address: '127.0.0.1',
    port: 0,
    rules: RULES,
    certificates: CERTIFICATES,
    newSession: () => {
      const session = new ScriptedSession({ mail: { delayMs: 2 ** 30 } });
      sessions.push(session);
      return session;
    },
  });
  const clients = Array.from({ length: 4 }, () => new SmtpClient(engine));
  const [silent, waiting, shaking, encrypted] = clients as [SmtpClient, SmtpClient, SmtpClient, SmtpClient];
  await silent.reply();
  await waiting.reply();
  await waiting.ask('EHLO x.test');
  waiting.write('MAIL FROM:<a@b.test>\r\n');
  await shaking.reply();
  await shaking.ask('EHLO x.test', 'STARTTLS');
  await encrypted.reply();
  await encrypted.ask('EHLO x.test', 'STARTTLS');
  await encrypted.secure(AUTHORITY.caPem, 'mx.isp.test');
  await engine.stop();
  await Promise.all(clients.map((client) => client.closed()));
  assert.equal(sessions.filter((s) => s.closed !== undefined).length, 4);
  const late = connect(engine.port, engine.address);
  await once(late, 'error');
});
