/**
 * The senders' mailboxes: takes in by SMTP all that comes back to the sending domains, and by HTTPS what unsubscribes with
 * one click, and tells what it says.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { HarnessError, messageOf } from '../../src/core/errors.ts';
import { messageOfSender, unsubscribeOf } from '../../src/core/identity.ts';
import type { FeedbackKind } from '../../src/record/attempt-log.ts';
import type { Place } from '../feedback/return-path.ts';
import type { Leaf } from '../tls.ts';
import { startOneClick } from './one-click.ts';
import { type ReadDsn, type ReadOther, readMail } from './read-mail.ts';

/** A delivery status notification (RFC 3464). */
export interface DsnMail extends Omit<ReadDsn, 'kind' | 'malformed'> {
  readonly envelopeRecipient: string;
}

/** Any other mail, or a click that unsubscribes (which came to nobody, ''). */
export interface OtherMail extends Omit<ReadOther, 'malformed'> {
  readonly envelopeRecipient: string;
}

/** What was taken in so far. */
export interface MailroomCounters {
  mails: number;
  /** Mails by what they are; they add up to `mails`. */
  readonly kinds: Record<'dsn' | FeedbackKind | 'other', number>;
  /** Recipient blocks of DSNs that could not be used, and mails that are malformed. */
  malformed: number;
  /** Mails of which only a beginning was kept. */
  truncated: number;
  /** Clicks that unsubscribed. */
  clicks: number;
}

/** A mailroom that is open. */
export interface Mailroom extends Place {
  /** Where clicks unsubscribe; undefined if it was given no certificate. */
  readonly https: Place | undefined;
  readonly received: Readonly<MailroomCounters>;
  /** Refuses new mail, ends what it is reading, and closes. May be called again. */
  stop(): Promise<void>;
}

/** What is kept of a mail. The rest is read and thrown away, so that no sender has trouble with a size limit. */
const KEPT_BYTES = 1_000_000;
/** What is kept of mails that are read at the same time; of those that come when there is more, `LEAST_BYTES` each. */
const ALL_KEPT_BYTES = 100_000_000;
const LEAST_BYTES = 50_000;
/** How long a client may stay after `stop`; MTAs keep idle connections open. */
const CLOSE_MS = 100;

/**
 * Opens the mailroom: no authentication, no TLS, every recipient taken. A mail is confirmed after its handler ran.
 * @param options.port 0: a free one
 * @param options.https where clicks come in, and the certificate of the sender domains; undefined: nowhere
 * @param options.logger called with a line about each mail that could not be read and each failed connection
 * @throws HarnessError (lab) if the address or port can't be had
 */
export async function startMailroom(options: {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  readonly https?: Place & { readonly certificate: Leaf };
  readonly onDsn: (dsn: DsnMail) => void;
  readonly onMail: (mail: OtherMail) => void;
  readonly logger?: (line: string) => void;
}): Promise<Mailroom> {
  const { address, logger } = options;
  const received: MailroomCounters = {
    mails: 0,
    kinds: noKinds(),
    malformed: 0,
    truncated: 0,
    clicks: 0,
  };
  const reading = new Set<Promise<void>>();

  let kept = 0;
  /** The last mail that is being read: one at a time, since reading takes more memory than the mail. */
  let turn: Promise<unknown> = Promise.resolve();

  async function takeIn(
    stream: SMTPServerDataStream,
    sender: string,
    recipients: readonly string[],
  ): Promise<void> {
    const raw = await head(stream, kept > ALL_KEPT_BYTES ? LEAST_BYTES : KEPT_BYTES, (bytes) => {
      kept += bytes;
    });
    received.mails++;
    const cut = stream.byteLength > raw.length;
    if (cut) received.truncated++;
    const to = recipients.find(isTelling) ?? recipients[0] ?? '';
    const reading = turn.then(() => readMail(raw, to, { sender, cut }));
    turn = reading;
    const { malformed, ...mail } = await reading;
    kept -= raw.length;
    received.malformed += malformed;
    received.kinds[mail.kind]++;
    if (malformed > 0) logger?.(`mail to ${to.slice(0, 100)}: ${malformed} malformed`);
    if (mail.kind === 'dsn') {
      const { kind: _, ...dsn } = mail;
      options.onDsn({ ...dsn, envelopeRecipient: to });
    } else options.onMail({ ...mail, envelopeRecipient: to });
  }

  function takeClick(whose: { readonly message: number; readonly slot: number }): void {
    options.onMail({
      kind: 'unsubscribe',
      ...whose,
      mailbox: undefined,
      from: undefined,
      envelopeRecipient: '',
    });
    received.clicks++;
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
        session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
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
  const stopSmtp = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(resolve));
    await Promise.all(reading);
    await closed;
  };
  const { https } = options;
  const clicks =
    https &&
    (await startOneClick({ ...https, onUnsubscribe: takeClick, ...(logger && { logger }) }).catch(
      async (error: unknown) => {
        await stopSmtp();
        throw error;
      },
    ));
  let stopped: Promise<unknown> | undefined;
  return {
    address,
    port: (server.server.address() as AddressInfo).port,
    https: clicks?.place,
    received,
    async stop() {
      stopped ??= Promise.all([stopSmtp(), clicks?.stop()]);
      await stopped;
    },
  };
}

/** Whether an address says which message the mail is about. */
function isTelling(address: string): boolean {
  return messageOfSender(address) !== undefined || unsubscribeOf(address) !== undefined;
}

function noKinds(): MailroomCounters['kinds'] {
  return {
    dsn: 0,
    complaint: 0,
    withdrawal: 0,
    bounce: 0,
    'auto-reply': 0,
    challenge: 0,
    malformed: 0,
    unsubscribe: 0,
    trap: 0,
    other: 0,
  };
}

/**
 * The first bytes of a stream, which is read to its end.
 * @param keeps is told of each byte that is kept; all are taken back if the stream breaks off
 */
async function head(
  stream: SMTPServerDataStream,
  most: number,
  keeps: (bytes: number) => void,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let kept = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (kept >= most) continue;
      const piece = chunk.subarray(0, most - kept);
      chunks.push(piece);
      kept += piece.length;
      keeps(piece.length);
    }
  } catch (error) {
    keeps(-kept);
    throw error;
  }
  return Buffer.concat(chunks);
}
