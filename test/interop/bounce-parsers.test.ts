import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnedMail } from '../../fakes/feedback/forms/returned-mail.ts';
import type { ReturnedMail } from '../../fakes/feedback/mail.ts';
import type { BounceForm } from '../../fakes/feedback/resolved-feedback.ts';
import { subjectAbout, YAHOO_FAILURE_NOTICE, YAHOO_QMAIL_NOTICE } from '../support/feedback-samples.ts';
import { assertSisimai, fieldsIn, readWith, structureOf } from '../support/foreign-parsers.ts';

interface Bounce {
  readonly form: BounceForm;
  readonly status: string;
  readonly reply: string;
  /** What Sisimai makes of it. */
  readonly reason: string;
}

const BOUNCES: readonly Bounce[] = [
  {
    form: 'google',
    status: '5.1.1',
    reply:
      "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. For more information, go to 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser",
    reason: 'userunknown',
  },
  {
    form: 'google',
    status: '5.2.2',
    reply:
      "552-5.2.2 The recipient's inbox is out of storage space and inactive. Please 552-5.2.2 direct the recipient to 552 5.2.2  https://support.google.com/mail/?p=OverQuotaPerm",
    reason: 'mailboxfull',
  },
  {
    form: 'google',
    status: '5.7.1',
    reply: '550 5.7.1 This message violates the email policy of the recipient. - gcdp',
    reason: 'securityerror',
  },
  {
    form: 'microsoft',
    status: '5.1.10',
    reply: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
    reason: 'userunknown',
  },
  {
    form: 'microsoft',
    status: '5.2.2',
    reply:
      '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message due to a permanent exception',
    reason: 'mailboxfull',
  },
  { form: 'rfc3464', status: '5.1.1', reply: '550 5.1.1 User unknown', reason: 'userunknown' },
  { form: 'rfc3464', status: '5.2.2', reply: '552 5.2.2 Mailbox full', reason: 'mailboxfull' },
  { form: 'rfc3464', status: '4.4.7', reply: '451 4.4.7 Delivery time expired', reason: 'expired' },
];

/** A bounce for each form and reason: another seed has another reason. */
const bounces = new Map(
  BOUNCES.map(({ form, status }) => {
    for (let seed = 0; ; seed++) {
      const mail = returnedMail(subjectAbout('bounce', { bounce: form, seed }));
      if (mail.text.includes(`\r\nStatus: ${status}\r\n`)) return [`${form}-${status}`, mail];
    }
  }),
);

/** Fields that are the same whatever the reason; of Exchange's own server only the end is known. */
const STATUS_FIELDS: Readonly<Record<string, Record<string, string | RegExp>>> = {
  google: {
    'reporting-mta': 'dns; googlemail.com',
    'received-from-mta': 'dns; b-42@news.sender.test',
    'arrival-date': 'Wed, 31 Dec 2025 16:00:05 -0800 (PST)',
    'x-original-message-id': '<42@news.sender.test>',
    'final-recipient': 'rfc822; u8.1@gmail.com',
    action: 'failed',
    'remote-mta':
      /^dns; gmr-smtp-in\.l\.google\.com\. \(192\.0\.2\.26, the server +for the domain gmail\.com\.\)$/,
    'last-attempt-date': 'Wed, 31 Dec 2025 17:00:05 -0800 (PST)',
  },
  microsoft: {
    'reporting-mta': /^dns;[A-Z0-9]+\.namprd22\.prod\.outlook\.com$/,
    'received-from-mta': 'dns;out1.news.sender.test',
    'arrival-date': 'Thu, 01 Jan 2026 00:00:05 +0000',
    'final-recipient': 'rfc822;u8.1@gmail.com',
    action: 'failed',
    'x-display-name': 'u8.1@gmail.com',
  },
  rfc3464: {
    'reporting-mta': 'dns; mx1.isp.test',
    'received-from-mta': 'dns; out1.news.sender.test',
    'arrival-date': 'Thu, 01 Jan 2026 00:00:05 +0000',
    'original-recipient': 'rfc822; u8.1@gmail.com',
    'final-recipient': 'rfc822; u8.1@gmail.com',
    action: 'failed',
    'last-attempt-date': 'Thu, 01 Jan 2026 01:00:05 +0000',
  },
};

