/**
 * Gives an injection that a user's script makes the number, the sender and the recipients by which windtunnel knows it at
 * the ISPs. Pure. The fields are those of core/http-injection.ts, and what those APIs take in their place.
 */
import type { HttpApi } from '../../../core/http-injection.ts';
import { MESSAGE_HEADER } from '../../../core/identity.ts';

/** What an injection is given. */
export interface Numbering {
  readonly message: number;
  /** The envelope sender. */
  readonly sender: string;
  readonly recipients: readonly string[];
}

/** The request's body with its numbers; or why it can't have them; undefined: it is no JSON object, so no injection. */
export type Numbered = { readonly body: string } | { readonly problem: string } | undefined;

type Json = Readonly<Record<string, unknown>>;

/** Numbers the body of a request. All else in it stays as it is. */
export function numbered(api: HttpApi, body: unknown, numbering: Numbering): Numbered {
  const injection = parsed(body);
  if (!injection) return undefined;
  const problem = recipientProblem(injection.recipients, numbering);
  if (problem !== undefined) return { problem };
  const form = api === 'kumomta' ? kumomta : sparkpost;
  return { body: JSON.stringify(form(injection, numbering)) };
}

function parsed(body: unknown): Json | undefined {
  if (typeof body !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function recipientProblem(recipients: unknown, numbering: Numbering): string | undefined {
  const expected = numbering.recipients.length;
  if (!Array.isArray(recipients))
    return 'the injection names a list of recipients that the MTA keeps; expected the recipients themselves';
  if (recipients.length === expected) return undefined;
  return `recipients of the injection: found ${recipients.length}; expected ${expected} (load.message.recipients)`;
}

function kumomta(injection: Json, { message, sender, recipients }: Numbering): Json {
  const { content } = injection;
  return {
    ...injection,
    envelope_sender: sender,
    recipients: (injection.recipients as unknown[]).map((recipient, slot) => ({
      ...(isObject(recipient) && recipient),
      email: recipients[slot],
    })),
    content:
      typeof content === 'string'
        ? withHeader(content, message)
        : isObject(content)
          ? { ...content, headers: withEntry(content.headers, message) }
          : content,
  };
}

function sparkpost(injection: Json, { message, sender, recipients }: Numbering): Json {
  return {
    ...injection,
    return_path: sender,
    recipients: (injection.recipients as unknown[]).map((recipient, slot) => {
      // A recipient's own return_path would go before the message's.
      const { return_path: _, address, ...rest } = isObject(recipient) ? recipient : {};
      return { ...rest, address: { ...(isObject(address) && address), email: recipients[slot] } };
    }),
    content: sparkpostContent(injection.content, message),
  };
}

/** A stored template has its header fields at the MTA: the envelope alone tells its messages. */
function sparkpostContent(content: unknown, message: number): unknown {
  if (!isObject(content) || 'template_id' in content || 'ab_test_id' in content) return content;
  const { email_rfc822: text } = content;
  return typeof text === 'string'
    ? { ...content, email_rfc822: withHeader(text, message) }
    : { ...content, headers: withEntry(content.headers, message) };
}

/** A whole message with our header field on top, and no other one of that name. */
function withHeader(content: string, message: number): string {
  const lineEnd = content.includes('\r\n') ? '\r\n' : '\n';
  const end = content.indexOf(lineEnd + lineEnd);
  const header = end < 0 ? content : content.slice(0, end + lineEnd.length);
  const lines = header.split(lineEnd).filter((line) => !isOurs(line.slice(0, line.indexOf(':'))));
  return `${MESSAGE_HEADER}: ${message}${lineEnd}${lines.join(lineEnd)}${content.slice(header.length)}`;
}

function withEntry(headers: unknown, message: number): Json {
  const others = Object.entries(isObject(headers) ? headers : {}).filter(([name]) => !isOurs(name));
  return { ...Object.fromEntries(others), [MESSAGE_HEADER]: String(message) };
}

function isOurs(name: string): boolean {
  return name.trim().toLowerCase() === MESSAGE_HEADER.toLowerCase();
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
