/** A plain delivery status notification, as RFC 3464 and RFC 6522 have it; reasons and their shares are assumed. */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { type BounceReason, returnedPart, statusPart, textPart } from './bounce-parts.ts';
import { dateText, guid, hex, named, oneOf } from './ids.ts';
import { entity, mail, onOneLine, partsBody, unusedBoundary } from './mime.ts';
import { bouncer } from './reporter.ts';

interface PlainReason extends BounceReason {
  readonly reply: string;
}

const REASONS: readonly PlainReason[] = [
  { share: 7, status: '5.1.1', reply: '550 5.1.1 User unknown' },
  { share: 2, status: '5.2.2', reply: '552 5.2.2 Mailbox full' },
  { share: 1, status: '4.4.7', reply: '451 4.4.7 Delivery time expired' },
];

/** A notification of failure. */
export function rfc3464Bounce(subject: ReturnedSubject, to: string): ReturnedMail {
  const { message, recipient, mta } = subject;
  const { status, reply } = oneOf(subject, 'reason', REASONS);
  const parts = [
    textPart(
      'text/plain; charset=us-ascii',
      [],
      [
        `This is the mail system at ${mta}.`,
        '',
        'Your message was accepted, but could not be delivered to this address:',
        '',
        `<${onOneLine(recipient)}>: ${reply}`,
      ],
    ),
    statusPart(
      [
        ['Reporting-MTA', `dns; ${mta}`],
        ['Received-From-MTA', `dns; ${message.helo}`],
        ['Arrival-Date', dateText(subject.acceptedAt)],
      ],
      [
        ['Original-Recipient', `rfc822; ${recipient}`],
        ['Final-Recipient', `rfc822; ${recipient}`],
        ['Action', 'failed'],
        ['Status', status],
        ['Diagnostic-Code', `smtp; ${reply}`],
        ['Last-Attempt-Date', dateText(subject.sentAt)],
      ],
    ),
    returnedPart(subject, 'text/rfc822-headers'),
  ];
  const boundary = unusedBoundary(parts, (n) => guid(subject, `boundary${n}`));
  return mail(
    '',
    to,
    entity(
      [
        ['From', named(bouncer(subject), 'Mail Delivery System')],
        ['To', to],
        ['Date', dateText(subject.sentAt)],
        ['Subject', 'Undelivered Mail Returned to Sender'],
        ['Auto-Submitted', 'auto-replied'],
        ['Message-ID', `<${hex(subject, 'id', 24)}@${mta}>`],
        ['MIME-Version', '1.0'],
        ['Content-Type', `multipart/report; report-type=delivery-status;\r\n\tboundary="${boundary}"`],
      ],
      partsBody(boundary, parts),
    ),
  );
}
