/**
 * Mails that come back: subjects of all kinds in all forms, and mails that no form here makes but that bounce mailboxes get. The
 * latter's layouts follow what is seen of Yahoo and AOL; wording and values are our own.
 */
import type { AcceptedMessage } from '../../fakes/feedback/accepted.ts';
import type { ReturnedMail, ReturnedSubject } from '../../fakes/feedback/mail.ts';
import {
  BOUNCE_FORMS,
  type BounceForm,
  COMPLAINT_FORMS,
  type ComplaintForm,
} from '../../fakes/feedback/resolved-feedback.ts';
import { createPrng, Purpose } from '../../src/core/prng.ts';

const HEADER = [
  'Received: from injector.sender.test (localhost [127.0.0.1])',
  '\tby out1.news.sender.test with ESMTP for <u8.1@gmail.com>; Thu, 01 Jan 2026 00:00:00 +0000',
  'DKIM-Signature: v=1; a=rsa-sha256; d=news.sender.test; s=s1; h=from:to;',
  '\tbh=abc=; b=def=',
  'From: News <news@news.sender.test>',
  'To: u7.0@yahoo.com,',
  ' u8.1@gmail.com,',
  ' u9.2@outlook.com',
  'Message-ID: <42@news.sender.test>',
  'Date: Thu, 01 Jan 2026 00:00:00 +0000',
  'X-Windtunnel-Message: 42',
  'Subject: An offer for u8.1@gmail.com',
  'List-Unsubscribe: <mailto:unsubscribe-42.1@news.sender.test?subject=stop%20it>,',
  ' <https://news.sender.test/unsubscribe/42/1>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  '',
].join('\r\n');

/** Message 42 to three recipients, of which this ISP took the second, in slot 1. */
export const ACCEPTED: AcceptedMessage = {
  at: 1_000_000,
  source: 0,
  address: '198.18.0.1',
  helo: 'out1.news.sender.test',
  sender: 'b-42@news.sender.test',
  recipients: ['u8.1@gmail.com'],
  header: HEADER,
  bytes: 4096,
  tls: true,
  dkimDomain: 'news.sender.test',
  fromDomain: 'news.sender.test',
  passed: { spf: true, dkim: true, dmarc: true },
};

const COMPLAINTS_FROM: Readonly<Record<ComplaintForm, string>> = {
  'yahoo-arf': 'feedback@arf.mail.yahoo.com',
  'jmrp-legacy': 'staff@hotmail.com',
  'jmrp-arf': 'staff@hotmail.com',
  arf: 'fbl@isp.test',
  none: '',
};
const BOUNCES_FROM: Readonly<Record<BounceForm, string>> = {
  google: 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>',
  microsoft: 'postmaster@outlook.com',
  rfc3464: 'mailer-daemon@isp.test',
  none: '',
};

/** A subject about message 42, an hour after it was accepted. Another `seed` makes other choices. */
export function subjectAbout(
  kind: ReturnedSubject['kind'],
  options: {
    readonly complaint?: ComplaintForm;
    readonly redacted?: boolean;
    readonly bounce?: BounceForm;
    readonly message?: Partial<AcceptedMessage>;
    readonly recipient?: string;
    readonly seed?: number;
  } = {},
): ReturnedSubject {
  const { complaint = 'arf', bounce = 'rfc3464', redacted = false, recipient = 'u8.1@gmail.com' } = options;
  const prng = createPrng(options.seed ?? 1);
  return {
    kind,
    message: { ...ACCEPTED, ...options.message },
    recipient,
    acceptedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, 5)),
    sentAt: new Date(Date.UTC(2026, 0, 1, 1, 0, 5)),
    feedbackAddress: 'fbl@news.sender.test',
    mta: 'mx1.isp.test',
    complaint: { form: complaint, redacted, from: COMPLAINTS_FROM[complaint] },
    bounce: { form: bounce, from: BOUNCES_FROM[bounce] },
    chance: (name) => prng.chance(Purpose.feedbackForm, prng.hash(name)),
  };
}

