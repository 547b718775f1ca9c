/**
 * What else comes back to a sender, in the layouts that mailbox providers are seen to use (Sisimai's set-of-emails, KumoMTA's
 * samples) and that the RFCs give; values and wording are our own. Each is about message 42, whose second recipient is
 * mailbox 7, unless it hides that.
 */
import type { ReadOther } from '../../fakes/mailroom/read-mail.ts';

/** A mail, whom it came to, and what is to be read of it. */
export interface ReturnSample {
  readonly name: string;
  readonly to: string;
  /** One character a byte (latin1). */
  readonly raw: string;
  readonly expected: Pick<ReadOther, 'kind' | 'message' | 'slot'> & Partial<Pick<ReadOther, 'mailbox'>>;
}

const VERP = 'b-42@news.sender.test';
const FBL = 'fbl@news.sender.test';
const THEM = 'u7.1@yahoo.com';

const HEADER = [
  'Received: from mta.sender.test by mx.example; Thu, 1 Jan 2026 00:00:00 +0000',
  'From: News <news@news.sender.test>',
  `To: ${THEM}`,
  'Subject: windtunnel message 42',
  'X-Windtunnel-Message: 42',
  'Message-ID: <42@news.sender.test>',
];
const BARE = HEADER.filter((line) => !line.startsWith('X-Windtunnel') && !line.startsWith('To:'));

const OF_42 = { message: 42, slot: 1, mailbox: 7 };
const HIDDEN = { message: 42, slot: undefined, mailbox: undefined };

