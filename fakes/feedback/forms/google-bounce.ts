/**
 * What Gmail returns of mail that a group, a forward or a routing rule had accepted. Catalogue section 1d: layout and fields
 * observed; that each reason comes in this share is assumed. Dates are in Pacific time, in winter's all year.
 */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { type BounceReason, returnedPart, statusPart, textPart } from './bounce-parts.ts';
import { digits, domainOf, hex, letters, oneOf, pacificDate } from './ids.ts';
import { entity, type Field, header, mail, onOneLine, partsBody, unusedBoundary } from './mime.ts';
import { messageId } from './original.ts';
import { bouncer } from './reporter.ts';

interface GoogleReason extends BounceReason {
  readonly title: string;
  readonly because: string;
  readonly help: string;
  /** The reply of the server behind, in the lines that it had; the last one gets the server's id. */
  readonly reply: readonly string[];
}

const REASONS: readonly GoogleReason[] = [
  {
    share: 6,
    status: '5.1.1',
    title: 'Address not found',
    because: "because the address couldn't be found, or is unable to receive mail.",
    help: 'https://support.google.com/mail/?p=NoSuchUser',
    reply: [
      '550-5.1.1 The email account that you tried to reach does not exist. Please try',
      "550-5.1.1 double-checking the recipient's email address for typos or",
      '550-5.1.1 unnecessary spaces. For more information, go to',
      '550 5.1.1  https://support.google.com/mail/?p=NoSuchUser',
    ],
  },
  {
    share: 3,
    status: '5.2.2',
    title: 'Recipient inbox full',
    because: 'because their inbox is full, or is getting too much mail right now.',
    help: 'https://support.google.com/mail/?p=OverQuotaPerm',
    reply: [
      "552-5.2.2 The recipient's inbox is out of storage space and inactive. Please",
      '552-5.2.2 direct the recipient to',
      '552 5.2.2  https://support.google.com/mail/?p=OverQuotaPerm',
    ],
  },
  {
    share: 1,
    status: '5.7.1',
    title: 'Message blocked',
    because: 'because a rule of the group or of its organization does not let it in.',
    help: 'https://support.google.com/mail/answer/188131',
    reply: ['550 5.7.1 This message violates the email policy of the recipient. - gcdp'],
  },
];

/** A picture of one white pixel; Gmail's shows an error sign. */
const ICON = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsrCbowAAAABJRU5ErkJggg==';

/** A notification of failure as Gmail sends it. */
export function googleBounce(subject: ReturnedSubject, to: string): ReturnedMail {
  const { message, recipient } = subject;
  const reason = oneOf(subject, 'reason', REASONS);
  const boundary = (name: string) => (n: number) => `000000000000${hex(subject, `${name}${n}`, 16)}`;
  const id = messageId(message);
  const gid = `${letters(subject, 'gid', 1, 'abcdefghijklmnopqrstuvwxyz')}${digits(subject, 'gid-a', 2)}si${digits(subject, 'gid-b', 7)}${letters(subject, 'gid-c', 3, 'abcdefghijklmnopqrstuvwxyz')}.${digits(subject, 'gid-d', 2)}`;
  const explanation = explained(subject, reason, boundary);
  const failed = pacificDate(subject.sentAt);
  const parts = [
    explanation,
    statusPart(
      [
        ['Reporting-MTA', 'dns; googlemail.com'],
        ['Received-From-MTA', `dns; ${message.sender}`],
        ['Arrival-Date', pacificDate(subject.acceptedAt)],
        ...(id === '' ? [] : ([['X-Original-Message-ID', id]] satisfies Field[])),
      ],
      [
        ['Final-Recipient', `rfc822; ${recipient}`],
        ['Action', 'failed'],
        ['Status', reason.status],
        [
          'Remote-MTA',
          `dns; gmr-smtp-in.l.google.com. (192.0.2.26, the server\r\n for the domain ${domainOf(recipient)}.)`,
        ],
        ['Diagnostic-Code', `smtp; ${reason.reply.join('\r\n ')} ${gid} - gsmtp`],
        ['Last-Attempt-Date', failed],
      ],
    ),
    returnedPart(subject),
  ];
  const whole = unusedBoundary(parts, boundary('report'));
  return mail(
    '',
    to,
    entity(
      [
        ['X-Gm-Message-State', hex(subject, 'state', 56)],
        ['Content-Type', `multipart/report; boundary="${whole}"; report-type=delivery-status`],
        ['To', to],
        ['Auto-Submitted', 'auto-replied'],
        [
          'Message-ID',
          `<${hex(subject, 'id-a', 8)}.${hex(subject, 'id-b', 8)}.${hex(subject, 'id-c', 5)}.GMR@mx.google.com>`,
        ],
        ['Date', failed],
        ['From', bouncer(subject)],
        ['Subject', 'Delivery Status Notification (Failure)'],
        ...(id === ''
          ? []
          : ([
              ['References', id],
              ['In-Reply-To', id],
            ] satisfies Field[])),
        ['X-Failed-Recipients', recipient],
        ['MIME-Version', '1.0'],
      ],
      partsBody(whole, parts),
    ),
  );
}

/** multipart/related with the notice as text and as HTML, and the picture that it shows. */
function explained(
  { recipient }: ReturnedSubject,
  { title, because, help, reply }: GoogleReason,
  boundary: (name: string) => (n: number) => string,
) {
  const address = onOneLine(recipient);
  const answer = reply.map((line) => line.slice('550 '.length)).join(' ');
  const code = reply[0]?.slice(0, 3);
  const notices = [
    textPart(
      'text/plain; charset="UTF-8"',
      [],
      [
        '',
        `** ${title} **`,
        '',
        `Your message wasn't delivered to ${address} ${because}`,
        '',
        `Learn more here: ${help}`,
        '',
        'The response was:',
        `${code} ${answer}`,
      ],
    ),
    textPart(
      'text/html; charset="UTF-8"',
      [],
      [
        '',
        '<html>',
        '<body>',
        '<img alt="Error Icon" src="cid:icon.png">',
        `<h2>${title}</h2>`,
        `<p>Your message wasn't delivered to <b>${inHtml(address)}</b> ${because}</p>`,
        `<p><a href="${help}">LEARN MORE</a></p>`,
        `<p>The response was:<br/>${code} ${inHtml(answer)}</p>`,
        '</body>',
        '</html>',
      ],
    ),
  ];
  const inner = unusedBoundary(notices, boundary('alternative'));
  const related = [
    entity([['Content-Type', `multipart/alternative; boundary="${inner}"`]], partsBody(inner, notices)),
    {
      header: header([
        ['Content-Type', 'image/png; name="icon.png"'],
        ['Content-Disposition', 'attachment; filename="icon.png"'],
        ['Content-Transfer-Encoding', 'base64'],
        ['Content-ID', '<icon.png>'],
      ]),
      body: `${ICON}\r\n`,
    },
  ];
  const outer = unusedBoundary(related, boundary('related'));
  return entity([['Content-Type', `multipart/related; boundary="${outer}"`]], partsBody(outer, related));
}

function inHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
