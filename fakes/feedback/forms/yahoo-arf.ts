/**
 * Complaints as Yahoo's feedback loop sends them: RFC 5965 in layout, `Version: 0.1` in spite of it, a Received-Date, no
 * Source-IP, the recipient not hidden. Catalogue section 2d: observed in samples of 2013 and 2017; that today's third part
 * carries the header alone is documented. A withdrawal in this layout is assumed: Yahoo is not known to send any.
 */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { addressIn, dateText, digits, hex, named } from './ids.ts';
import { entity, type Field, mail } from './mime.ts';
import { senderDomain, subjectText } from './original.ts';
import { redactionOf } from './redaction.ts';
import { feedbackType, reportBody } from './report.ts';

const PART: readonly Field[] = [
  ['Content-Transfer-Encoding', '7bit'],
  ['Content-Disposition', 'inline'],
];

/** A complaint or its withdrawal as Yahoo would send it. */
export function yahooArf(subject: ReturnedSubject, to: string): ReturnedMail {
  const { message, recipient, mta } = subject;
  const domain = senderDomain(message);
  const received = dateText(subject.acceptedAt);
  const redact = redactionOf(subject, { sender: false });
  const results = ownResults(subject, domain);
  const { boundary, body } = reportBody(
    subject,
    {
      text: [`This is an email abuse report for an email message from ${domain} on ${received}`],
      report: [
        ['Feedback-Type', feedbackType(subject)],
        ['User-Agent', 'Yahoo!-Mail-Feedback/2.0'],
        ['Version', '0.1'],
        ['Original-Mail-From', `<${message.sender}>`],
        ['Original-Rcpt-To', recipient],
        ['Received-Date', received],
        ['Reported-Domain', domain],
        ['Authentication-Results', results],
      ],
      delivery: [
        ['X-Apparently-To', `${recipient}; ${received}`],
        ['Return-Path', `<${message.sender}>`],
        ['X-Originating-IP', `[${message.address}]`],
        ['Authentication-Results', results],
        [
          'Received',
          `from 127.0.0.1  (EHLO ${message.helo}) (${message.address})\r\n  by ${mta} with ${message.tls ? 'SMTPS' : 'SMTP'}; ${received}`,
        ],
      ],
    },
    {
      redact,
      returned: 'message/rfc822',
      partFields: PART,
      returnedFields: [['Content-Disposition', 'inline']],
      boundary: (n) =>
        `----=_Part_${digits(subject, `part${n}`, 8)}_${digits(subject, `of${n}`, 10)}.${digits(subject, `at${n}`, 11)}`,
    },
  );
  const from = named(subject.complaint.from, 'Yahoo! Mail AntiSpam Feedback');
  return mail(
    addressIn(from),
    to,
    entity(
      [
        ['Date', dateText(subject.sentAt)],
        ['From', from],
        ['To', to],
        ['Message-ID', `<${hex(subject, 'id', 32)}@${mta}>`],
        ['Subject', redact(`FW: ${subjectText(message)}`)],
        ['MIME-Version', '1.0'],
        ['Content-Type', `multipart/report; report-type=feedback-report;\r\n\tboundary="${boundary}"`],
        ['X-Yahoo-Newman-Property', ''],
        ['X-Yahoo-Newman-Id', ''],
      ],
      body,
    ),
  );
}

/** Yahoo's own kind of Authentication-Results: two blanks before each `from`, DomainKeys still there. */
function ownResults({ message, mta }: ReturnedSubject, domain: string): string {
  if (message.passed === undefined) return 'authentication result string is not available';
  const dkim =
    message.dkimDomain === undefined
      ? 'neutral (no sig)'
      : message.passed.dkim
        ? 'pass (ok)'
        : 'permerror (bad sig)';
  return `${mta}  from=${message.fromDomain ?? domain}; domainkeys=neutral (no sig);  from=${domain}; dkim=${dkim}`;
}
