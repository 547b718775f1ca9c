/** What forms quote of the message that they are about. */
import { headerField, messageIdOf } from '../../isp/header.ts';
import type { AcceptedMessage } from '../accepted.ts';
import { addressIn } from './ids.ts';
import { onOneLine, withShortLines } from './mime.ts';

/** Its Subject, '' if it has none. */
export function subjectText({ header }: AcceptedMessage): string {
  return onOneLine(headerField(header, 'Subject') ?? '');
}

/** Its Message-ID with brackets, '' if it has none. */
export function messageId({ header }: AcceptedMessage): string {
  const id = messageIdOf(header);
  return id === '' ? '' : `<${onOneLine(id)}>`;
}

/** The first address in From, '' if there is none. */
export function fromAddress({ header }: AcceptedMessage): string {
  return onOneLine(addressIn(headerField(header, 'From') ?? ''));
}

/** Whose mail it is: the signature's d=, else the domain of From, else that of the reverse path. */
export function senderDomain({ dkimDomain, fromDomain, sender }: AcceptedMessage): string {
  return dkimDomain ?? fromDomain ?? sender.slice(sender.lastIndexOf('@') + 1);
}

/**
 * Its header as it can be quoted in a part: fields and what continues them, no line that could end the header or the mail,
 * none too long. Ends in CRLF, without the empty line.
 */
export function quotedHeader(header: string): string {
  let inField = false;
  let text = '';
  for (const raw of header.split('\r\n')) {
    const line = onOneLine(raw).trimEnd();
    const continues = inField && /^[ \t]/.test(line);
    if (!continues) inField = /^[!-9;-~]+[ \t]*:/.test(line);
    if ((inField || continues) && line !== '') text += withShortLines(line);
  }
  return text;
}
