/**
 * The senders' mailboxes: takes in by SMTP all that comes back to the sending domains, tells delivery status
 * notifications from the rest, and reports what they say.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type HeaderValue, type ParsedMail, type StructuredHeader, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { HarnessError, messageOf } from '../src/core/errors.ts';
import { messageOfSender } from '../src/core/identity.ts';
import { messageOfReturned, parseDeliveryStatus, type RecipientReport } from './dsn.ts';

/** A delivery status notification. */
export interface DsnMail {
  readonly envelopeRecipient: string;
  /** The message that it is about: from the VERP address, else from the returned headers. */
  readonly message: number | undefined;
  readonly reports: readonly RecipientReport[];
}

/**
 * Any other mail. `auto-reply`: made by a machine in answer (RFC 3834); `report`: any other multipart/report
 * (RFC 6522), such as a complaint (RFC 5965).
 */
export interface OtherMail {
  readonly kind: 'auto-reply' | 'report' | 'other';
  readonly envelopeRecipient: string;
}

/** Mails taken in so far. The kinds add up to `mails`. */
export interface MailroomCounters {
  mails: number;
  dsns: number;
  autoReplies: number;
  reports: number;
  others: number;
  /** Recipient blocks of DSNs that could not be used, DSNs without a single block, and mails that are not MIME. */
  malformed: number;
  /** Mails of which only the first `KEPT_BYTES` were kept. */
  truncated: number;
}

/** A mailroom that is open. */
export interface Mailroom {
  readonly address: string;
  readonly port: number;
  readonly received: Readonly<MailroomCounters>;
  /** Refuses new mail, ends what it is reading, and closes. May be called again. */
  stop(): Promise<void>;
}

/** What is kept of a mail. The rest is read and thrown away, so that no sender has trouble with a size limit. */
const KEPT_BYTES = 1_000_000;
/** How long a client may stay after `stop`; MTAs keep idle connections open. */
const CLOSE_MS = 100;

const STATUS_TYPES = ['message/delivery-status', 'message/global-delivery-status'];
const RETURNED_TYPES = ['message/rfc822', 'text/rfc822-headers', 'message/global', 'message/global-headers'];

/**
 * Opens the mailroom: no authentication, no TLS, every recipient taken. A mail is confirmed after its handler ran.
 * @param options.port 0: a free one
 * @param options.logger called with a line about each mail that could not be read and each failed connection
 * @throws HarnessError (lab) if the address or port can't be had
 */
export async function startMailroom(options: {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  readonly onDsn: (dsn: DsnMail) => void;
  readonly onMail: (mail: OtherMail) => void;
  readonly logger?: (line: string) => void;
}): Promise<Mailroom> {
  const { address, logger } = options;
  const received: MailroomCounters = {
    mails: 0,
    dsns: 0,
    autoReplies: 0,
    reports: 0,
    others: 0,
    malformed: 0,
    truncated: 0,
  };
  const reading = new Set<Promise<void>>();

  async function takeIn(stream: SMTPServerDataStream, recipients: readonly string[]): Promise<void> {
    const raw = await head(stream);
    received.mails++;
    if (stream.byteLength > raw.length) received.truncated++;
    const envelopeRecipient = recipients.find((r) => messageOfSender(r) !== undefined) ?? recipients[0] ?? '';
    const mail = await readMail(raw, envelopeRecipient);
    received.malformed += mail.malformed;
    if (mail.malformed > 0) logger?.(`mail to ${envelopeRecipient}: ${mail.malformed} malformed`);
    if (mail.kind === 'dsn') {
      received.dsns++;
      options.onDsn({ envelopeRecipient, message: mail.message, reports: mail.reports });
    } else {
      received[COUNTER_OF[mail.kind]]++;
      options.onMail({ kind: mail.kind, envelopeRecipient });
    }
  }

  const server = new SMTPServer({
    name: options.hostname,
    disabledCommands: ['AUTH', 'STARTTLS'],
    // Where it may pipeline, Exim closes its side with a QUIT right after the dot, and smtp-server no longer answers then.
    hidePIPELINING: true,
    disableReverseLookup: true,
    lenientAddressParsing: true,
    closeTimeout: CLOSE_MS,
    onData(stream, session, callback) {
      const done = takeIn(
        stream,
        session.envelope.rcptTo.map((r) => r.address),
      ).then(
        () => callback(null, 'taken in'),
        (error: unknown) => {
          logger?.(`a mail was refused: ${messageOf(error)}`);
          callback(Object.assign(new Error('local error in processing'), { responseCode: 451 }));
        },
      );
      reading.add(done);
      void done.finally(() => reading.delete(done));
    },
  });
  server.on('error', (error) => logger?.(`SMTP: ${error.message}`));
  try {
    server.listen(options.port, address);
    await once(server.server, 'listening');
  } catch (error) {
    const message = `the mailroom can't listen on ${address} port ${options.port}: ${messageOf(error)}`;
    throw new HarnessError('lab', message, { cause: error });
  }
  return {
    address,
    port: (server.server.address() as AddressInfo).port,
    received,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(resolve));
      await Promise.all(reading);
      await closed;
    },
  };
}

