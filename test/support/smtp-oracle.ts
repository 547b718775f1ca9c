/**
 * What an SMTP server must make of all that a client said: written for whole texts, straight from the RFCs, and with
 * nothing in common with the engine that is tested. It knows servers that take every address and every size.
 */

/** How an ISP differs where the RFCs leave it open. */
export interface OracleRules {
  /** Keywords that EHLO offers. */
  readonly offers: ReadonlySet<string>;
  readonly commandLine: number;
  readonly textLine: number;
  readonly size: number;
  /** Unknown commands that are borne; with one more the connection ends. */
  readonly unknown: number;
  /** Whether the connection ends after a bad EHLO, and after a line that is too long. */
  readonly closes: { readonly badHello: boolean; readonly longCommand: boolean };
}

/** What became of it. */
export interface Expected {
  /** MAIL commands that began a transaction, or were refused for the size that they declare. */
  readonly transactions: number;
  /** Sizes of the messages that were accepted, in order. */
  readonly accepted: readonly number[];
  /** Whether the server ended the connection. */
  readonly ended: boolean;
}

/** Reads a client's side of a conversation, one character a byte. */
export function expectedOf(stream: string, rules: OracleRules): Expected {
  const accepted: number[] = [];
  let transactions = 0;
  let rest = stream;
  let greeted = false;
  let unknown = 0;
  let mail: { utf8: boolean; binary: boolean; recipients: number; chunks: string | undefined } | undefined;
  const done = (ended: boolean): Expected => ({ transactions, accepted, ended });

  for (;;) {
    const lineEnd = rest.indexOf('\r\n');
    if (lineEnd < 0) return done(false);
    const line = rest.slice(0, lineEnd);
    rest = rest.slice(lineEnd + 2);
    if (line.length + 2 > rules.commandLine) {
      if (rules.closes.longCommand) return done(true);
      continue;
    }
    const [word = ''] = line.split(' ');
    const verb = word.toUpperCase();
    const argument = line.slice(word.length + 1).trimEnd();
    const bare = argument === '';

    if (verb === 'QUIT' && bare) return done(true);
    if (verb === 'EHLO' || verb === 'HELO') {
      if (/^[A-Za-z0-9_.:[\]-]+$/.test(argument)) {
        greeted = true;
        mail = undefined;
      } else if (rules.closes.badHello) return done(true);
      continue;
    }
    if (verb === 'RSET' && bare) {
      mail = undefined;
      continue;
    }
    if (verb === 'BDAT' && rules.offers.has('CHUNKING')) {
      const [, digits, last] = /^(\d{1,15})( LAST)?$/i.exec(argument) ?? [];
      if (digits === undefined) {
        if (!greeted) continue;
        return done(true);
      }
      const size = Number(digits);
      if (rest.length < size) return done(false);
      const chunk = rest.slice(0, size);
      rest = rest.slice(size);
      if (!greeted || !mail || mail.recipients === 0) continue;
      mail.chunks = (mail.chunks ?? '') + chunk;
      if (last === undefined) continue;
      if (mail.chunks.length <= rules.size) accepted.push(mail.chunks.length);
      mail = undefined;
      continue;
    }
    if (verb === 'MAIL') {
      if (!greeted || mail) {
        continue;
      }
      const found = parameters(argument, 'FROM', true);
      const given =
        found &&
        checked(found.words, rules, {
          SIZE: 'SIZE',
          BODY: '',
          SMTPUTF8: 'SMTPUTF8',
          RET: 'DSN',
          ENVID: 'DSN',
        });
      if (!found || !given) continue;
      const utf8 = given.has('SMTPUTF8');
      if (isUtf8(found.address) === false || (found.address !== ascii(found.address) && !utf8)) continue;
      transactions++;
      if (Number(given.get('SIZE') ?? 0) > rules.size) continue;
      mail = { utf8, binary: given.get('BODY') === 'BINARYMIME', recipients: 0, chunks: undefined };
      continue;
    }
    if (verb === 'RCPT') {
      const found = parameters(argument, 'TO', false);
      const given = found && checked(found.words, rules, { NOTIFY: 'DSN', ORCPT: 'DSN' });
      if (!greeted || !mail || mail.chunks !== undefined || !found || !given) continue;
      if (isUtf8(found.address) === false || (found.address !== ascii(found.address) && !mail.utf8)) continue;
      mail.recipients++;
      continue;
    }
    if (verb === 'DATA' && bare) {
      if (!greeted || !mail || mail.recipients === 0 || mail.chunks !== undefined || mail.binary) continue;
      const end = `\r\n${rest}`.indexOf('\r\n.\r\n');
      if (end < 0) return done(false);
      const text = rest.slice(0, end).replace(/(^|\r\n)\./g, '$1');
      rest = rest.slice(end + 3);
      mail = undefined;
      const longest = Math.max(...text.split('\r\n').map((l) => l.length + 2));
      if (text.length <= rules.size && longest <= rules.textLine) accepted.push(text.length);
      continue;
    }
    const known = [
      'NOOP',
      'HELP',
      'VRFY',
      'EXPN',
      'TURN',
      'ETRN',
      'AUTH',
      'SEND',
      'SOML',
      'SAML',
      'QUIT',
      'RSET',
      'DATA',
    ];
    if (!known.includes(verb) && ++unknown > rules.unknown) return done(true);
  }
}

