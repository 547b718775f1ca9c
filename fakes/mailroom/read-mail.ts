/** Finds out what a mail is that came back, and which message and recipient it is about. */
import { unsubscribeOf } from '../../src/core/identity.ts';
import type { FeedbackKind } from '../../src/record/attempt-log.ts';
import { answerOf } from './answers.ts';
import { isLegacyJmrp, readArf, readLegacyJmrp } from './complaint.ts';
import { parseDeliveryStatus, type RecipientReport } from './dsn.ts';
import { readFailureNotice } from './failure-notice.ts';
import { type OpenedMail, openMail } from './open-mail.ts';
import { type Subject, subjectOf } from './subject.ts';

/** A delivery status notification (RFC 3464) with at least one block that can be used. */
export interface ReadDsn {
  readonly kind: 'dsn';
  /** The message that it is about: from the VERP address, else from the returned headers. */
  readonly message: number | undefined;
  readonly reports: readonly RecipientReport[];
  /** The address in its From, in small letters. */
  readonly from: string | undefined;
  /** The server that reports, in small letters, without its type. */
  readonly reportingMta: string | undefined;
  /** Recipient blocks that could not be used. */
  readonly malformed: number;
}

/**
 * Any other mail. `bounce`: a failure notice that is no DSN; `malformed`: it should be a report and can't be used, or is no
 * mail at all.
 */
export interface ReadOther extends Subject {
  readonly kind: FeedbackKind | 'other';
  readonly from: string | undefined;
  readonly malformed: number;
}

type Told = Subject & { readonly kind: ReadOther['kind'] };

/** Reports that have nothing to do with what is measured: read receipts (RFC 8098), TLS reports (RFC 8460). */
const OTHER_REPORTS = ['disposition-notification', 'tlsrpt'];

/** What is looked at of a text to tell what it is. */
const TEXT_START = 10_000;

/**
 * What a mail is and says. Never throws: what can't be read is malformed.
 * @param to the envelope recipient
 * @param about.sender the reverse path, '' if it is null
 * @param about.cut only the beginning of the mail is in `raw`
 */
export async function readMail(
  raw: Buffer,
  to: string,
  about: { readonly sender?: string; readonly cut?: boolean } = {},
): Promise<ReadDsn | ReadOther> {
  const mail = await openMail(raw, to, about.cut ?? false);
  const { from } = mail;
  if (!('header' in mail)) return { kind: 'malformed', from, malformed: 1, ...subjectOf(to, [], [], [from]) };
  if (mail.statuses.length > 0) return readDsn(mail);
  const told = readReport(mail) ?? readAnswer(mail, about.sender === '');
  return { ...told, from, malformed: told.kind === 'malformed' ? 1 : 0 };
}

function readDsn({ to, from, statuses, returned }: OpenedMail): ReadDsn | ReadOther {
  const read = statuses.map(parseDeliveryStatus);
  const reports = read.flatMap((status) => status.reports);
  const malformed = read.reduce((sum, status) => sum + status.malformed, 0);
  const subject = subjectOf(to, returned);
  if (reports.length === 0) return { kind: 'malformed', from, ...subject, malformed: Math.max(1, malformed) };
  const reportingMta = read.map((status) => status.reportingMta).find((name) => name !== undefined);
  return { kind: 'dsn', message: subject.message, reports, from, reportingMta, malformed };
}

/** A complaint, another report, or one that is none; undefined if the mail is no report. */
function readReport(mail: OpenedMail): Told | undefined {
  const { to, from, subject, reportType, feedback, returned } = mail;
  if (reportType === 'feedback-report' || (reportType === undefined && feedback.length > 0))
    return readArf(mail);
  if (reportType !== undefined) {
    const kind = OTHER_REPORTS.includes(reportType) ? 'other' : 'malformed';
    return { kind, ...subjectOf(to, returned) };
  }
  return isLegacyJmrp(from, subject, returned) ? readLegacyJmrp(mail) : undefined;
}

/**
 * What is no report.
 * @param notifies its reverse path is null, as of notifications alone (RFC 5321 section 4.5.5): what then tells nothing is
 * malformed, however it came to be so. Postfix mends headers until nothing is wrong with them.
 */
function readAnswer(mail: OpenedMail, notifies: boolean): Told {
  const { to, from, header, subject, text } = mail;
  const notice = readFailureNotice(to, text);
  if (notice) return { kind: 'bounce', ...notice };
  const about = subjectOf(to, [], [], [from]);
  const unsubscribed = unsubscribeOf(to);
  if (unsubscribed) return { kind: 'unsubscribe', mailbox: about.mailbox, ...unsubscribed };
  const kind = answerOf(header, subject, text.slice(0, TEXT_START));
  const isOther = mail.isMail && mail.whole && !notifies;
  return { kind: kind ?? (isOther ? 'other' : 'malformed'), ...about };
}
