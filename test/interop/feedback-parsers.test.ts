import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnedMail } from '../../fakes/feedback/forms/returned-mail.ts';
import type { ReturnedSubject } from '../../fakes/feedback/mail.ts';
import type { ComplaintForm } from '../../fakes/feedback/resolved-feedback.ts';
import { AOL_COMPLAINT, FEEDBACK_SAMPLES, subjectAbout } from '../support/feedback-samples.ts';
import { assertSisimai, fieldsIn, readWith, structureOf } from '../support/foreign-parsers.ts';

const RESULTS = 'spf=pass smtp.mailfrom=b-42@news.sender.test; dkim=pass header.d=news.sender.test';
const DMARC = 'dmarc=pass header.from=news.sender.test';
const ACCEPTED_AT = 'Thu, 01 Jan 2026 00:00:05 +0000';

/** The fields of each form's report about a complaint whose recipient is shown. */
const REPORTS: Readonly<Record<'yahoo-arf' | 'arf', Record<string, string>>> = {
  'yahoo-arf': {
    'feedback-type': 'abuse',
    'user-agent': 'Yahoo!-Mail-Feedback/2.0',
    version: '0.1',
    'original-mail-from': '<b-42@news.sender.test>',
    'original-rcpt-to': 'u8.1@gmail.com',
    'received-date': ACCEPTED_AT,
    'reported-domain': 'news.sender.test',
    'authentication-results':
      'mx1.isp.test  from=news.sender.test; domainkeys=neutral (no sig);  from=news.sender.test; dkim=pass (ok)',
  },
  arf: {
    'feedback-type': 'abuse',
    'user-agent': 'Feedback-Loop/1.0',
    version: '1',
    'original-mail-from': '<b-42@news.sender.test>',
    'original-rcpt-to': '<u8.1@gmail.com>',
    'source-ip': '198.18.0.1',
    'arrival-date': ACCEPTED_AT,
    'reported-domain': 'news.sender.test',
    'reporting-mta': 'dns; mx1.isp.test',
    'authentication-results': `mx1.isp.test; ${RESULTS}; ${DMARC}`,
  },
};

/** The form that a subject's mail has: Outlook's until 2026 is not for withdrawals. */
function formOf({ kind, complaint: { form } }: ReturnedSubject): ComplaintForm {
  return kind === 'withdrawal' && form === 'jmrp-legacy' ? 'arf' : form;
}

/** The recipient, as a subject's mail shows him. */
function shown({ complaint }: ReturnedSubject): string {
  return complaint.redacted ? 'redacted@gmail.com' : 'u8.1@gmail.com';
}

/** The report that a subject's mail has to have; undefined: its form has none. */
function reportOf(subject: ReturnedSubject): Record<string, string> | undefined {
  const form = formOf(subject);
  if (form === 'none' || form === 'jmrp-legacy') return undefined;
  const report: Record<string, string> = { ...REPORTS[form === 'yahoo-arf' ? form : 'arf'] };
  for (const [name, value] of Object.entries(report))
    report[name] = value.replace('u8.1@gmail.com', shown(subject));
  if (subject.kind === 'withdrawal') report['feedback-type'] = 'not-spam';
  if (form !== 'jmrp-arf') return report;
  report['user-agent'] = 'Microsoft-JMRP/1.0';
  if (!subject.complaint.redacted) return report;
  report['authentication-results'] = report['authentication-results']?.replace('b-42@', 'redacted@') ?? '';
  for (const name of ['original-mail-from', 'original-rcpt-to', 'reporting-mta']) delete report[name];
  return report;
}

const COMPLAINTS = FEEDBACK_SAMPLES.filter(
  ({ subject: { kind } }) => kind === 'complaint' || kind === 'withdrawal',
);
const mailsOf = (samples: typeof FEEDBACK_SAMPLES) =>
  new Map(samples.map(({ name, subject }) => [name, returnedMail(subject)]));

const RETURNED = {
  'yahoo-arf': 'message/rfc822',
  'jmrp-legacy': 'message/rfc822',
  'jmrp-arf': 'text/rfc822-headers',
  arf: 'text/rfc822-headers',
  none: '',
} as const;

for (const { name, subject } of COMPLAINTS) {
  test(`mailparser finds parts and fields of ${name}`, async () => {
    const mail = await structureOf(returnedMail(subject));
    const form = formOf(subject);
    const report = reportOf(subject);
    assert.equal(mail.from?.value[0]?.address, subject.complaint.from);
    assert.equal([mail.to].flat()[0]?.value[0]?.address, 'fbl@news.sender.test');
    assert.equal(mail.date?.toISOString(), '2026-01-01T01:00:05.000Z');
    assert.equal(
      mail.subject,
      report ? `FW: An offer for ${shown(subject)}` : 'complaint about message from 198.18.0.1',
    );
    assert.deepEqual(
      mail.attachments.map(({ contentType }) => contentType),
      report ? ['message/feedback-report', RETURNED[form]] : [RETURNED[form]],
    );
    if (report) {
      assert.match(mail.text ?? '', /^This is an email abuse report for an email message /);
      assert.deepEqual(await fieldsIn(mail.attachments[0]?.content), [report]);
    }
    const [original] = await fieldsIn(mail.attachments.at(-1)?.content);
    const own = { 'yahoo-arf': 'x-apparently-to', 'jmrp-legacy': 'x-hmxmroriginalrecipient' };
    for (const [of, field] of Object.entries(own))
      assert.equal(
        original?.[field]?.replace(`; ${ACCEPTED_AT}`, ''),
        of === form ? shown(subject) : undefined,
      );
    assert.equal(original?.['x-windtunnel-message'], '42');
    assert.equal(original?.['message-id'], '<42@news.sender.test>');
  });
}