function text(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`;
}

/** An ARF report as Yahoo lays it out, with these fields and this returned header. */
function yahoo(fields: readonly string[], returned: readonly string[]): string {
  return text([
    'From: Yahoo! Mail AntiSpam Feedback <feedback@arf.mail.yahoo.com>',
    'Subject: FW: windtunnel message 42',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report;',
    '\tboundary="----=_Part_1_2.3"',
    'X-Yahoo-Newman-Property:',
    '',
    '------=_Part_1_2.3',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'This is an email abuse report for an email message from news.sender.test',
    '',
    '------=_Part_1_2.3',
    'Content-Type: message/feedback-report',
    'Content-Transfer-Encoding: 7bit',
    '',
    ...fields,
    '',
    '------=_Part_1_2.3',
    'Content-Type: message/rfc822',
    'Content-Disposition: inline',
    '',
    ...returned,
    '',
    '',
    '------=_Part_1_2.3--',
  ]);
}

const YAHOO_FIELDS = [
  'Feedback-Type: abuse',
  'User-Agent: Yahoo!-Mail-Feedback/2.0',
  'Version: 0.1',
  'Original-Mail-From: <b-42@news.sender.test>',
  `Original-Rcpt-To: ${THEM}`,
  'Received-Date: Thu, 1 Jan 2026 00:00:00 +0000',
  'Reported-Domain: news.sender.test',
];

/** RFC 5965 with these fields, in place of or besides the usual ones, and a returned header. */
function arf(type: string, fields: readonly string[], returned: readonly string[], outer = ''): string {
  return text([
    'From: <abusedesk@example.com>',
    'Subject: Email Feedback Report for IP 198.18.128.1',
    `Content-Type: multipart/report; ${outer || 'report-type=feedback-report'}; boundary=part`,
    '',
    '--part',
    'Content-Type: text/plain',
    '',
    'This is an email abuse report.',
    '--part',
    'Content-Type: message/feedback-report',
    '',
    `Feedback-Type: ${type}`,
    'User-Agent: SomeGenerator/1.0',
    'Version: 1',
    ...fields,
    '',
    '--part',
    'Content-Type: text/rfc822-headers',
    '',
    ...returned,
    '',
    '--part--',
  ]);
}

function jmrp(
  returned: readonly string[],
  subject = 'Subject:  complaint about message from 198.18.128.1',
): string {
  return text([
    'From: staff@hotmail.com',
    subject,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="F0000EEE2-0000-2111-AAB0-000000000000"',
    '',
    '--F0000EEE2-0000-2111-AAB0-000000000000',
    'Content-Type: message/rfc822',
    'Content-Disposition: inline',
    '',
    ...returned,
    '',
    'The message.',
    '--F0000EEE2-0000-2111-AAB0-000000000000--',
  ]);
}

function plain(head: readonly string[], ...body: string[]): string {
  return text([`From: <${THEM}>`, ...head, 'Content-Type: text/plain', '', ...body]);
}

const complaint = { kind: 'complaint' } as const;

export const RETURN_SAMPLES: readonly ReturnSample[] = [
  {
    name: "Yahoo's ARF, Version: 0.1",
    to: FBL,
    raw: yahoo(YAHOO_FIELDS, [`X-Apparently-To: ${THEM}; Thu, 1 Jan 2026`, ...HEADER]),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'an ARF whose returned header was stripped of ours: joined by the reverse path that it quotes',
    to: FBL,
    raw: yahoo(YAHOO_FIELDS, BARE),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'the same, and the reverse path is in the returned header alone',
    to: FBL,
    raw: yahoo(['Feedback-Type: abuse', 'Version: 0.1'], ['Return-Path: <b-42@news.sender.test>', ...BARE]),
    expected: { ...complaint, ...HIDDEN },
  },
  {
    name: 'an ARF that came to the VERP address',
    to: VERP,
    raw: arf('abuse', [], BARE),
    expected: { ...complaint, ...HIDDEN },
  },
  {
    name: 'a redacted recipient, who is in the returned header',
    to: FBL,
    raw: arf('abuse', ['Original-Rcpt-To: redacted@yahoo.com'], HEADER),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'a redacted recipient, and a returned header that hides it too',
    to: FBL,
    raw: arf(
      'abuse',
      ['Redacted-Address: redacted', 'Original-Rcpt-To: ZmFrZQ@yahoo.com'],
      [...BARE, 'X-Windtunnel-Message: 42', 'To: undisclosed-recipients:;'],
    ),
    expected: { ...complaint, ...HIDDEN },
  },
  {
    name: 'a returned header with several recipients, of whom none is told',
    to: FBL,
    raw: arf('abuse', [], [...BARE, 'X-Windtunnel-Message: 42', `To: u6.0@yahoo.com,`, `\t${THEM}`]),
    expected: { ...complaint, ...HIDDEN },
  },
  {
    name: 'the same, and the report names one of them',
    to: FBL,
    raw: arf(
      'ABUSE',
      [`Original-Rcpt-To: <${THEM}>`],
      [...BARE, 'X-Windtunnel-Message: 42', `To: u6.0@yahoo.com, ${THEM}`],
    ),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'fraud is a complaint',
    to: FBL,
    raw: arf('fraud', [], HEADER),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'a type that nobody knows is a complaint',
    to: FBL,
    raw: arf('x-annoying', [], HEADER),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'not spam after all (RFC 6430)',
    to: FBL,
    raw: arf('not-spam', [], HEADER),
    expected: { kind: 'withdrawal', ...OF_42 },
  },
  {
    name: 'opt-out',
    to: FBL,
    raw: arf('opt-out', ['Removal-Recipient: u7.1@yahoo.com'], HEADER),
    expected: { kind: 'unsubscribe', ...OF_42 },
  },
  {
    name: 'failed authentication (RFC 6591) is no complaint',
    to: FBL,
    raw: arf('auth-failure', [], HEADER),
    expected: { kind: 'other', ...OF_42 },
  },
  {
    name: 'a feedback report that lacks the outer type',
    to: FBL,
    raw: arf('abuse', [], HEADER).replace('multipart/report; report-type=feedback-report', 'multipart/mixed'),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'a feedback report that calls itself a DSN',
    to: FBL,
    raw: arf('abuse', [], HEADER, 'report-type=delivery-status'),
    expected: { kind: 'malformed', ...OF_42 },
  },
  {
    name: 'a report of no type',
    to: VERP,
    raw: arf('abuse', [], HEADER, 'x=y'),
    expected: { kind: 'malformed', ...OF_42 },
  },
  {
    name: 'a read receipt (RFC 8098)',
    to: VERP,
    raw: arf('abuse', [], HEADER, 'report-type=disposition-notification'),
    expected: { kind: 'other', ...OF_42 },
  },
  {
    name: 'an ARF without a feedback type',
    to: FBL,
    raw: yahoo(['Version: 0.1'], HEADER),
    expected: { kind: 'malformed', ...OF_42 },
  },
  {
    name: 'an ARF that breaks off',
    to: FBL,
    raw: arf('abuse', [], HEADER).slice(0, -12),
    expected: { kind: 'malformed', ...OF_42 },
  },
  {
    name: 'an ARF without the message',
    to: VERP,
    raw: arf('abuse', [`Original-Rcpt-To: ${THEM}`], HEADER).replace('text/rfc822-headers', 'text/plain'),
    expected: { kind: 'malformed', ...OF_42 },
  },
  {
    name: 'a report without any part',
    to: VERP,
    raw: text(['Content-Type: multipart/report; report-type=feedback-report; boundary=x', '', 'Hello.']),
    expected: { kind: 'malformed', ...HIDDEN },
  },
  {
    name: 'JMRP until 2026: no ARF',
    to: FBL,
    raw: jmrp([
      `X-HmXmrOriginalRecipient: ${THEM}`,
      'X-Reporter-IP: 192.0.2.22',
      ...BARE,
      'X-Windtunnel-Message: 42',
    ]),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'JMRP told by its subject, since the recipient is hidden',
    to: FBL,
    raw: jmrp([...BARE, 'X-Windtunnel-Message: 42']),
    expected: { ...complaint, ...HIDDEN },
  },
  {
    name: 'JMRP told by what is in the message',
    to: FBL,
    raw: jmrp([`X-HmXmrOriginalRecipient: ${THEM}`, ...HEADER], 'Subject: x'),
    expected: { ...complaint, ...OF_42 },
  },
  {
    name: 'JMRP that breaks off',
    to: FBL,
    raw: jmrp(HEADER).slice(0, -20),
    expected: { kind: 'malformed', ...OF_42 },
  },
  {
    name: 'a mail that somebody forwards',
    to: FBL,
    raw: jmrp(HEADER, 'Subject: Fwd: look at this'),
    expected: { kind: 'other', message: undefined, slot: undefined },
  },
  {
    name: "Yahoo's failure notice, which is no DSN: joined by the header of the copy",
    to: 'postmaster@news.sender.test',
    raw: text([
      'From: MAILER-DAEMON@yahoo.com',
      'Subject: Failure Notice',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Sorry, we were unable to deliver your message to the following address.',
      '',
      `<${THEM}>:`,
      '550: : User unknown',
      '',
      '--- Below this line is a copy of the message.',
      '',
      ...HEADER,
      '',
      'Hello.',
    ]),
    expected: { kind: 'bounce', ...OF_42 },
  },
  {
    name: "the same as qmail's own program writes it",
    to: VERP,
    raw: text([
      'From: MAILER-DAEMON@yahoo.com',
      'Subject: failure notice',
      '',
      'Hi. This is the qmail-send program at yahoo.com.',
      "I'm afraid I wasn't able to deliver your message to the following addresses.",
      '',
      `<${THEM}>:`,
      'This user does not have an account here.',
      '',
      '--- Below this line is a copy of the message.',
      '',
      ...BARE,
    ]),
    expected: { kind: 'bounce', ...OF_42 },
  },
  {
    name: 'out of office (RFC 3834)',
    to: VERP,
    raw: plain(['Subject: Auto: windtunnel', 'Auto-Submitted: auto-replied (vacation)'], 'I am away.'),
    expected: { kind: 'auto-reply', ...OF_42 },
  },
  {
    name: "Exchange's out of office",
    to: VERP,
    raw: plain(['Subject: Automatic reply: windtunnel', 'X-Auto-Response-Suppress: All'], 'I am away.'),
    expected: { kind: 'auto-reply', ...OF_42 },
  },
  {
    name: 'an old responder, which only has a precedence',
    to: VERP,
    raw: plain(['Subject: Out of Office: windtunnel', 'Precedence: junk'], 'I am away.'),
    expected: { kind: 'auto-reply', ...OF_42 },
  },
  {
    name: 'Precedence: auto_reply',
    to: VERP,
    raw: plain(['Subject: windtunnel', 'Precedence: auto_reply'], 'I am away.'),
    expected: { kind: 'auto-reply', ...OF_42 },
  },
  {
    name: 'a mailing list is no auto-reply',
    to: VERP,
    raw: plain(['Subject: news', 'Precedence: bulk'], 'News.'),
    expected: { kind: 'other', ...OF_42 },
  },
  {
    name: 'a challenge',
    to: VERP,
    raw: plain(
      ['Subject: Please confirm your message', 'Auto-Submitted: auto-replied'],
      'I do not know you yet. Please reply to this mail, or click https://example.com/x,',
      'to prove that you are a person and have your mail delivered.',
    ),
    expected: { kind: 'challenge', ...OF_42 },
  },
  {
    name: 'a person who answers',
    to: VERP,
    raw: plain(['Subject: Re: windtunnel message 42', 'Auto-Submitted: No'], 'Please confirm. Click here.'),
    expected: { kind: 'other', ...OF_42 },
  },
  {
    name: 'an unsubscribe mail',
    to: 'unsubscribe-42.1@news.sender.test',
    raw: plain(['Subject: unsubscribe'], ''),
    expected: { kind: 'unsubscribe', ...OF_42 },
  },
  {
    name: 'what had no header, as an MTA hands it on',
    to: VERP,
    raw: text(['Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000', '', '\x00\x01\xff\xfe'.repeat(1000)]),
    expected: { kind: 'malformed', ...HIDDEN },
  },
  {
    name: 'a redacted recipient beside another one: told by the place',
    to: FBL,
    raw: arf(
      'abuse',
      [],
      [...BARE, 'X-Windtunnel-Message: 42', 'To: u6.0@yahoo.com,', '\tredacted@yahoo.com'],
    ),
    expected: { ...complaint, message: 42, slot: 1, mailbox: undefined },
  },
  {
    name: 'nothing at all',
    to: VERP,
    raw: '',
    expected: { kind: 'malformed', ...HIDDEN },
  },
  {
    name: 'no header',
    to: VERP,
    raw: '\x00\x01\xff\xfe'.repeat(1000),
    expected: { kind: 'malformed', ...HIDDEN },
  },
];
