/** What reports of RFC 5965 have in common, however their fields are called and ordered. */
import type { ReturnedSubject } from '../mail.ts';
import { type Entity, entity, type Field, header, partsBody, textBody, unusedBoundary } from './mime.ts';
import { quotedHeader } from './original.ts';
import type { Redaction } from './redaction.ts';

/** The Feedback-Type: a complaint (RFC 5965 section 7.3), or its withdrawal (RFC 6430). */
export function feedbackType({ kind }: ReturnedSubject): 'abuse' | 'not-spam' {
  return kind === 'withdrawal' ? 'not-spam' : 'abuse';
}

/** What the ISP's own checks found, as RFC 8601 says it, without the name of who checked. */
export function authenticationResults({ message }: ReturnedSubject): string {
  const { passed, dkimDomain, sender, fromDomain } = message;
  if (passed === undefined) return 'none';
  return [
    `spf=${passed.spf ? 'pass' : 'fail'} smtp.mailfrom=${sender}`,
    dkimDomain === undefined ? 'dkim=none' : `dkim=${passed.dkim ? 'pass' : 'fail'} header.d=${dkimDomain}`,
    `dmarc=${passed.dmarc ? 'pass' : 'fail'}${fromDomain === undefined ? '' : ` header.from=${fromDomain}`}`,
  ].join('; ');
}

/** The three parts of a report (RFC 5965 section 2). */
export interface ReportParts {
  /** For people. */
  readonly text: readonly string[];
  /** For machines. */
  readonly report: readonly Field[];
  /** Fields that the ISP put above those of the message when it took it. */
  readonly delivery: readonly Field[];
}

/** A report's body, and the boundary for its header. Nothing in it tells what is to be hidden. */
export function reportBody(
  { message }: ReturnedSubject,
  { text, report, delivery }: ReportParts,
  how: {
    readonly redact: Redaction;
    /** `message/rfc822`, with an empty body since ISPs keep none here, or `text/rfc822-headers`. */
    readonly returned: 'message/rfc822' | 'text/rfc822-headers';
    /** Fields besides Content-Type of the parts: of the first two, and of the last one. */
    readonly partFields: readonly Field[];
    readonly returnedFields: readonly Field[];
    readonly boundary: (n: number) => string;
  },
): { readonly boundary: string; readonly body: string } {
  const { redact, partFields } = how;
  // Values are redacted before they are encoded.
  const fields = (list: readonly Field[]) => header(list.map(([name, value]) => [name, redact(value)]));
  const quoted = fields(delivery) + redact(quotedHeader(message.header));
  const parts: Entity[] = [
    entity([['Content-Type', 'text/plain; charset=us-ascii'], ...partFields], textBody(text.map(redact))),
    entity([['Content-Type', 'message/feedback-report'], ...partFields], fields(report)),
    entity(
      [['Content-Type', how.returned], ...how.returnedFields],
      how.returned === 'message/rfc822' ? `${quoted}\r\n` : quoted,
    ),
  ];
  const boundary = unusedBoundary(parts, how.boundary);
  return { boundary, body: partsBody(boundary, parts) };
}
