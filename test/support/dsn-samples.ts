/**
 * Delivery status notifications in the layouts that MTAs and mailbox providers use, about messages of ours. Layouts
 * follow Haraka's outbound/hmail.js, Postfix's bounce service, Exim's deliver.c, and what Gmail and Exchange Online
 * are seen to send; wording and values are our own.
 */
import type { RecipientReport } from '../../fakes/mailroom/dsn.ts';

export interface DsnSample {
  readonly name: string;
  /** Content-Type of the report, and the part before the status, as each maker does it. */
  readonly head: string;
  readonly status: string;
  readonly returned: { readonly type: string; readonly text: string };
  readonly reports: readonly RecipientReport[];
  /** Whose report it is. */
  readonly reportingMta: string;
}

const returnedHeaders = [
  'Received: from localhost ([127.0.0.1]) by mta.sender.test; Thu, 1 Jan 2026 00:00:00 +0000',
  'From: news@news.sender.test',
  'Subject: windtunnel message 42',
  'X-Windtunnel-Message: 42',
  'Message-ID: <42@news.sender.test>',
  '',
].join('\n');
const returnedMessage = `${returnedHeaders}\nThe quick brown fox.\n\nX-Windtunnel-Message: 99\n`;

const BOUNDARY = 'part-of-a-report';

const plain = `Content-Type: multipart/report; report-type=delivery-status;
\tboundary="${BOUNDARY}"

This is a MIME-encapsulated message.

--${BOUNDARY}
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered.
`;

