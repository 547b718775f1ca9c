/**
 * What a Microsoft 365 tenant returns of mail that its front door had accepted (NDR). Catalogue section 3d: layout, fields
 * and the reply for an unknown user observed, that for a full mailbox in fragments; shares are assumed.
 */
import { encode, wrap } from 'nodemailer/lib/qp';
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { type BounceReason, returnedPart, statusPart, textPart } from './bounce-parts.ts';
import { dateText, digits, domainOf, guid, letters, named, oneOf } from './ids.ts';
import { entity, type Field, mail, onOneLine, partsBody, textBody, unusedBoundary } from './mime.ts';
import { messageId, subjectText } from './original.ts';
import { bouncer } from './reporter.ts';

interface MicrosoftReason extends BounceReason {
  readonly reply: string;
  readonly explanation: string;
}

const REASONS: readonly MicrosoftReason[] = [
  {
    share: 7,
    status: '5.1.10',
    reply: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
    explanation: "The address wasn't found at {domain}. It may be misspelled or may not exist.",
  },
  {
    share: 3,
    status: '5.2.2',
    reply:
      '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; Failed to process message due to a permanent exception',
    explanation: "The recipient's mailbox at {domain} is full and can't accept messages now.",
  },
];

/** A notification of failure as Exchange Online sends it. */
export function microsoftBounce(subject: ReturnedSubject, to: string): ReturnedMail {
  const { message, recipient } = subject;
  const { status, reply, explanation } = oneOf(subject, 'reason', REASONS);
  const letter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const host = `${letters(subject, 'host', 2, letter)}0PR22MB${digits(subject, 'host-n', 4)}`;
  const server = `${host}.namprd22.prod.outlook.com`;
  const address = onOneLine(recipient);
  const id = messageId(message);
  const notice = [
    'Delivery has failed to these recipients or groups:',
    '',
    `${address} (${address})<mailto:${address}>`,
    explanation.replace('{domain}', () => domainOf(address)),
    '',
    'Diagnostic information for administrators:',
    '',
    `Generating server: ${server}`,
    '',
    address,
    `Remote Server returned '${reply}'`,
  ];
  const text = textPart(
    'text/plain; charset="us-ascii"',
    [['Content-Transfer-Encoding', 'quoted-printable']],
    wrap(encode(textBody(notice))).split('\r\n'),
  );
  const inner = unusedBoundary([text], (n) => guid(subject, `alternative${n}`));
  const parts = [
    entity(
      [['Content-Type', `multipart/alternative; differences=Content-Type;\r\n\tboundary="${inner}"`]],
      partsBody(inner, [text]),
    ),
    statusPart(
      [
        ['Reporting-MTA', `dns;${server}`],
        ['Received-From-MTA', `dns;${message.helo}`],
        ['Arrival-Date', dateText(subject.acceptedAt)],
      ],
      [
        ['Final-Recipient', `rfc822;${recipient}`],
        ['Action', 'failed'],
        ['Status', status],
        ['Diagnostic-Code', `smtp;${reply}`],
        ['X-Display-Name', recipient],
      ],
    ),
    returnedPart(subject),
  ];
  const outer = unusedBoundary(parts, (n) => guid(subject, `report${n}`));
  return mail(
    '',
    to,
    entity(
      [
        ['From', named(bouncer(subject), 'Microsoft Outlook')],
        ['To', `<${to}>`],
        ['Date', dateText(subject.sentAt)],
        ['Content-Type', `multipart/report; report-type=delivery-status;\r\n\tboundary="${outer}"`],
        ['X-MS-Exchange-Message-Is-Ndr', ''],
        ['Content-Language', 'en-US'],
        ['Message-ID', `<${guid(subject, 'id')}@${server}>`],
        ...(id === ''
          ? []
          : ([
              ['In-Reply-To', id],
              ['References', id],
            ] satisfies Field[])),
        ['Subject', `Undeliverable: ${subjectText(message)}`],
        ['Auto-Submitted', 'auto-replied'],
        ['X-MS-PublicTrafficType', 'Email'],
        ['X-MS-Exchange-Transport-CrossTenantHeadersStamped', host],
        ['MIME-Version', '1.0'],
      ],
      partsBody(outer, parts),
    ),
  );
}
