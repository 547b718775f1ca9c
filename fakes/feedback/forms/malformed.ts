/**
 * Reports that are none, as bounce mailboxes get them: broken on the way, made by broken programs, or made to do harm. Each
 * is a mail that SMTP carries; most name a message in their returned part, and all are addressed to it.
 */
import { MESSAGE_HEADER } from '../../../src/core/identity.ts';
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { dateText, guid, hex, oneOf } from './ids.ts';
import { type Entity, entity, type Field, header, mail, partsBody } from './mime.ts';
import { quotedHeader } from './original.ts';
import { bouncer, reporter } from './reporter.ts';

/** What can be wrong with a report. */
export const MALFORMED_SHAPES = [
  'truncated', // it ends in the middle of the machine-readable part
  'no-parts', // a multipart/report whose boundary never comes
  'wrong-report-type', // it calls itself a delivery report, and has a complaint in it
  'no-recipient', // a notification that names no recipient
  'header-injection', // bare CR and encoded CRLF that would make fields about another message if they were line ends; MTAs refuse bare LF
  'wrong-charset', // a charset that nobody knows, and broken transfer encodings
  'binary', // bytes of all values, without a header
  'nested', // multiparts inside one another, a thousand deep
  'huge', // a report behind a text of ten megabytes
] as const;
export type MalformedShape = (typeof MALFORMED_SHAPES)[number];

interface Shape {
  readonly share: number;
  readonly build: (subject: ReturnedSubject, to: string) => ReturnedMail;
}

/** How often it is each of them, against the others: assumed. */
const SHAPES: Readonly<Record<MalformedShape, Shape>> = {
  truncated: { share: 20, build: truncated },
  'no-parts': { share: 20, build: noParts },
  'wrong-report-type': { share: 20, build: wrongReportType },
  'no-recipient': { share: 20, build: noRecipient },
  'header-injection': { share: 10, build: headerInjection },
  'wrong-charset': { share: 10, build: wrongCharset },
  binary: { share: 10, build: binary },
  nested: { share: 5, build: nested },
  huge: { share: 1, build: huge },
};

/** How deep a nested one goes. */
export const NESTED_DEEP = 1000;
/** Bytes of a huge one's text: a mail of this size is below the limit that Postfix has by default (10,240,000). */
export const HUGE_BYTES = 10_000_000;

/**
 * A report that can't be read as one.
 * @param shape default: one of them by the subject's chance
 */
export function malformed(subject: ReturnedSubject, to: string, shape?: MalformedShape): ReturnedMail {
  const { build } = shape ? SHAPES[shape] : oneOf(subject, 'shape', Object.values(SHAPES));
  return build(subject, to);
}

/** A mail from the ISP with this content. */
function report(
  subject: ReturnedSubject,
  to: string,
  type: string,
  body: string,
  more: readonly Field[] = [],
): ReturnedMail {
  return mail(
    '',
    to,
    entity(
      [
        ['From', bouncer(subject)],
        ['To', to],
        ['Date', dateText(subject.sentAt)],
        ['Subject', 'Report'],
        ['Message-ID', `<${hex(subject, 'id', 24)}@${subject.mta}>`],
        ['MIME-Version', '1.0'],
        ...more,
        ['Content-Type', type],
      ],
      body,
    ),
  );
}

function feedbackPart(subject: ReturnedSubject): Entity {
  return entity(
    [['Content-Type', 'message/feedback-report']],
    header([
      ['Feedback-Type', 'abuse'],
      ['User-Agent', 'Feedback-Loop/1.0'],
      ['Version', '1'],
      ['Original-Rcpt-To', `<${subject.recipient}>`],
      ['Source-IP', subject.message.address],
    ]),
  );
}

function returned(subject: ReturnedSubject): Entity {
  return entity([['Content-Type', 'text/rfc822-headers']], quotedHeader(subject.message.header));
}

function words(text: string): Entity {
  return entity([['Content-Type', 'text/plain; charset=us-ascii']], text);
}

function truncated(subject: ReturnedSubject, to: string): ReturnedMail {
  const boundary = guid(subject, 'boundary');
  const body = partsBody(boundary, [words('This is an email abuse report.'), feedbackPart(subject)]);
  return report(
    subject,
    to,
    `multipart/report; report-type=feedback-report; boundary="${boundary}"`,
    `${body.slice(0, body.indexOf('-Rcpt-To'))}\r\n`,
  );
}

function noParts(subject: ReturnedSubject, to: string): ReturnedMail {
  return report(
    subject,
    to,
    `multipart/report; report-type=delivery-status; boundary="${guid(subject, 'boundary')}"`,
    'Your message could not be delivered.\r\n',
  );
}