export const DSN_SAMPLES: readonly DsnSample[] = [
  {
    name: 'Haraka',
    head: plain,
    status: `Original-Envelope-Id: <42@news.sender.test>
Reporting-MTA: dns;mta.sender.test
Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822;u7.0@gmail.com
Action: failed
Status: 5.1.1 (550 No such user here)
Remote-MTA: gmail-smtp-in.l.google.com
Diagnostic-Code: smtp;550 5.1.1 No such user here 
`,
    returned: { type: 'text/rfc822-headers', text: returnedHeaders },
    reportingMta: 'mta.sender.test',
    reports: [report('u7.0@gmail.com', 'failed', '5.1.1', '550 5.1.1 No such user here')],
  },
  {
    name: 'Haraka, when the reply had no enhanced code',
    head: plain,
    status: `Reporting-MTA: dns;mta.sender.test

Final-Recipient: rfc822;u7.0@yahoo.com
Action: failed
Diagnostic-Code: smtp;554 delivery error: dd no such account 
`,
    returned: { type: 'text/rfc822-headers', text: returnedHeaders },
    reportingMta: 'mta.sender.test',
    reports: [report('u7.0@yahoo.com', 'failed', '', '554 delivery error: dd no such account')],
  },
  {
    name: 'Postfix',
    head: plain,
    status: `Reporting-MTA: dns; mta.sender.test
X-Postfix-Queue-ID: 4F1B2C0D3E
X-Postfix-Sender: rfc822; b-42@news.sender.test
Arrival-Date: Thu,  1 Jan 2026 00:00:00 +0000 (UTC)

Final-Recipient: rfc822; u7.0@gmail.com
Original-Recipient: rfc822;u7.0@gmail.com
Action: failed
Status: 4.7.28
Remote-MTA: dns; gmail-smtp-in.l.google.com
Diagnostic-Code: smtp; 421-4.7.28 Too much mail from this address. Slow
    down, please. 421 4.7.28 Come back later.

Final-Recipient: rfc822; u8.1@gmail.com
Original-Recipient: rfc822;u8.1@gmail.com
Action: failed
Status: 5.4.4
Diagnostic-Code: X-Postfix; Host or domain name not found
`,
    returned: { type: 'message/rfc822', text: returnedMessage },
    reportingMta: 'mta.sender.test',
    reports: [
      report(
        'u7.0@gmail.com',
        'failed',
        '4.7.28',
        '421-4.7.28 Too much mail from this address. Slow down, please. 421 4.7.28 Come back later.',
      ),
      report('u8.1@gmail.com', 'failed', '5.4.4', 'Host or domain name not found'),
    ],
  },
  {
    name: 'Exim, which puts the action first',
    head: plain,
    status: `Reporting-MTA: dns; mta.sender.test

Action: failed
Final-Recipient: rfc822;u7.0@outlook.com
Status: 5.0.0
Remote-MTA: dns; outlook-com.olc.protection.outlook.com
Diagnostic-Code: smtp; 550 5.5.0 Mailbox unavailable

Action: failed
Final-Recipient: rfc822;u8.1@outlook.com
Status: 5.0.0
`,
    returned: { type: 'message/rfc822', text: returnedMessage },
    reportingMta: 'mta.sender.test',
    reports: [
      report('u7.0@outlook.com', 'failed', '5.0.0', '550 5.5.0 Mailbox unavailable'),
      report('u8.1@outlook.com', 'failed', '5.0.0', undefined),
    ],
  },
  {
    name: 'Gmail, delayed',
    head: `X-Failed-Recipients: u7.0@gmail.com
Content-Type: multipart/report; boundary="${BOUNDARY}"; report-type=delivery-status

--${BOUNDARY}
Content-Type: multipart/related; boundary="related"

--related
Content-Type: multipart/alternative; boundary="alternative"

--alternative
Content-Type: text/plain; charset="UTF-8"

** Not yet delivered **

--alternative
Content-Type: text/html; charset="UTF-8"

<p>Not yet delivered</p>

--alternative--

--related
Content-Type: image/png; name="icon.png"
Content-Disposition: attachment; filename="icon.png"
Content-Transfer-Encoding: base64
Content-ID: <icon.png>

iVBORw0KGgo=

--related--
`,
    status: `Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; b-42@news.sender.test
Arrival-Date: Thu, 01 Jan 2026 00:00:00 -0800 (PST)
X-Original-Message-ID: <42@news.sender.test>

Final-Recipient: rfc822; u7.0@gmail.com
Action: delayed
Status: 4.4.1
Remote-MTA: dns; in.l.google.com. (2001:2:0:100::1, the server
 for the domain gmail.com.)
Diagnostic-Code: smtp; 450-4.2.1 This person gets mail too quickly. For more, go
 450-4.2.1 to
 450 4.2.1  https://support.example/rate c3si1234567plr.1 - gsmtp
Last-Attempt-Date: Thu, 01 Jan 2026 00:00:01 -0800 (PST)
Will-Retry-Until: Sun, 04 Jan 2026 00:00:00 -0800 (PST)
`,
    returned: { type: 'message/rfc822', text: returnedMessage },
    reportingMta: 'googlemail.com',
    reports: [
      report(
        'u7.0@gmail.com',
        'delayed',
        '4.4.1',
        '450-4.2.1 This person gets mail too quickly. For more, go 450-4.2.1 to 450 4.2.1  https://support.example/rate c3si1234567plr.1 - gsmtp',
      ),
    ],
  },
  {
    name: 'Microsoft, no blank after the types',
    head: `X-MS-Exchange-Message-Is-Ndr:
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="${BOUNDARY}"

--${BOUNDARY}
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="alternative"

--alternative
Content-Type: text/plain; charset="us-ascii"

Your message to u7.0@outlook.com couldn't be delivered.

--alternative--
`,
    status: `Reporting-MTA: dns;AB1PR0001.example.prod.outlook.com
Received-From-MTA: dns;out1.news.sender.test
Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822;u7.0@outlook.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 Recipient not found by address lookup
X-Display-Name: u7.0@outlook.com
`,
    returned: { type: 'message/rfc822', text: returnedMessage },
    reportingMta: 'ab1pr0001.example.prod.outlook.com',
    reports: [
      report('u7.0@outlook.com', 'failed', '5.1.10', '550 5.1.10 Recipient not found by address lookup'),
    ],
  },
];

/** A report about one of our recipients. */
export function report(
  recipient: string,
  action: RecipientReport['action'],
  status: string,
  diagnostic: string | undefined,
): RecipientReport {
  const [, mailbox, slot] = /^u(\d+)\.(\d+)@/.exec(recipient) ?? [];
  return { recipient, mailbox: Number(mailbox), slot: Number(slot), action, status, diagnostic };
}

/** The sample as a whole mail with CRLF, as it comes over SMTP. `statuses`: instead of the sample's own part. */
export function mailOf(sample: DsnSample, statuses: readonly string[] = [sample.status]): Buffer {
  const lines = [
    'From: Mail Delivery System <mailer-daemon@mta.sender.test>',
    'To: b-42@news.sender.test',
    'Subject: Delivery Status Notification',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    sample.head,
    ...statuses.map((status) => `--${BOUNDARY}\nContent-Type: message/delivery-status\n\n${status}`),
    `--${BOUNDARY}\nContent-Type: ${sample.returned.type}\n\n${sample.returned.text}`,
    `--${BOUNDARY}--\n`,
  ];
  return Buffer.from(lines.join('\n').replace(/\n/g, '\r\n'));
}
