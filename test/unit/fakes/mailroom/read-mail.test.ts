import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMail } from '../../../../fakes/mailroom/read-mail.ts';
import { DSN_SAMPLES, type DsnSample, mailOf, report } from '../../../support/dsn-samples.ts';
import { RETURN_SAMPLES } from '../../../support/return-samples.ts';

const VERP = 'b-42@news.sender.test';
const postfix = DSN_SAMPLES.find(({ name }) => name === 'Postfix') as DsnSample;

function mail(...lines: string[]): Buffer {
  return Buffer.from(['From: <someone@else.test>', 'Subject: Re: news', ...lines].join('\r\n'));
}

type Read = Awaited<ReturnType<typeof readMail>>;

test('each layout is a DSN about its message, found by the VERP address or else by the returned headers', async () => {
  for (const sample of DSN_SAMPLES) {
    for (const recipient of [VERP, 'postmaster@news.sender.test']) {
      const { reports, reportingMta } = sample;
      assert.deepEqual(
        await readMail(mailOf(sample), recipient),
        {
          kind: 'dsn',
          message: 42,
          reports,
          from: 'mailer-daemon@mta.sender.test',
          reportingMta,
          malformed: 0,
        } satisfies Read,
        `${sample.name} to ${recipient}`,
      );
    }
  }
});

test('a DSN that is whole, torn, inside of another, or of several parts', async () => {
  const unreturned = { ...postfix, returned: { type: 'text/plain', text: 'X-Windtunnel-Message: 42\n' } };
  const inside = mail(
    'Content-Type: multipart/mixed; boundary=y',
    ...['', '--y', 'Content-Type: message/rfc822', '', mailOf(postfix).toString(), '--y--', ''],
  );
  const seven = report('u7.0@gmail.com', 'failed', '5.0.0', undefined);
  const status =
    'Reporting-MTA: dns; A.test\n\nFinal-Recipient: rfc822; u7.0@gmail.com\nAction: failed\nStatus: 5.0.0\n';
  const bad = status.replace('failed', 'exploded');
  const rows: [name: string, raw: Buffer, recipient: string, expected: string][] = [
    ['a DSN inside a returned message', inside, VERP, 'other 42'],
    ['without its status part', mailOf(postfix, []), VERP, 'malformed 42'],
    ['more parts than mailparser reads', mailOf(postfix, Array(1100).fill(status)), VERP, 'malformed 42'],
    ['no usable block', mailOf(postfix, [bad]), VERP, 'malformed 42'],
    ['no block', mailOf(postfix, ['X: y\n']), VERP, 'malformed 42'],
    ['no block, not to VERP', mailOf(postfix, ['X: y\n']), 'postmaster@news.sender.test', 'malformed 42'],
    [
      'no VERP address and no returned headers',
      mailOf(unreturned),
      'postmaster@news.sender.test',
      'dsn undefined',
    ],
    ['the VERP address comes before the returned headers', mailOf(postfix), 'b-7@news.sender.test', 'dsn 7'],
  ];
  for (const [name, raw, recipient, expected] of rows) {
    const { kind, message } = await readMail(raw, recipient);
    assert.equal(`${kind} ${message}`, expected, name);
  }
  const several = await readMail(mailOf(postfix, [status, bad, status]), VERP);
  assert.deepEqual(several, {
    kind: 'dsn',
    message: 42,
    reports: [seven, seven],
    from: 'mailer-daemon@mta.sender.test',
    reportingMta: 'a.test',
    malformed: 1,
  } satisfies Read);
});

for (const { name, to, raw, expected } of RETURN_SAMPLES)
  test(`what comes back: ${name}`, async () => {
    const { kind, ...read } = await readMail(Buffer.from(raw, 'latin1'), to);
    assert.ok(kind !== 'dsn');
    const { message, slot, mailbox, malformed } = read as Exclude<Read, { kind: 'dsn' }>;
    const found = { kind, message, slot, mailbox };
    assert.deepEqual(found, { ...expected, mailbox: 'mailbox' in expected ? expected.mailbox : mailbox });
    assert.equal(malformed, kind === 'malformed' ? 1 : 0);
  });