function wrongReportType(subject: ReturnedSubject, to: string): ReturnedMail {
  const boundary = guid(subject, 'boundary');
  return report(
    subject,
    to,
    `multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    partsBody(boundary, [words('This is a report.'), feedbackPart(subject), returned(subject)]),
  );
}

function noRecipient(subject: ReturnedSubject, to: string): ReturnedMail {
  const boundary = guid(subject, 'boundary');
  const status = header([
    ['Reporting-MTA', `dns; ${subject.mta}`],
    ['Arrival-Date', dateText(subject.acceptedAt)],
  ]);
  const part = entity(
    [['Content-Type', 'message/delivery-status']],
    `${status}\r\n${header([
      ['Action', 'failed'],
      ['Status', '5.1.1'],
    ])}`,
  );
  return report(
    subject,
    to,
    `multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    partsBody(boundary, [words('Your message could not be delivered.'), part, returned(subject)]),
  );
}

/** Bare CR and LF end no line in SMTP (RFC 5321 section 2.3.8); whoever takes them for one reads fields that are not there. */
function headerInjection(subject: ReturnedSubject, to: string): ReturnedMail {
  const boundary = guid(subject, 'boundary');
  const injected = [
    `\r${MESSAGE_HEADER}: 4294967294`,
    ` =?utf-8?q?=0D=0A${MESSAGE_HEADER}:_4294967294?=`,
    // CR, LF, Bcc: everyone@victim.test
    ' =?utf-8?b?DQpCY2M6IGV2ZXJ5b25lQHZpY3RpbS50ZXN0?=',
    '\r\r--x\r',
    '\r.\rMAIL FROM:<injected@victim.test>',
  ].join('');
  const part: Entity = {
    header: 'Content-Type: message/feedback-report\r\n',
    body: `User-Agent: Feedback-Loop/1.0${injected}\r\nVersion: 1\r\nOriginal-Rcpt-To: <injected@victim.test>${injected}\r\n`,
  };
  const { sender, recipient, text } = report(
    subject,
    to,
    `multipart/report; report-type=feedback-report; boundary="${boundary}"`,
    partsBody(boundary, [words('This is a report.'), part]),
  );
  return { sender, recipient, text: text.replace('Subject: Report\r\n', `Subject: Report${injected}\r\n`) };
}

function wrongCharset(subject: ReturnedSubject, to: string): ReturnedMail {
  const boundary = guid(subject, 'boundary');
  const text = entity(
    [
      ['Content-Type', 'text/plain; charset="x-unknown-\u00e9"'],
      ['Content-Transfer-Encoding', 'quoted-printable'],
    ],
    '=ZZ=E9=\t=0=',
  );
  const status: Entity = {
    header: 'Content-Type: message/delivery-status; charset=utf-7\r\nContent-Transfer-Encoding: base64\r\n',
    body: '****not base64 at all\xff\xfe****\r\n',
  };
  return report(
    subject,
    to,
    `multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    partsBody(boundary, [text, status]),
    [['Content-Transfer-Encoding', '8bit']],
  );
}

function binary(subject: ReturnedSubject, to: string): ReturnedMail {
  let text = '';
  for (let line = 0; line < 64; line++) {
    for (let i = 0; i < 64; i++) {
      const byte = Math.floor(subject.chance(`byte/${line}/${i}`) * 256);
      text += byte === 0x0d || byte === 0x0a ? '\0' : String.fromCharCode(byte);
    }
    text += '\r\n';
  }
  return { sender: '', recipient: to, text };
}

function nested(subject: ReturnedSubject, to: string): ReturnedMail {
  const id = hex(subject, 'boundary', 8);
  const begins: string[] = [];
  for (let depth = 1; depth < NESTED_DEEP; depth++)
    begins.push(`--${id}-${depth - 1}\r\nContent-Type: multipart/mixed; boundary="${id}-${depth}"\r\n\r\n`);
  const innermost = `--${id}-${NESTED_DEEP - 1}\r\n${feedbackPart(subject).header}\r\n${feedbackPart(subject).body}`;
  let ends = '';
  for (let depth = NESTED_DEEP - 1; depth >= 0; depth--) ends += `\r\n--${id}-${depth}--\r\n`;
  return report(
    subject,
    to,
    `multipart/report; report-type=feedback-report; boundary="${id}-0"`,
    begins.join('') + innermost + ends,
  );
}

function huge(subject: ReturnedSubject, to: string): ReturnedMail {
  const boundary = guid(subject, 'boundary');
  const line = `${'This report is much too long. '.repeat(2)}\r\n`;
  const text = words(line.repeat(Math.floor(HUGE_BYTES / line.length)));
  return {
    ...report(
      subject,
      to,
      `multipart/report; report-type=feedback-report; boundary="${boundary}"`,
      partsBody(boundary, [text, feedbackPart(subject), returned(subject)]),
    ),
    sender: reporter(subject),
  };
}