/** The address and the words after it; undefined if it can't be read. */
function parameters(
  argument: string,
  keyword: string,
  nullAllowed: boolean,
): { address: string; words: string[] } | undefined {
  const [, before, path = '', after = ''] = /^([^:]*): *(<[^>]*>)(.*)$/s.exec(argument) ?? [];
  if (before?.toUpperCase() !== keyword || path.length > 256) return undefined;
  if ((after !== '' && !after.startsWith(' ')) || [...argument].some((c) => c < ' ' || c === '\x7f'))
    return undefined;
  const inside = path.slice(1, -1);
  const words = after.split(' ').filter((word) => word !== '');
  if (inside === '') return nullAllowed ? { address: '', words } : undefined;
  if (!nullAllowed && inside.toLowerCase() === 'postmaster') return { address: inside, words };
  const parts = inside.split('@');
  // What generated addresses can't have and real ones hardly do: quotes, literals, routes.
  const good = parts.length === 2 && parts.every((part) => part !== '' && !/[\s<>()[\]\\,;:"]/.test(part));
  return good ? { address: inside, words } : undefined;
}

/** The parameters by name; undefined if one was not offered, stands twice or has a value that it can't have. */
function checked(
  words: readonly string[],
  { offers }: OracleRules,
  allowed: Readonly<Record<string, string>>,
): Map<string, string> | undefined {
  const given = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const name = (at < 0 ? word : word.slice(0, at)).toUpperCase();
    const value = at < 0 ? '' : word.slice(at + 1).toUpperCase();
    const needs = name === 'BODY' ? (value === 'BINARYMIME' ? value : '8BITMIME') : allowed[name];
    if (!(name in allowed) || given.has(name) || needs === undefined || !offers.has(needs)) return undefined;
    if ((at >= 0 && value === '') || !/^[!-<>-~]*$/.test(value)) return undefined;
    const good = {
      SIZE: /^\d{1,20}$/,
      BODY: /^(7BIT|8BITMIME|BINARYMIME)$/,
      SMTPUTF8: /^$/,
      RET: /^(FULL|HDRS)$/,
      ENVID: /./,
      NOTIFY: /^(NEVER|(SUCCESS|FAILURE|DELAY)(,(SUCCESS|FAILURE|DELAY))*)$/,
      ORCPT: /^[\w-]+;./,
    }[name];
    if (!good?.test(value)) return undefined;
    given.set(name, value);
  }
  return given;
}

function ascii(text: string): string {
  return text.replace(/[\x80-\xff]/g, '');
}

function isUtf8(bytes: string): boolean {
  return Buffer.from(Buffer.from(bytes, 'latin1').toString('utf8')).toString('latin1') === bytes;
}
