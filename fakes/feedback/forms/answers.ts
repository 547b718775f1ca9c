/**
 * What recipients' own programs answer: out of office (RFC 3834), and challenges to prove to be human. Both go to the reverse
 * path, with an empty one of their own (RFC 3834 section 4). Layouts are the usual ones, their shares assumed.
 */
import type { ReturnedMail, ReturnedSubject } from '../mail.ts';
import { dateText, digits, domainOf, hex, oneOf } from './ids.ts';
import { entity, type Field, mail, textBody } from './mime.ts';
import { messageId, subjectText } from './original.ts';

/** An answer: `{subject}`, `{recipient}` and `{domain}` stand for the message's. ASCII, or UTF-8 as quoted-printable. */
interface Answer {
  readonly share: number;
  readonly title: string;
  readonly fields: readonly Field[];
  readonly type: string;
  readonly text: readonly string[];
}

const PLAIN: readonly Field[] = [['Auto-Submitted', 'auto-replied']];

const AUTO_REPLIES: readonly Answer[] = [
  {
    share: 5,
    title: 'Automatic reply: {subject}',
    fields: [
      ['Auto-Submitted', 'auto-generated'],
      ['X-Auto-Response-Suppress', 'All'],
    ],
    type: 'text/plain; charset="us-ascii"',
    text: ['I am out of the office until Monday and will read my mail then.'],
  },
  {
    share: 3,
    title: 'Auto: {subject}',
    fields: [...PLAIN, ['Precedence', 'bulk']],
    type: 'text/plain; charset=us-ascii',
    text: [
      'Thank you for your message to {recipient}.',
      '',
      'I am on vacation. In urgent cases call the office.',
    ],
  },
  {
    share: 2,
    title: 'Abwesenheitsnotiz: {subject}',
    fields: [...PLAIN, ['X-Autoreply', 'yes'], ['Content-Transfer-Encoding', 'quoted-printable']],
    type: 'text/plain; charset=UTF-8',
    text: [
      'Guten Tag,',
      '',
      'ich bin zur Zeit nicht im B=C3=BCro und nicht zu erreichen.',
      '',
      'Mit freundlichen Gr=C3=BC=C3=9Fen',
    ],
  },
];

const CHALLENGES: readonly Answer[] = [
  {
    share: 2,
    title: 'Please confirm your message',
    fields: [...PLAIN, ['Precedence', 'bulk'], ['Reply-To', '{local}-confirm-{key}@{domain}']],
    type: 'text/plain; charset=us-ascii',
    text: [
      'Your message "{subject}" to {recipient} is being held, because you have not written here before.',
      '',
      'Reply to this mail to confirm that you have sent it, and it will be delivered.',
    ],
  },
  {
    share: 1,
    title: 'Your message to {recipient} requires verification',
    fields: [...PLAIN, ['Precedence', 'junk']],
    type: 'text/plain; charset=us-ascii',
    text: [
      'This mailbox takes mail from people only. Please click on this link to verify that you are a human:',
      '',
      'https://{domain}/verify/{key}',
    ],
  },
];

/** Out of office. */
export function autoReply(subject: ReturnedSubject, to: string): ReturnedMail {
  return answer(subject, to, oneOf(subject, 'answer', AUTO_REPLIES));
}

/** A demand to prove that a human has sent the message. */
export function challenge(subject: ReturnedSubject, to: string): ReturnedMail {
  return answer(subject, to, oneOf(subject, 'answer', CHALLENGES));
}

function answer(subject: ReturnedSubject, to: string, { title, fields, type, text }: Answer): ReturnedMail {
  const { message, recipient, mta } = subject;
  const values: Readonly<Record<string, string>> = {
    subject: subjectText(message),
    recipient,
    local: recipient.slice(0, recipient.lastIndexOf('@')),
    domain: domainOf(recipient),
    key: `${digits(subject, 'key', 10)}.${hex(subject, 'key-of', 8)}`,
  };
  const filled = (template: string) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const id = messageId(message);
  return mail(
    '',
    to,
    entity(
      [
        ['From', recipient],
        ['To', to],
        ['Date', dateText(subject.sentAt)],
        ['Subject', filled(title)],
        ['Message-ID', `<${hex(subject, 'id', 24)}@${mta}>`],
        ...(id === ''
          ? []
          : ([
              ['In-Reply-To', id],
              ['References', id],
            ] satisfies Field[])),
        ...fields.map(([name, value]): Field => [name, filled(value)]),
        ['MIME-Version', '1.0'],
        ['Content-Type', type],
      ],
      textBody(text.map(filled)),
    ),
  );
}
