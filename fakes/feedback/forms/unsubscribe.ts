/** A mail that unsubscribes a recipient, to the mailto URL in List-Unsubscribe (RFC 2369 section 3.2, RFC 6068). */
import { headerField } from '../../isp/header.ts';
import type { AcceptedMessage } from '../accepted.ts';
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { dateText, hex } from './ids.ts';
import { entity, mail, textBody } from './mime.ts';

/** Where a message wants such mail, and what it wants to find in it; undefined: nowhere. */
export interface UnsubscribeMail {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

/** The first mailto URL in a message's List-Unsubscribe. */
export function unsubscribeMail({ header }: AcceptedMessage): UnsubscribeMail | undefined {
  const url = /<\s*mailto:([^<>\s]+)\s*>/i.exec(headerField(header, 'List-Unsubscribe') ?? '')?.[1];
  if (url === undefined) return undefined;
  const [to = '', query = ''] = url.split('?', 2);
  const asked = new Map(
    query.split('&').map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name.toLowerCase(), decoded(value)];
    }),
  );
  return {
    to: decoded(to),
    subject: asked.get('subject') || 'unsubscribe',
    body: asked.get('body') ?? '',
  };
}

/** A recipient's wish to hear no more, sent by his own mail program. */
export function unsubscribe(subject: ReturnedSubject, to: string): ReturnedMail {
  const asked = unsubscribeMail(subject.message);
  return mail(
    subject.recipient,
    to,
    entity(
      [
        ['From', subject.recipient],
        ['To', to],
        ['Date', dateText(subject.sentAt)],
        ['Subject', asked?.subject ?? 'unsubscribe'],
        ['Message-ID', `<${hex(subject, 'id', 24)}@${subject.mta}>`],
        ['MIME-Version', '1.0'],
        ['Content-Type', 'text/plain; charset=us-ascii'],
      ],
      textBody((asked?.body ?? '').split(/\r\n|[\r\n]/)),
    ),
  );
}

/** Percent-encoding undone, into UTF-8 bytes; what is none stays as it is. */
function decoded(text: string): string {
  try {
    return Buffer.from(decodeURIComponent(text), 'utf8').toString('latin1');
  } catch {
    return text;
  }
}