const COUNTER_OF = { 'auto-reply': 'autoReplies', report: 'reports', other: 'others' } as const;

type ReadMail =
  | {
      readonly kind: 'dsn';
      readonly message: number | undefined;
      readonly reports: readonly RecipientReport[];
      readonly malformed: number;
    }
  | { readonly kind: OtherMail['kind']; readonly malformed: number };

/** What a mail is and says. Never throws: what mailparser can't read is `other` and malformed. */
export async function readMail(raw: Buffer, envelopeRecipient: string): Promise<ReadMail> {
  let mail: ParsedMail;
  try {
    // Embedded messages stay closed: a DSN inside a returned message is not about us.
    mail = await simpleParser(raw, {
      keepDeliveryStatus: true,
      ignoreEmbedded: true,
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipImageLinks: true,
      checksumAlgo: false,
    });
  } catch {
    return { kind: 'other', malformed: 1 };
  }
  const statuses = contentsOf(mail, STATUS_TYPES).map(parseDeliveryStatus);
  if (statuses.length === 0)
    return { kind: kindOf(mail), malformed: reportType(mail) === 'delivery-status' ? 1 : 0 };
  const reports = statuses.flatMap((status) => status.reports);
  const malformed = statuses.reduce((sum, status) => sum + status.malformed, 0);
  return {
    kind: 'dsn',
    message:
      messageOfSender(envelopeRecipient) ??
      contentsOf(mail, RETURNED_TYPES).map(messageOfReturned).find(isNumber),
    reports,
    malformed: reports.length === 0 ? Math.max(1, malformed) : malformed,
  };
}

function kindOf(mail: ParsedMail): OtherMail['kind'] {
  if (reportType(mail) !== undefined) return 'report';
  const automatic = mail.headers.get('auto-submitted');
  return typeof automatic === 'string' && !/^no\b/i.test(automatic) ? 'auto-reply' : 'other';
}

/** The report-type of a multipart/report in lower case; '' if it names none; undefined if the mail is not one. */
function reportType(mail: ParsedMail): string | undefined {
  const type = mail.headers.get('content-type');
  if (!isStructured(type) || type.value.toLowerCase() !== 'multipart/report') return undefined;
  return (type.params['report-type'] ?? '').toLowerCase();
}

function isStructured(value: HeaderValue | undefined): value is StructuredHeader {
  return (
    typeof value === 'object' && 'params' in value && 'value' in value && typeof value.value === 'string'
  );
}

function contentsOf(mail: ParsedMail, types: readonly string[]): string[] {
  return mail.attachments
    .filter((part) => types.includes(part.contentType.toLowerCase()))
    .map((part) => String(part.content));
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

/** The first `KEPT_BYTES` of a stream, which is read to its end. */
async function head(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let kept = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (kept >= KEPT_BYTES) continue;
    chunks.push(chunk.subarray(0, KEPT_BYTES - kept));
    kept += chunk.length;
  }
  return Buffer.concat(chunks);
}