/** All fields of a status part, and no others, but for those that a parser leaves out. */
function assertStatus(
  found: Readonly<Record<string, string>>,
  { form, status, reply }: Bounce,
  leftOut: readonly string[] = [],
): void {
  const { 'diagnostic-code': diagnostic = '', status: said, ...rest } = found;
  assert.equal(said, status);
  assert.ok(diagnostic.replace(/^smtp; ?/, '').startsWith(reply), diagnostic);
  const expected = Object.fromEntries(
    Object.entries(STATUS_FIELDS[form] ?? {}).filter(([name]) => !leftOut.includes(name)),
  );
  assert.deepEqual(Object.keys(rest).sort(), Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    if (typeof value === 'string') assert.equal(rest[name], value);
    else assert.match(rest[name] ?? '', value);
  }
}

for (const bounce of BOUNCES) {
  const name = `${bounce.form}-${bounce.status}`;
  test(`mailparser finds parts and fields of the bounce ${name}`, async () => {
    const { recipient, sender, text } = bounces.get(name) as ReturnedMail;
    assert.deepEqual([sender, recipient], ['', 'b-42@news.sender.test']);
    const mail = await structureOf({ sender, recipient, text });
    assert.equal(mail.headers.get('auto-submitted'), 'auto-replied');
    assert.deepEqual(
      mail.attachments.map(({ contentType }) => contentType),
      [
        ...(bounce.form === 'google' ? ['image/png'] : []),
        'message/delivery-status',
        bounce.form === 'rfc3464' ? 'text/rfc822-headers' : 'message/rfc822',
      ],
    );
    assert.match(mail.text ?? '', /u8\.1@gmail\.com/);
    const status = mail.attachments.find(({ contentType }) => contentType === 'message/delivery-status');
    const blocks = await fieldsIn(status?.content);
    assert.equal(blocks.length, 2);
    assertStatus({ ...blocks[0], ...blocks[1] }, bounce);
    const [original] = await fieldsIn(mail.attachments.at(-1)?.content);
    assert.equal(original?.['x-windtunnel-message'], '42');
  });
}

test('Mail::DeliveryStatus::BounceParser reads every field of bounces', (t) => {
  const read = readWith(t, 'bounceparser', bounces);
  if (!read) return;
  for (const bounce of BOUNCES) {
    const found = read.get(`${bounce.form}-${bounce.status}`) as {
      id: string;
      reports: Record<string, string>[];
    };
    assert.equal(found.id, '<42@news.sender.test>');
    assert.equal(found.reports.length, 1);
    // What it concludes itself stands among the fields.
    const { email, host, reason, std_reason, smtp_code, ...fields } = found.reports[0] ?? {};
    assert.deepEqual([email, host, smtp_code], ['u8.1@gmail.com', 'gmail.com', bounce.reply.slice(0, 3)]);
    assert.ok(reason?.startsWith(bounce.reply), reason);
    assert.ok(std_reason);
    // Of those about the message it keeps two.
    assertStatus(fields, bounce, ['received-from-mta', 'x-original-message-id']);
  }
});

test('Sisimai takes bounces for those of Google, Microsoft and others, and knows why', (t) => {
  const mails = new Map([...bounces, ['yahoo', YAHOO_FAILURE_NOTICE], ['qmail', YAHOO_QMAIL_NOTICE]]);
  const read = readWith(t, 'sisimai', mails);
  if (!read) return;
  const agents: Readonly<Record<string, string>> = {
    google: 'GSuite',
    microsoft: 'Office365',
    rfc3464: 'RFC3464',
  };
  for (const { form, status, reply, reason } of BOUNCES) {
    assertSisimai(read, `${form}-${status}`, {
      smtpagent: agents[form] ?? '',
      reason,
      recipient: 'u8.1@gmail.com',
      messageid: '42@news.sender.test',
      subject: 'An offer for u8.1@gmail.com',
      action: 'failed',
      deliverystatus: status,
      replycode: reply.slice(0, 3),
      // Of Exchange's it takes the returned message's Date.
      timestamp: form === 'microsoft' ? Date.UTC(2026, 0, 1) / 1000 : Date.UTC(2026, 0, 1, 1, 0, 5) / 1000,
    });
  }
  const notice = { recipient: 'u8.1@gmail.com', messageid: '42@news.sender.test', reason: 'userunknown' };
  // It knows Yahoo's by a field that Yahoo adds for its own users only; elsewhere it finds no more than this.
  assertSisimai(read, 'yahoo', { recipient: 'u8.1@gmail.com', messageid: '42@news.sender.test' });
  assertSisimai(read, 'qmail', { ...notice, smtpagent: 'qmail' });
});
