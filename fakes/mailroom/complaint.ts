/**
 * Reads complaint reports: ARF (RFC 5965) as whoever writes it, withdrawals (RFC 6430), and Outlook's JMRP as it was until
 * June 2026, which is no ARF.
 */
import { blocksOf, headerOf } from './fields.ts';
import { type Subject, subjectOf } from './subject.ts';

/** What a report says: that a message is spam, that saying so was a mistake, or that its recipient wants no more of it. */
export interface Complaint extends Subject {
  readonly kind: 'complaint' | 'withdrawal' | 'unsubscribe' | 'other' | 'malformed';
}

/** What there is to read of a report. */
export interface ReportParts {
  /** The envelope recipient. */
  readonly to: string;
  /** Bodies of `message/feedback-report` parts. */
  readonly feedback: readonly string[];
  /** Returned messages, or their headers. */
  readonly returned: readonly string[];
  /** The end of the last part is there. */
  readonly whole: boolean;
}

/**
 * What feedback types mean here (RFC 5965 section 7.3, RFC 6430; `opt-out` is from its drafts). Any other is `other`, as
 * RFC 5965 section 3.5 has it, and a complaint; reports about failed authentication (RFC 6591) are not the recipients'.
 */
const MEANINGS: Readonly<Record<string, Complaint['kind']>> = {
  'not-spam': 'withdrawal',
  'opt-out': 'unsubscribe',
  'opt-out-list': 'unsubscribe',
  'auth-failure': 'other',
};

/**
 * Reads an ARF report. Yahoo's has `Version: 0.1`, others have none: only what is needed is asked for, a feedback type, a
 * returned message and an end.
 */
export function readArf({ to, feedback, returned, whole }: ReportParts): Complaint {
  const fields = blocksOf(feedback[0] ?? '')[0];
  const subject = subjectOf(
    to,
    returned,
    [fields?.get('original-mail-from')],
    [fields?.get('original-rcpt-to'), fields?.get('removal-recipient')],
  );
  const type = /^[\w-]+$/.exec(fields?.get('feedback-type') ?? '')?.[0]?.toLowerCase();
  const bad = type === undefined || feedback.length !== 1 || returned.length === 0 || !whole;
  return { kind: bad ? 'malformed' : (MEANINGS[type] ?? 'complaint'), ...subject };
}

/** Whether a `multipart/mixed` is a JMRP report: by its sender and subject, or by what Outlook adds to the returned message. */
export function isLegacyJmrp(
  from: string | undefined,
  subject: string,
  returned: readonly string[],
): boolean {
  if (returned.length !== 1) return false;
  return (
    (from === 'staff@hotmail.com' && /complaint about message from/i.test(subject)) ||
    headerOf(returned[0] ?? '').has('x-hmxmroriginalrecipient')
  );
}

/** Reads a JMRP report: all that it says is in the returned message. */
export function readLegacyJmrp({ to, returned, whole }: Omit<ReportParts, 'feedback'>): Complaint {
  return { kind: whole ? 'complaint' : 'malformed', ...subjectOf(to, returned) };
}
