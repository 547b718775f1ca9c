/** The rules of SMTP as one ISP applies them: what a client can get wrong, and how much of it is borne. */
import type { Micros } from '../../src/core/clock.ts';

/** The SMTP engines; a profile names one. `native` is byte-exact, `smtp-server` is the library of that name. */
export const ENGINES = ['native', 'smtp-server'] as const;
export type EngineName = (typeof ENGINES)[number];

/**
 * What a client can do wrong. A profile names the ISP's reply to each under `session.errors`; what it leaves out is
 * answered in neutral words (isp/replies.yaml, id `S-` and the name).
 */
export const PROTOCOL_ERRORS = [
  'unknown-command',
  'unimplemented-command', // a command that it knows and does not carry out: VRFY, EXPN, HELP …
  'too-many-unknown', // unknown commands, more than `session.unknown`
  'long-command', // a command line longer than `session.lines.command`
  'long-text', // a message with a line longer than `session.lines.text`; said after it
  'hello-first',
  'mail-first',
  'rcpt-first',
  'nested-mail',
  'data-after-bdat',
  'data-of-binary', // DATA for a message that was declared BODY=BINARYMIME
  'empty-hello',
  'bad-hello',
  'bad-sender',
  'bad-recipient',
  'bad-parameter', // a parameter of MAIL or RCPT that was not offered
  'bad-argument', // any other argument that can't be read, or that doesn't belong there
  'not-ascii', // an address beyond ASCII without SMTPUTF8
  'too-big', // a message beyond the SIZE that was offered; said at MAIL and after the message
  'tls-repeated',
  'tls-pipelined', // commands behind STARTTLS in the same packet
  'timeout',
] as const;
export type ProtocolError = (typeof PROTOCOL_ERRORS)[number];

/** The rules that an engine applies by itself. Sizes in octets. */
export interface ProtocolRules {
  /** Keywords that EHLO offers, in capitals. */
  readonly extensions: readonly string[];
  /** The longest command line, CRLF included. */
  readonly commandLine: number;
  /** The longest line of a message, CRLF included; null: any. */
  readonly textLine: number | null;
  /** The largest message; null: any. */
  readonly size: number | null;
  /** Unknown commands that are answered one by one; null: any number. */
  readonly unknown: number | null;
  /** How long it waits for the client, in real time. */
  readonly idle: Micros;
  /** Whether commands behind STARTTLS are an error; otherwise they are thrown away unread (RFC 3207 section 4.2). */
  readonly refusesTlsPipelining: boolean;
}

/** Errors that can only happen under a condition: that EHLO offers a keyword. */
export const ERRORS_OF_EXTENSION: Readonly<Partial<Record<ProtocolError, string>>> = {
  'data-after-bdat': 'CHUNKING',
  'data-of-binary': 'BINARYMIME',
  'too-big': 'SIZE',
  'tls-repeated': 'STARTTLS',
};
