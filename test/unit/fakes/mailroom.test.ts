import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createTransport } from 'nodemailer';
import {
  type DsnMail,
  type Mailroom,
  type OtherMail,
  readMail,
  startMailroom,
} from '../../../fakes/mailroom.ts';
import { HarnessError } from '../../../src/core/errors.ts';
import { DSN_SAMPLES, type DsnSample, mailOf, report } from '../../support/dsn-samples.ts';

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
  ...['--x', 'Content-Type: message/rfc822', '', 'X-Windtunnel-Message: 42', '', 'text', '--x--', ''],
);

test('each layout is a DSN about its message, found by the VERP address or else by the returned headers', async () => {
  for (const sample of DSN_SAMPLES) {
    for (const recipient of [VERP, 'postmaster@news.sender.test']) {
      assert.deepEqual(
        await readMail(mailOf(sample), recipient),
        { kind: 'dsn', message: 42, reports: sample.reports, malformed: 0 },
        `${sample.name} to ${recipient}`,
      );
    }
  }
});

test('every mail is told what it is', async () => {
  const unreturned = { ...postfix, returned: { type: 'text/plain', text: 'X-Windtunnel-Message: 42\n' } };
  const inside = mail(
    'Content-Type: multipart/mixed; boundary=y',
    ...['', '--y', 'Content-Type: message/rfc822', '', mailOf(postfix).toString(), '--y--', ''],
  );
  const seven = report('u7.0@gmail.com', 'failed', '5.0.0', undefined);
  const status =
    'Reporting-MTA: dns; a.test\n\nFinal-Recipient: rfc822; u7.0@gmail.com\nAction: failed\nStatus: 5.0.0\n';
  const bad = status.replace('failed', 'exploded');
  const cases: [
    name: string,
    raw: Buffer,
    recipient: string,
    expected: Awaited<ReturnType<typeof readMail>>,
  ][] = [
    ['vacation', vacation, VERP, { kind: 'auto-reply', malformed: 0 }],
    ['complaint', complaint, VERP, { kind: 'report', malformed: 0 }],
    ['Auto-Submitted: no', mail('Auto-Submitted: No', '', 'Hello.'), VERP, { kind: 'other', malformed: 0 }],
    ['a person', mail('', 'Hello.'), VERP, { kind: 'other', malformed: 0 }],
    ['nothing at all', Buffer.alloc(0), VERP, { kind: 'other', malformed: 0 }],
    ['a DSN inside a returned message', inside, VERP, { kind: 'other', malformed: 0 }],
    ['a DSN without its status part', mailOf(postfix, []), VERP, { kind: 'report', malformed: 1 }],
    [
      'more parts than mailparser reads',
      mailOf(postfix, Array(1100).fill(status)),
      VERP,
      { kind: 'other', malformed: 1 },
    ],
    [
      'several status parts',
      mailOf(postfix, [status, bad, status]),
      VERP,
      { kind: 'dsn', message: 42, reports: [seven, seven], malformed: 1 },
    ],
    [
      'no usable block',
      mailOf(postfix, [bad]),
      VERP,
      { kind: 'dsn', message: 42, reports: [], malformed: 1 },
    ],
    ['no block', mailOf(postfix, ['X: y\n']), VERP, { kind: 'dsn', message: 42, reports: [], malformed: 1 }],
    [
      'no VERP address and no returned headers',
      mailOf(unreturned),
      'postmaster@news.sender.test',
      { kind: 'dsn', message: undefined, reports: postfix.reports, malformed: 0 },
    ],
    [
      'the VERP address comes before the returned headers',
      mailOf(postfix),
      'b-7@news.sender.test',
      { kind: 'dsn', message: 7, reports: postfix.reports, malformed: 0 },
    ],
  ];
  for (const [name, raw, recipient, expected] of cases)
    assert.deepEqual(await readMail(raw, recipient), expected, name);
});

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
  await Promise.all([
    send([VERP], mailOf(postfix)),
    send(['postmaster@news.sender.test', 'b-43@news.sender.test'], mailOf(postfix)),
    send(['b-44@news.sender.test'], bad),
    send([VERP], vacation, 'someone@else.test'),
    send(['abuse@news.sender.test'], complaint, 'arf@else.test'),
    send([VERP], Buffer.concat([mail('', ''), Buffer.alloc(3_000_000, 'x'.repeat(70).concat('\r\n'))])),
  ]);
  assert.deepEqual(
    dsns.sort((a, b) => (a.message ?? 0) - (b.message ?? 0)),
    [
      { envelopeRecipient: VERP, message: 42, reports: postfix.reports },
      { envelopeRecipient: 'b-43@news.sender.test', message: 43, reports: postfix.reports },
      { envelopeRecipient: 'b-44@news.sender.test', message: 44, reports: [] },
    ],
  );
  assert.deepEqual(mails.map((m) => `${m.kind} ${m.envelopeRecipient}`).sort(), [
    'auto-reply b-42@news.sender.test',
    'other b-42@news.sender.test',
    'report abuse@news.sender.test',
  ]);
  assert.deepEqual(mailroom.received, {
    mails: 6,
    dsns: 3,
    autoReplies: 1,
    reports: 1,
    others: 1,
    malformed: 1,
    truncated: 1,
  });
  assert.deepEqual(log, ['mail to b-44@news.sender.test: 1 malformed']);
});

test('a mail whose handler fails is not confirmed, and the next one is taken', async (t) => {
  const { mails, log, send } = await open(t);
  await assert.rejects(send(['broken@handler.test'], vacation), { responseCode: 451 });
  await send([VERP], vacation);
  assert.deepEqual(mails, [{ kind: 'auto-reply', envelopeRecipient: VERP }]);
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