test('arf-mime reads every field of complaints and withdrawals', (t) => {
  const read = readWith(t, 'arf-mime', mailsOf(COMPLAINTS));
  if (!read) return;
  const names: Readonly<Record<string, string>> = {
    feedbackType: 'feedback-type',
    userAgent: 'user-agent',
    version: 'version',
    originalMailFrom: 'original-mail-from',
    originalRcptTo: 'original-rcpt-to',
    arrivalDate: 'arrival-date',
    reportingMta: 'reporting-mta',
    sourceIp: 'source-ip',
    reportedDomain: 'reported-domain',
    authenticationResults: 'authentication-results',
  };
  for (const { name, subject } of COMPLAINTS) {
    const fields = reportOf(subject);
    const expected =
      fields && Object.fromEntries(Object.entries(names).map(([key, field]) => [key, fields[field] ?? null]));
    assert.deepEqual(read.get(name), expected ?? null, name);
  }
});

const ACCEPTED_SECONDS = Date.UTC(2026, 0, 1, 0, 0, 5) / 1000;
const SENT_SECONDS = ACCEPTED_SECONDS + 3600;

test('Sisimai takes complaints and withdrawals for what they are', (t) => {
  const read = readWith(t, 'sisimai', new Map([...mailsOf(COMPLAINTS), ['aol', AOL_COMPLAINT]]));
  if (!read) return;
  for (const { name, subject } of COMPLAINTS) {
    const form = formOf(subject);
    assertSisimai(read, name, {
      smtpagent: 'Feedback-Loop',
      reason: 'feedback',
      feedbacktype: subject.kind === 'withdrawal' ? 'not-spam' : 'abuse',
      // Where no field names it, Sisimai takes the first address in To.
      ...(form === 'jmrp-arf' && subject.complaint.redacted ? {} : { recipient: shown(subject) }),
      messageid: '42@news.sender.test',
      subject: `An offer for ${shown(subject)}`,
      // Yahoo has no Source-IP.
      ...(form === 'yahoo-arf' ? {} : { rhost: '198.18.0.1' }),
      timestamp: form === 'jmrp-legacy' ? SENT_SECONDS : ACCEPTED_SECONDS,
    });
  }
  assertSisimai(read, 'aol', {
    smtpagent: 'Feedback-Loop',
    reason: 'feedback',
    feedbacktype: 'abuse',
    messageid: '42@news.sender.test',
    rhost: '198.18.0.1',
    timestamp: ACCEPTED_SECONDS,
  });
});

const ANSWERS = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((seed) =>
  (['auto-reply', 'challenge'] as const).map((kind) => ({
    name: `${kind}-${seed}`,
    subject: subjectAbout(kind, { seed }),
  })),
);

for (const { name, subject } of ANSWERS) {
  test(`mailparser reads the ${name}`, async () => {
    const mail = await structureOf(returnedMail(subject));
    assert.equal(mail.from?.text, 'u8.1@gmail.com');
    assert.equal([mail.to].flat()[0]?.text, 'b-42@news.sender.test');
    assert.match(String(mail.headers.get('auto-submitted')), /^auto-(?:replied|generated)$/);
    assert.equal(mail.inReplyTo, '<42@news.sender.test>');
    assert.equal(mail.references, '<42@news.sender.test>');
    assert.deepEqual(mail.attachments, []);
    assert.match(
      mail.subject ?? '',
      subject.kind === 'auto-reply'
        ? /^(?:Auto|Automatic reply|Abwesenheitsnotiz): An offer for u8\.1@gmail\.com$/
        : /^(?:Please confirm your message|Your message to u8\.1@gmail\.com requires verification)$/,
    );
    assert.match(
      mail.text ?? '',
      subject.kind === 'auto-reply'
        ? /out of the office|vacation|nicht im Büro/
        : /to (?:confirm|verify) that you/,
    );
  });
}

test('Sisimai takes answers for those of machines', (t) => {
  const read = readWith(t, 'sisimai', mailsOf(ANSWERS));
  if (!read) return;
  for (const { name } of ANSWERS)
    assertSisimai(read, name, {
      smtpagent: 'RFC3834',
      reason: 'vacation',
      recipient: 'u8.1@gmail.com',
      timestamp: SENT_SECONDS,
    });
});

test('mailparser reads an unsubscribe', async () => {
  const { sender, recipient, text } = returnedMail(subjectAbout('unsubscribe'));
  const mail = await structureOf({ sender, recipient, text });
  assert.deepEqual([sender, recipient], ['u8.1@gmail.com', 'unsubscribe-42.1@news.sender.test']);
  assert.equal(mail.from?.text, 'u8.1@gmail.com');
  assert.equal([mail.to].flat()[0]?.text, 'unsubscribe-42.1@news.sender.test');
  assert.equal(mail.subject, 'stop it');
  assert.deepEqual(mail.attachments, []);
});
