/** Messages: built once by nodemailer's MIME builder, then varied per message by replacing what differs. */
import MailComposer from 'nodemailer/lib/mail-composer';
import { envelopeSender, MESSAGE_HEADER } from '../core/identity.ts';
import { type Prng, Purpose } from '../core/prng.ts';
import type { Recipients } from './recipients.ts';

/** What every message of a load has in common. */
export interface MessagePlan {
  /** Size of the whole message in bytes, chosen evenly between the two. */
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly recipients: number;
  /** Domains that mail is sent from, used in turn. */
  readonly senderDomains: readonly string[];
}

/** One message, ready for the wire: `head` and `body` follow each other, dot-stuffed, ending in CRLF. */
export interface Message {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly head: string;
  readonly body: Buffer;
}

/** Makes the message of a number. Any number can be asked for at any time and gives the same message. */
export type MessageFactory = (message: number) => Message;

// Marks that MIME leaves alone: no character that would be quoted, encoded or folded.
const MARK = {
  number: 'WTNUMBER',
  to: 'wtrecipient@wtdomain.test',
  from: 'wtsender@wtdomain.test',
  id: 'WTMESSAGEID',
};

/** Prepares the template and returns the factory. */
export async function createMessages(
  plan: MessagePlan,
  recipients: Recipients,
  prng: Prng,
): Promise<MessageFactory> {
  const template = await composeTemplate(plan.maxBytes);
  const { senderDomains } = plan;
  return (message) => {
    const domain = senderDomains[message % senderDomains.length] as string;
    const addresses: string[] = [];
    for (let slot = 0; slot < plan.recipients; slot++) addresses.push(recipients.address(message, slot));
    const sender = envelopeSender(message, domain);
    const head = template.head({
      number: String(message),
      from: `news@${domain}`,
      to: addresses.join(',\r\n '),
      id: `${message}@${domain}`,
    });
    const wanted =
      plan.minBytes + prng.chance(Purpose.messageSize, message) * (plan.maxBytes - plan.minBytes);
    return { sender, recipients: addresses, head, body: template.body(wanted - head.length) };
  };
}

interface Template {
  head(values: Record<keyof typeof MARK, string>): string;
  /** The first whole lines of the text that make up about `bytes`, at least one. */
  body(bytes: number): Buffer;
}

async function composeTemplate(maxBytes: number): Promise<Template> {
  const line = `${'The quick brown fox jumps over the lazy dog, and the mail goes through. '.slice(0, 72)}\n`;
  const mime = await new MailComposer({
    from: MARK.from,
    to: MARK.to,
    subject: `windtunnel message ${MARK.number}`,
    messageId: `<${MARK.id}>`,
    date: new Date(0),
    headers: { [MESSAGE_HEADER]: MARK.number },
    text: line.repeat(Math.max(1, Math.ceil(maxBytes / line.length))),
  })
    .compile()
    .build();
  const split = mime.indexOf('\r\n\r\n') + 4;
  const parts = mime
    .subarray(0, split)
    .toString('latin1')
    .split(new RegExp(`(${Object.values(MARK).join('|')})`));
  const body = wireForm(mime.subarray(split));
  const lineBytes = body.indexOf('\r\n') + 2;
  const names = new Map(Object.entries(MARK).map(([name, mark]) => [mark, name as keyof typeof MARK]));
  return {
    head: (values) =>
      parts.map((part) => (names.has(part) ? values[names.get(part) as keyof typeof MARK] : part)).join(''),
    body: (bytes) => body.subarray(0, Math.max(1, Math.floor(bytes / lineBytes)) * lineBytes),
  };
}

/** Ends every line in CRLF and doubles a dot at its start (RFC 5321 sections 2.3.8 and 4.5.2). */
function wireForm(text: Buffer): Buffer {
  return Buffer.from(text.toString('latin1').replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..'), 'latin1');
}
