/** From a command line to what it asks (RFC 5321 section 4.1.1, and the extensions that an ISP offers). Pure. */
import type { ProtocolError } from './protocol.ts';

/** How a message's content is declared (RFC 6152, RFC 3030). */
export type BodyType = '7BIT' | '8BITMIME' | 'BINARYMIME';

/** What a client asks. A `fault` says that it asked in a way that can't be answered with more than an error. */
export type Command =
  | { readonly verb: 'HELO' | 'EHLO'; readonly name: string }
  | {
      readonly verb: 'MAIL';
      /** Empty for the null sender. */
      readonly sender: string;
      /** The size that the client declares (RFC 1870). */
      readonly size: number | undefined;
      readonly body: BodyType;
      /** Whether the message may have addresses beyond ASCII (RFC 6531). */
      readonly utf8: boolean;
    }
  | { readonly verb: 'RCPT'; readonly recipient: string }
  | { readonly verb: 'BDAT'; readonly size: number; readonly last: boolean }
  | { readonly verb: 'DATA' | 'RSET' | 'NOOP' | 'QUIT' | 'STARTTLS' | 'VRFY' | 'HELP' }
  | Fault;

/** A command that can't be carried out. */
export interface Fault {
  readonly verb: 'fault';
  /** The command, in capitals. */
  readonly of: string;
  readonly error: ProtocolError;
  /** What followed it. */
  readonly argument: string;
}

const UNIMPLEMENTED = new Set(['EXPN', 'TURN', 'ETRN', 'AUTH', 'SEND', 'SOML', 'SAML']);

/** RFC 5321 section 4.5.3.1.3: 256 octets with the brackets. */
const LONGEST_PATH = 256;

/**
 * A mailbox in angle brackets, with a source route that is ignored (RFC 5321 section 4.1.2 and appendix C). Dots may
 * stand anywhere in the local part and underscores in the domain: such addresses are in use.
 */
