/** Takes a mail apart, whatever it is made of, in bounded time. */
import { type HeaderValue, type ParsedMail, type StructuredHeader, simpleParser } from 'mailparser';
import { type Fields, headerOf } from './fields.ts';
import { mailboxIn } from './subject.ts';

/** What there is to read of a mail. */
export interface OpenedMail {
  /** The envelope recipient. */
  readonly to: string;
  /** The address in From, in small letters. */
  readonly from: string | undefined;
  readonly header: Fields;
  /** Decoded. */
  readonly subject: string;
  /** All parts of plain text. */
  readonly text: string;
  /** The report-type of a multipart/report in small letters; '' if it names none; undefined if it is not one. */
  readonly reportType: string | undefined;
  /** Bodies of delivery-status and of feedback-report parts, and returned messages or their headers. */
  readonly statuses: readonly string[];
  readonly feedback: readonly string[];
  readonly returned: readonly string[];
  /**
   * It has an author (RFC 5322 section 3.6), no NUL and no endless line (section 2.1.1): an MTA may have put a header before
   * what had none.
   */
  readonly isMail: boolean;
  /** Nothing was cut off: what is in parts has its closing delimiter (RFC 2046 section 5.1.1). */
  readonly whole: boolean;
}

/** A mail that can't be taken apart. */
export type SealedMail = Pick<OpenedMail, 'to' | 'from'>;

const STATUS_TYPES = ['message/delivery-status', 'message/global-delivery-status'];
const FEEDBACK_TYPES = ['message/feedback-report'];
const RETURNED_TYPES = ['message/rfc822', 'text/rfc822-headers', 'message/global', 'message/global-headers'];

/** A longer header is nobody's. mailparser takes a third of a second for a megabyte of addresses. */
const LONGEST_HEADER = 64_000;
/** Longer lines than RFC 5322's 998 come from mail programs, not from what answers mail. */
const LONGEST_LINE = 10_000;

/**
 * Opens a mail; never throws.
 * @param to the envelope recipient
 * @param cut only the beginning of the mail is in `raw`
 */
export async function openMail(raw: Buffer, to: string, cut: boolean): Promise<OpenedMail | SealedMail> {
  const head = raw.subarray(0, LONGEST_HEADER).toString('latin1');
  const header = headerOf(head);
  const from = mailboxIn(header.get('from'));
  const mail = isReadable(head, header) ? await parse(raw) : undefined;
  if (!mail) return { to, from };
  const type = contentTypeOf(mail);
  return {
    to,
    from,
    header,
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    reportType:
      type?.value.toLowerCase() === 'multipart/report'
        ? (type.params['report-type'] ?? '').toLowerCase()
        : undefined,
    statuses: contentsOf(mail, STATUS_TYPES),
    feedback: contentsOf(mail, FEEDBACK_TYPES),
    returned: contentsOf(mail, RETURNED_TYPES),
    isMail: from !== undefined && !head.includes('\0') && head.split('\n').every(isShort),
    whole: !cut && isClosed(raw, type?.params.boundary),
  };
}

/** Whether there is a header that may be parsed: one field at least, an end, and no NUL (RFC 5322 section 4). */
function isReadable(head: string, header: Fields): boolean {
  const end = /\r?\n\r?\n/.exec(head)?.index ?? head.length;
  return header.size > 0 && end < LONGEST_HEADER && !head.slice(0, end).includes('\0');
}

async function parse(raw: Buffer): Promise<ParsedMail | undefined> {
  try {
    // Embedded messages stay closed: a DSN inside a returned message is not about us.
    return await simpleParser(raw, {
      keepDeliveryStatus: true,
      ignoreEmbedded: true,
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipImageLinks: true,
      checksumAlgo: false,
    });
  } catch {
    return undefined;
  }
}

function isShort(line: string): boolean {
  return line.length <= LONGEST_LINE;
}

function isClosed(raw: Buffer, boundary: string | undefined): boolean {
  return boundary === undefined || raw.lastIndexOf(`\n--${boundary}--`, undefined, 'latin1') >= 0;
}

function contentTypeOf(mail: ParsedMail): StructuredHeader | undefined {
  const type = mail.headers.get('content-type');
  return isStructured(type) ? type : undefined;
}

function isStructured(value: HeaderValue | undefined): value is StructuredHeader {
  return (
    typeof value === 'object' && 'params' in value && 'value' in value && typeof value.value === 'string'
  );
}

function contentsOf(mail: ParsedMail, types: readonly string[]): string[] {
  return (
    mail.attachments
      // Not what its declaration says: where the field is empty it is `false`.
      .filter(({ contentType: type }: { contentType: unknown }) => {
        return typeof type === 'string' && types.includes(type.toLowerCase());
      })
      .map((part) => String(part.content))
  );
}
