/**
 * Complaints as Outlook's Junk Mail Reporting Program sent them until June 2026. No RFC 5965: a multipart/mixed with the
 * message alone, above which Outlook wrote down whom it was for. Catalogue section 3d: observed in three samples; the name
 * before `spf=` is assumed. Withdrawals have no such form.
 */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { dateText, guid, hex, letters } from './ids.ts';
import { entity, type Field, header, mail, partsBody, unusedBoundary } from './mime.ts';
import { fromAddress, quotedHeader } from './original.ts';
import { redactionOf } from './redaction.ts';
import { reporter } from './reporter.ts';

const ALIGNED = 'identity alignment result is pass and alignment mode is relaxed';

/** A complaint as Outlook would have sent it. The message has no body: ISPs keep none here. */
export function jmrpLegacy(subject: ReturnedSubject, to: string): ReturnedMail {
  const { message, recipient, mta } = subject;
  const accepted = dateText(subject.acceptedAt);
  const result = message.passed?.spf === false ? 'FAIL' : 'PASS';
  const redact = redactionOf(subject, { sender: false });
  const delivery: Field[] = [
    ['X-HmXmrOriginalRecipient', recipient],
    // Whose browser it was; an address for documentation (RFC 5737).
    ['X-Reporter-IP', `192.0.2.${letters(subject, 'reporter', 2, '123456789')}`],
    ['Authentication-Results', `hotmail.com; ${checks(subject)}`],
    ['X-SID-PRA', fromAddress(message)],
    ['X-AUTH-Result', result],
    ['X-SID-Result', result],
    [
      'Received',
      `from ${message.helo} ([${message.address}]) by ${mta}${message.tls ? ' over TLS\r\n\tsecured channel' : ''} with Microsoft SMTPSVC(7.5.7601.23008);\r\n\t ${accepted}`,
    ],
  ];
  const part = entity(
    [
      ['Content-Type', 'message/rfc822'],
      ['Content-Disposition', 'inline'],
    ],
    `${header(delivery.map(([name, value]) => [name, redact(value)]))}${redact(quotedHeader(message.header))}\r\n`,
  );
  const boundary = unusedBoundary([part], (n) => guid(subject, `boundary${n}`).toUpperCase());
  const from = reporter(subject);
  return mail(
    from,
    to,
    entity(
      [
        ['Date', dateText(subject.sentAt)],
        ['From', from],
        // Two blanks after the colon.
        ['Subject', ` complaint about message from ${message.address}`],
        ['To', to],
        ['MIME-Version', '1.0'],
        ['Content-Type', `multipart/mixed; boundary="${boundary}"`],
        ['Message-ID', `<${hex(subject, 'id', 24).toUpperCase()}@${mta}>`],
      ],
      partsBody(boundary, [part]),
    ),
  );
}

function checks({ message }: ReturnedSubject): string {
  const { passed, dkimDomain, fromDomain, address, sender } = message;
  const spf = passed?.spf === false ? 'fail' : 'pass';
  const dkim =
    dkimDomain === undefined
      ? 'dkim=none (message not signed)'
      : `dkim=${passed?.dkim === false ? 'fail' : 'pass'} (${ALIGNED}) header.d=${dkimDomain}`;
  return `spf=${spf} (sender IP is ${address}; ${ALIGNED}) smtp.mailfrom=${sender}; ${dkim}; x-hmca=${spf} header.id=${fromDomain ?? 'none'}`;
}