const PATH =
  /^<(?:@[^\s<>@,:]+(?:,@[^\s<>@,:]+)*:)?((?:"(?:[^"\\]|\\.)*"|[^\s<>()[\]\\,;:@"]+)@(?:\[[\w.:%-]+\]|[^\s<>()[\]\\,;:@"]+))>/;
/** The common form of it, with nothing behind. */
const PLAIN_PATH = /^<([\w.+=-]+@[\w.-]+)>$/;
const POSTMASTER = /^<postmaster>/i;
const NULL_SENDER = '<>';
/** Control characters, with bytes beyond ASCII left to UTF-8. */
const CONTROL = /[^ -~\x80-\xff]/;
const BEYOND_ASCII = /[\u0080-\uffff]/;
const PARAMETER = /^([a-z\d][a-z\d-]*)(?:=([!-<>-~]+))?$/i;
const DSN_NOTIFY = /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$/i;
const HELLO_NAME = /^[\w.:[\]-]+$/;
const CHUNK = /^(\d{1,15})( LAST)?$/i;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a command line.
 * @param line without CRLF, one character a byte (latin1)
 * @param offered keywords of the extensions that EHLO offered, in capitals
 */
export function parseCommand(line: string, offered: ReadonlySet<string>): Command {
  const blank = line.indexOf(' ');
  const word = blank < 0 ? line : line.slice(0, blank);
  const rest = blank < 0 ? '' : line.slice(blank + 1).trimEnd();
  return parseAs(word, rest, offered) ?? parseInCapitals(word.toUpperCase(), rest, offered);
}

function parseInCapitals(verb: string, rest: string, offered: ReadonlySet<string>): Command {
  return (
    parseAs(verb, rest, offered) ??
    fault(verb, UNIMPLEMENTED.has(verb) ? 'unimplemented-command' : 'unknown-command')
  );
}

/** Undefined if there is no such command in capitals. */
function parseAs(verb: string, rest: string, offered: ReadonlySet<string>): Command | undefined {
  switch (verb) {
    case 'MAIL':
      return mail(rest, offered);
    case 'RCPT':
      return rcpt(rest, offered);
    case 'HELO':
    case 'EHLO':
      if (HELLO_NAME.test(rest)) return { verb, name: rest };
      return fault(verb, rest === '' ? 'empty-hello' : 'bad-hello', rest);
    case 'DATA':
    case 'RSET':
    case 'QUIT':
      return rest === '' ? { verb } : fault(verb, 'bad-argument');
    case 'NOOP':
    case 'HELP':
      return { verb };
    case 'VRFY':
      return rest === '' ? fault(verb, 'bad-argument') : { verb };
    case 'STARTTLS':
      if (!offered.has('STARTTLS')) return fault(verb, 'unknown-command');
      return rest === '' ? { verb } : fault(verb, 'bad-argument');
    case 'BDAT':
      return offered.has('CHUNKING') ? bdat(rest) : fault(verb, 'unknown-command');
    default:
      return undefined;
  }
}

function fault(of: string, error: ProtocolError, argument = ''): Fault {
  return { verb: 'fault', of, error, argument };
}

function bdat(rest: string): Command {
  const [, size, last] = CHUNK.exec(rest) ?? [];
  if (size === undefined) return fault('BDAT', 'bad-argument');
  return { verb: 'BDAT', size: Number(size), last: last !== undefined };
}

function mail(rest: string, offered: ReadonlySet<string>): Command {
  const path = pathAfter('FROM:', rest, true);
  if (path === undefined) return fault('MAIL', 'bad-sender');
  let size: number | undefined;
  let body: BodyType = '7BIT';
  let smtpUtf8 = false;
  const error = eachParameter(path.parameters, (keyword, value) => {
    switch (keyword) {
      case 'SIZE':
        if (!offered.has('SIZE')) return 'bad-parameter';
        size = Number(value);
        return /^\d{1,20}$/.test(value) ? undefined : 'bad-argument';
      case 'BODY': {
        const type = value.toUpperCase();
        if (type === '7BIT' || type === '8BITMIME') {
          if (!offered.has('8BITMIME')) return 'bad-parameter';
        } else if (type !== 'BINARYMIME' || !offered.has('BINARYMIME')) return 'bad-parameter';
        body = type;
        return undefined;
      }
      case 'SMTPUTF8':
        smtpUtf8 = true;
        return offered.has('SMTPUTF8') && value === '' ? undefined : 'bad-parameter';
      case 'RET':
        if (!offered.has('DSN')) return 'bad-parameter';
        return /^(?:FULL|HDRS)$/i.test(value) ? undefined : 'bad-argument';
      case 'ENVID':
        if (!offered.has('DSN')) return 'bad-parameter';
        return value === '' ? 'bad-argument' : undefined;
      default:
        return 'bad-parameter';
    }
  });
  if (error) return fault('MAIL', error);
  const sender = decoded(path.address);
  if (sender === undefined) return fault('MAIL', 'bad-sender');
  if (sender !== path.address && !smtpUtf8) return fault('MAIL', 'not-ascii');
  return { verb: 'MAIL', sender, size, body, utf8: smtpUtf8 };
}

function rcpt(rest: string, offered: ReadonlySet<string>): Command {
  const path = pathAfter('TO:', rest, false);
  if (path === undefined) return fault('RCPT', 'bad-recipient');
  const error = eachParameter(path.parameters, (keyword, value) => {
    if ((keyword !== 'NOTIFY' && keyword !== 'ORCPT') || !offered.has('DSN')) return 'bad-parameter';
    const good = keyword === 'NOTIFY' ? DSN_NOTIFY.test(value) : /^[\w-]+;./.test(value);
    return good ? undefined : 'bad-argument';
  });
  if (error) return fault('RCPT', error);
  const recipient = decoded(path.address);
  return recipient === undefined ? fault('RCPT', 'bad-recipient') : { verb: 'RCPT', recipient };
}

/** Whether an address needs SMTPUTF8. */
export function isBeyondAscii(address: string): boolean {
  return BEYOND_ASCII.test(address);
}

/** Bytes as text; undefined if they are not UTF-8. */
function decoded(bytes: string): string | undefined {
  if (!BEYOND_ASCII.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The path of MAIL or RCPT and what follows it. A blank after the colon is common and borne. */
function pathAfter(
  keyword: string,
  rest: string,
  nullAllowed: boolean,
): { readonly address: string; readonly parameters: string } | undefined {
  if (rest.startsWith(keyword)) {
    const [, plain] = PLAIN_PATH.exec(rest.slice(keyword.length)) ?? [];
    if (plain !== undefined && plain.length + 2 <= LONGEST_PATH) return { address: plain, parameters: '' };
  }
  if (rest.slice(0, keyword.length).toUpperCase() !== keyword || CONTROL.test(rest)) return undefined;
  const text = rest.slice(keyword.length).trimStart();
  let length: number;
  let address: string;
  if (nullAllowed && text.startsWith(NULL_SENDER)) {
    length = NULL_SENDER.length;
    address = '';
  } else {
    const match = PATH.exec(text) ?? (nullAllowed ? null : POSTMASTER.exec(text));
    if (!match) return undefined;
    length = match[0].length;
    address = match[1] ?? match[0].slice(1, -1);
  }
  if (length > LONGEST_PATH || (length < text.length && text[length] !== ' ')) return undefined;
  return { address, parameters: text.slice(length).trimStart() };
}

/** Hands each parameter, its keyword in capitals, to `take`; the first error ends it. None may stand there twice. */
function eachParameter(
  text: string,
  take: (keyword: string, value: string) => ProtocolError | undefined,
): ProtocolError | undefined {
  if (text === '') return undefined;
  const seen = new Set<string>();
  for (const word of text.split(/ +/)) {
    const [, name, value = ''] = PARAMETER.exec(word) ?? [];
    const keyword = name?.toUpperCase();
    if (keyword === undefined || seen.has(keyword)) return 'bad-argument';
    seen.add(keyword);
    const error = take(keyword, value);
    if (error) return error;
  }
  return undefined;
}