/** A kind in one form, about the recipient in slot 1 of message 42. */
export interface FeedbackSample {
  readonly name: string;
  readonly subject: ReturnedSubject;
}

/** Every kind in every form: what is `malformed` is tested by its shapes. */
export const FEEDBACK_SAMPLES: readonly FeedbackSample[] = [
  ...COMPLAINT_FORMS.filter((form) => form !== 'none').flatMap((complaint) =>
    (['complaint', 'withdrawal'] as const).flatMap((kind) =>
      [false, true].map((redacted) => ({
        name: `${kind}-${complaint}${redacted ? '-redacted' : ''}`,
        subject: subjectAbout(kind, { complaint, redacted }),
      })),
    ),
  ),
  ...BOUNCE_FORMS.filter((form) => form !== 'none').map((bounce) => ({
    name: `bounce-${bounce}`,
    subject: subjectAbout('bounce', { bounce }),
  })),
  ...(['auto-reply', 'challenge', 'unsubscribe'] as const).map((kind) => ({
    name: kind,
    subject: subjectAbout(kind),
  })),
];

/** How Yahoo tells its own users that their mail failed: no RFC 3464. Message 42, slot 1. */
export const YAHOO_FAILURE_NOTICE: ReturnedMail = {
  sender: '',
  recipient: 'b-42@news.sender.test',
  text: wire(`Date: Thu, 01 Jan 2026 01:00:00 +0000
From: MAILER-DAEMON@yahoo.com
To: b-42@news.sender.test
Message-ID: <12345678.123456.1767229200000.JavaMail.nobody@sonic1.mail.yahoo.com>
Subject: Failure Notice
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 7bit

Sorry, we were unable to deliver your message to the following address.

<u8.1@gmail.com>:
550: : User unknown

--- Below this line is a copy of the message.

${HEADER.replaceAll('\r\n', '\n')}
The quick brown fox.
`),
};

/** Yahoo's notices in an older form, which is qmail's. Message 42, slot 1. */
export const YAHOO_QMAIL_NOTICE: ReturnedMail = {
  sender: '',
  recipient: 'b-42@news.sender.test',
  text: wire(`Date: 01 Jan 2026 01:00:00 -0000
From: MAILER-DAEMON@yahoo.com
To: b-42@news.sender.test
Subject: failure notice

Hi. This is the qmail-send program at yahoo.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<u8.1@gmail.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <b-42@news.sender.test>
${HEADER.replaceAll('\r\n', '\n')}
The quick brown fox.
`),
};

/** Complaints as AOL reported them before it became Yahoo's: RFC 5965 with the recipient hidden. Message 42, slot 1. */
export const AOL_COMPLAINT: ReturnedMail = {
  sender: 'scomp@aol.net',
  recipient: 'fbl@news.sender.test',
  text: wire(`To: fbl@news.sender.test
From: scomp@aol.net
Date: Thu, 01 Jan 2026 01:00:00 GMT
Subject: Email Feedback Report for IP 198.18.0.1
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="boundary-1234-29572-2659438-22573"
X-Loop: scomp
X-AOL-IP: 198.18.0.1
Message-ID: <202601010100.scomp@x34.mx.aol.test>

--boundary-1234-29572-2659438-22573
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message with the message-id of 42@news.sender.test received from IP address 198.18.0.1 on Thu, 01 Jan 2026 00:00:05 -0000 (GMT)

--boundary-1234-29572-2659438-22573
Content-Disposition: inline
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SMP-FBL
Version: 1.0
Received-Date: Thu, 01 Jan 2026 00:00:05 -0000 (GMT)
Source-IP: 198.18.0.1
Reported-Domain: news.sender.test
Redacted-Address: redacted
Redacted-Address: redacted@

--boundary-1234-29572-2659438-22573
Content-Type: message/rfc822
Content-Disposition: inline

Return-Path: <b-42@news.sender.test>
${HEADER.replaceAll('\r\n', '\n').replaceAll('u8.1@gmail.com', 'redacted@gmail.com')}
The quick brown fox.

--boundary-1234-29572-2659438-22573--
`),
};

function wire(text: string): string {
  return text.replaceAll('\n', '\r\n');
}
