import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createTransport } from 'nodemailer';
import {
  type DsnMail,
  type Mailroom,
  type OtherMail,
  startMailroom,
} from '../../../../fakes/mailroom/mailroom.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { DSN_SAMPLES, type DsnSample, mailOf } from '../../../support/dsn-samples.ts';

const VERP = 'b-42@news.sender.test';
const postfix = DSN_SAMPLES.find(({ name }) => name === 'Postfix') as DsnSample;

function mail(...lines: string[]): Buffer {
  return Buffer.from(['From: <someone@else.test>', 'Subject: Re: news', ...lines].join('\r\n'));
}

const vacation = mail('Auto-Submitted: auto-replied (vacation)', '', 'I am away.');
const complaint = mail(
  'Content-Type: multipart/report; report-type=feedback-report; boundary=x',
  ...['', '--x', 'Content-Type: text/plain', '', 'A complaint.'],
  ...['--x', 'Content-Type: message/feedback-report', '', 'Feedback-Type: abuse', 'Version: 1'],
  ...['--x', 'Content-Type: message/rfc822', '', 'X-Windtunnel-Message: 42', 'To: u7.1@gmail.com'],
  ...['', 'text', '--x--', ''],
);

interface Opened {
  readonly mailroom: Mailroom;
  readonly dsns: DsnMail[];
  readonly mails: OtherMail[];
  readonly log: string[];
  send(to: string[], raw: Buffer, from?: string): Promise<unknown>;
}

async function open(t: TestContext): Promise<Opened> {
  const dsns: DsnMail[] = [];
  const mails: OtherMail[] = [];
  const log: string[] = [];
  const mailroom = await startMailroom({
    address: '127.0.0.1',
    port: 0,
    hostname: 'mx.news.sender.test',
    onDsn: (dsn) => void dsns.push(dsn),
    onMail: (other) => {
      if (other.envelopeRecipient === 'broken@handler.test') throw new Error('disk full');
      mails.push(other);
    },
    logger: (line) => void log.push(line),
  });
  const client = createTransport({ host: '127.0.0.1', port: mailroom.port, pool: true, maxConnections: 4 });
  t.after(async () => {
    client.close();
    await mailroom.stop();
  });
  return {
    mailroom,
    dsns,
    mails,
    log,
    send: (to, raw, from = '') => client.sendMail({ envelope: { from, to }, raw }),
  };
}

test('over SMTP: every mail is counted, joined and told once', async (t) => {
  const { mailroom, dsns, mails, log, send } = await open(t);
  const bad = mailOf(postfix, ['Final-Recipient: rfc822; u7.0@gmail.com\nAction: exploded\n']);
  const told = {
    reports: postfix.reports,
    from: 'mailer-daemon@mta.sender.test',
    reportingMta: 'mta.sender.test',
  };
  await Promise.all([
    send([VERP], mailOf(postfix)),
    send(['postmaster@news.sender.test', 'b-43@news.sender.test'], mailOf(postfix)),
    send(['b-44@news.sender.test'], bad),
    send([VERP], vacation, 'someone@else.test'),
    send(['abuse@news.sender.test'], complaint, 'arf@else.test'),
    send([VERP], mail('', 'Hello.'), 'someone@else.test'),
    send([VERP], Buffer.concat([mail('', ''), Buffer.alloc(3_000_000, 'x'.repeat(70).concat('\r\n'))])),
  ]);
  assert.deepEqual(
    dsns.sort((a, b) => (a.message ?? 0) - (b.message ?? 0)),
    [
      { ...told, envelopeRecipient: VERP, message: 42 },
      { ...told, envelopeRecipient: 'b-43@news.sender.test', message: 43 },
    ],
  );
  assert.deepEqual(mails.map((m) => `${m.kind} ${m.message}.${m.slot} ${m.envelopeRecipient}`).sort(), [
    'auto-reply 42.undefined b-42@news.sender.test',
    'complaint 42.1 abuse@news.sender.test',
    'malformed 42.undefined b-42@news.sender.test',
    'malformed 44.undefined b-44@news.sender.test',
    'other 42.undefined b-42@news.sender.test',
  ]);
  const { kinds, ...counted } = mailroom.received;
  assert.deepEqual(counted, { mails: 7, malformed: 2, truncated: 1, clicks: 0 });
  assert.deepEqual(
    Object.entries(kinds).filter(([, count]) => count > 0),
    [
      ['dsn', 2],
      ['complaint', 1],
      ['auto-reply', 1],
      ['malformed', 2],
      ['other', 1],
    ],
  );
  assert.deepEqual(log.sort(), [
    'mail to b-42@news.sender.test: 1 malformed',
    'mail to b-44@news.sender.test: 1 malformed',
  ]);
});

test('a mail whose handler fails is not confirmed, and the next one is taken', async (t) => {
  const { mails, log, send } = await open(t);
  await assert.rejects(send(['broken@handler.test'], vacation), { responseCode: 451 });
  await send([VERP], vacation);
  assert.deepEqual(
    mails.map((each) => `${each.kind} ${each.envelopeRecipient}`),
    [`auto-reply ${VERP}`],
  );
  assert.deepEqual(log, ['a mail was refused: disk full']);
});

test('it offers no PIPELINING, since it does not answer a client that has closed its side', async (t) => {
  const { mailroom } = await open(t);
  const client = connect(mailroom.port, '127.0.0.1').setEncoding('latin1');
  t.after(() => client.destroy());
  await once(client, 'data');
  client.write('EHLO a\r\n');
  const [greeting] = await once(client, 'data');
  assert.match(greeting, /8BITMIME/);
  assert.doesNotMatch(greeting, /PIPELINING/);
});

test('stop ends a mail that is half sent, without counting it', async (t) => {
  const { mailroom } = await open(t);
  const client = connect(mailroom.port, '127.0.0.1').setEncoding('latin1');
  client.on('error', () => {});
  for (const command of ['EHLO a', 'MAIL FROM:<>', `RCPT TO:<${VERP}>`, 'DATA', 'Subject: half']) {
    await once(client, 'data');
    client.write(`${command}\r\n`);
  }
  const closed = once(client, 'close');
  await mailroom.stop();
  await closed;
  assert.equal(mailroom.received.mails, 0);
});

test('a port in use is an error that names it', async (t) => {
  const { mailroom } = await open(t);
  const taken = {
    address: '127.0.0.1',
    port: mailroom.port,
    hostname: 'x.test',
    onDsn: () => {},
    onMail: () => {},
  };
  await assert.rejects(
    startMailroom(taken),
    (error) =>
      error instanceof HarnessError &&
      error.kind === 'lab' &&
      error.message.includes(`port ${mailroom.port}`),
  );
});
