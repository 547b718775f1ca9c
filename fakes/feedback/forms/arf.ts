/**
 * Complaints and withdrawals in plain RFC 5965 (and RFC 6430), in two layouts: `arf` says all that the RFC has a field for,
 * `jmrp-arf` only what trade press tells of Outlook's since June 2026. That one is assumed (catalogue section 3d: no sample
 * was found): header only, the recipient hidden and the reverse path with it, name of the User-Agent unknown.
 */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { dateText, guid, hex } from './ids.ts';
import { entity, type Field, mail } from './mime.ts';
import { senderDomain, subjectText } from './original.ts';
import { redactionOf } from './redaction.ts';
import { authenticationResults, feedbackType, reportBody } from './report.ts';
import { reporter } from './reporter.ts';

/** What differs between the two. */
interface Layout {
  readonly userAgent: string;
  /** Whether a report that hides the recipient hides the reverse path with him, and does without fields about both. */
  readonly hidesEnvelope: boolean;
}

const LAYOUTS: Readonly<Record<'arf' | 'jmrp-arf', Layout>> = {
  arf: { userAgent: 'Feedback-Loop/1.0', hidesEnvelope: false },
  'jmrp-arf': { userAgent: 'Microsoft-JMRP/1.0', hidesEnvelope: true },
};

/** A complaint or its withdrawal. */
export function arf(subject: ReturnedSubject, to: string, layout: keyof typeof LAYOUTS): ReturnedMail {
  const { userAgent, hidesEnvelope } = LAYOUTS[layout];
  // What there is to hide is left out, or redacted.
  const envelope = !(hidesEnvelope && subject.complaint.redacted);
  const { message, recipient, mta } = subject;
  const domain = senderDomain(message);
  const accepted = dateText(subject.acceptedAt);
  const redact = redactionOf(subject, { sender: hidesEnvelope });
  const type = feedbackType(subject);
  const delivery: Field[] = [
    [
      'Received',
      `from ${message.helo} ([${message.address}])\r\n\tby ${mta} with ESMTP${message.tls ? 'S' : ''}; ${accepted}`,
    ],
    ['Authentication-Results', `${mta}; ${authenticationResults(subject)}`],
  ];
  const { boundary, body } = reportBody(
    subject,
    {
      text: [
        `This is an email abuse report for an email message received from IP address ${message.address} on ${accepted}.`,
        type === 'abuse'
          ? 'Its recipient has reported it as spam.'
          : 'Its recipient has said that it was not spam, and takes back what was reported before.',
      ],
      report: [
        ['Feedback-Type', type],
        ['User-Agent', userAgent],
        ['Version', '1'],
        ...(envelope ? envelopeFields(message.sender, recipient) : []),
        ['Source-IP', message.address],
        ['Arrival-Date', accepted],
        ['Reported-Domain', domain],
        ...(envelope ? ([['Reporting-MTA', `dns; ${mta}`]] satisfies Field[]) : []),
        ['Authentication-Results', `${mta}; ${authenticationResults(subject)}`],
      ],
      delivery: envelope ? [['Return-Path', `<${message.sender}>`], ...delivery] : delivery,
    },
    {
      redact,
      returned: 'text/rfc822-headers',
      partFields: [['Content-Transfer-Encoding', '7bit']],
      returnedFields: [],
      boundary: (n) => guid(subject, `boundary${n}`),
    },
  );
  const from = reporter(subject);
  return mail(
    from,
    to,
    entity(
      [
        ['From', from],
        ['To', to],
        ['Date', dateText(subject.sentAt)],
        ['Subject', redact(`FW: ${subjectText(message)}`)],
        ['Message-ID', `<${hex(subject, 'id', 24)}@${mta}>`],
        ['MIME-Version', '1.0'],
        ['Content-Type', `multipart/report; report-type=feedback-report;\r\n\tboundary="${boundary}"`],
      ],
      body,
    ),
  );
}

/** RFC 5965 section 3.2. */
function envelopeFields(sender: string, recipient: string): Field[] {
  return [
    ['Original-Mail-From', `<${sender}>`],
    ['Original-Rcpt-To', `<${recipient}>`],
  ];
}
