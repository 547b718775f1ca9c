/** From a reply with placeholders to the lines that go over the wire. */
import { isIPv6 } from 'node:net';
import { type Prng, Purpose } from '../../src/core/prng.ts';
import type { CertificateName } from './certificates.ts';
import { gmailId } from './gmail-id.ts';
import type { Placeholder, Reply } from './replies.ts';
import type { ResolvedIsp } from './resolve.ts';

/** What an engine writes: the lines of one reply without CRLF. No lines: close without a word. */
export interface Rendered {
  readonly code: number;
  readonly lines: readonly string[];
  /** Whether the connection is closed after it. */
  readonly close: boolean;
  /** Real milliseconds to wait before. Only the native engine does this and what follows. */
  readonly delayMs?: number;
  /** What goes wrong instead. */
  readonly failure?: Failure;
  /** Called, once at most, if the client can't have read it: it never left, or the client had gone before. */
  readonly onLost?: () => void;
  /** With the answer to STARTTLS: which certificate to show. Default: `good`. */
  readonly certificate?: CertificateName;
}

/** How a connection can fail. */
export interface Failure {
  /**
   * `reset`: RST. `close`: FIN without a word. `half-open`: FIN, and what the client goes on to say is ignored.
   * `stall`: nothing is said any more, and nothing closed.
   */
  readonly kind: 'reset' | 'close' | 'half-open' | 'stall';
  /** The answer is given, and the failure comes when the client has sent so many more bytes. Default: no answer. */
  readonly afterBytes?: number;
}

/** The facts that a reply may speak of. */
export interface Occasion {
  readonly ip: string;
  readonly helo: string;
  readonly sender: string;
  readonly recipient: string;
  readonly messageId: string;
  readonly bytes: number;
  /** Numbers of the connection and of the transaction on it; ids in replies are made from them. */
  readonly connection: number;
  readonly transaction: number;
  /** Ids that stay as long as the transaction does; the renderer keeps them here. */
  readonly ids: { gid?: string };
  /** Whether the connection is encrypted; EHLO offers no STARTTLS then. */
  readonly tls?: boolean;
  /** The domain that signed the message, and the one in its From field; the envelope sender's, if not given. */
  readonly dkimDomain?: string | undefined;
  readonly fromDomain?: string | undefined;
  /** What authentication found; all failed, if not given. */
  readonly passed?: { readonly spf: boolean; readonly dkim: boolean; readonly dmarc: boolean } | undefined;
  /** The command that is answered, and the header field that is wrong, where a reply names them. */
  readonly command?: string | undefined;
  readonly field?: string | undefined;
}

/** Renders a reply, given by its index in the ISP's list. */
export type Renderer = (reply: number, occasion: Occasion, close?: boolean) => Rendered;

/** Seconds that an accepted message is said to have taken; only Microsoft says it. */
const RECEIVE_SECONDS = 0.222;

/** Longest line without CRLF, in octets (RFC 5321 section 4.5.3.1.5). */
const LINE_OCTETS = 510;

/** Longest values, one after the other until the reply fits: a domain or address as allowed, then less and less of it. */
const VALUE_LENGTHS = [256, 64, 16] as const;

/** A text cut at its placeholders: pieces of text, and what comes between them. */
interface Template {
  readonly texts: readonly string[];
  readonly values: readonly Value[];
}

/** What a placeholder becomes. What the client chose is not trusted to keep to its line. */
interface Value {
  readonly of: (occasion: Occasion) => string;
  readonly isClients: boolean;
}

/** A line of a reply, prepared. The tail begins with Gmail's id, which is appended after wrapping. */
interface Part {
  readonly head: Template;
  readonly tail: Template;
}

/**
 * Prepares an ISP's replies.
 * @param wall the time of day, for replies that tell it
 * @param unsupported extensions that the engine lacks; EHLO does not offer them
 */
export function createRenderer(
  isp: ResolvedIsp,
  prng: Prng,
  wall: () => Date,
  unsupported: ReadonlySet<string>,
): Renderer {
  const values = createValues(isp, prng, wall);
  const prepared = isp.replies.map((reply, index) => {
    const isEhlo = index === isp.answers.ehlo;
    const lines = isEhlo ? offered(reply.lines, unsupported) : reply.lines;
    // A broken line of an EHLO reply would be an extension of its own.
    const columns = isp.wrap === null || reply.class === 'accepted' ? Number.POSITIVE_INFINITY : isp.wrap;
    const [only = ''] = lines;
    return {
      reply,
      columns,
      parts: lines.map(partsOf),
      // Once encrypted, an ISP offers all but STARTTLS.
      encrypted: isEhlo ? offered(lines, new Set(['STARTTLS'])).map(partsOf) : undefined,
      constant: isEhlo || lines.some((line) => line.includes('{')) ? undefined : wireLines(reply, lines),
      // The common reply: one line that is not wrapped and has no blank at its end to be taken away.
      line:
        lines.length === 1 && columns === Number.POSITIVE_INFINITY && /[^\s}]$/.test(only)
          ? templateOf(codes(reply) + only)
          : undefined,
    };
  });
  type Prepared = (typeof prepared)[number];
  return (index, occasion, close) => {
    const one = prepared[index] as Prepared;
    const { code, closes } = one.reply;
    const lines = one.constant ?? oneLine(one, occasion) ?? layOut(one, occasion);
    return { code, lines, close: close ?? closes };
  };

  /** What layOut comes to for a line that needs no laying out, if it fits. */
  function oneLine({ line }: Prepared, occasion: Occasion): string[] | undefined {
    if (line === undefined) return undefined;
    const text = fillIn(line, occasion, VALUE_LENGTHS[0]);
    return fits(text) ? [text] : undefined;
  }

  function layOut({ reply, parts, encrypted, columns }: Prepared, occasion: Occasion): string[] {
    let lines: string[] = [];
    for (const longest of VALUE_LENGTHS) {
      const texts: string[] = [];
      for (const { head, tail } of (occasion.tls && encrypted) || parts) {
        texts.push(...wrap(fillIn(head, occasion, longest), columns - codes(reply).length));
        texts.push(texts.pop() + fillIn(tail, occasion, longest));
      }
      lines = wireLines(reply, texts);
      if (lines.every(fits)) return lines;
    }
    return lines.map(cut);
  }

  function fillIn({ texts, values }: Template, occasion: Occasion, longest: number): string {
    let text = texts[0] as string;
    for (let i = 0; i < values.length; i++) {
      const { of, isClients } = values[i] as Value;
      const value = of(occasion);
      text += isClients || value.length > longest ? onOneLine(value, longest) : value;
      text += texts[i + 1];
    }
    return text;
  }

  /** Gmail's long lines show that it wraps before it appends its id. */
  function partsOf(line: string): Part {
    const at = line.search(/ ?(?:- gcdp )?\{gid\}/);
    const [head, tail] = at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at)];
    return { head: templateOf(head), tail: templateOf(tail) };
  }

  function templateOf(line: string): Template {
    const pieces = line.split(PLACEHOLDER);
    return {
      texts: pieces.filter((_, i) => i % 2 === 0),
      values: pieces
        .filter((_, i) => i % 2 === 1)
        .map((name) => ({ of: values[name as Placeholder], isClients: !OUR_OWN.has(name) })),
    };
  }
}

const PLACEHOLDER = /\{([A-Za-z]+)\}/;
const PRINTABLE = /^[ -~]*$/;

/** Placeholders whose values are made here, of digits and ASCII. All others hold what a client may have chosen. */
const OUR_OWN: ReadonlySet<string> = new Set(['gid', 'ts', 'mta', 'bytes', 'kbs'] satisfies Placeholder[]);

/** The lines of an EHLO reply without some extensions. */
function offered(lines: readonly string[], without: ReadonlySet<string>): string[] {
  return lines.filter((line, index) => index === 0 || !without.has(line.split(' ')[0] ?? ''));
}

/** A value that can't end its line: clients choose addresses and names. */
function onOneLine(value: string, longest: number): string {
  if (value.length <= longest && PRINTABLE.test(value)) return value;
  return value.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?').slice(0, longest);
}

function fits(line: string): boolean {
  // No character takes more than three octets for each UTF-16 unit.
  return line.length * 3 <= LINE_OCTETS || Buffer.byteLength(line) <= LINE_OCTETS;
}

function cut(line: string): string {
  return fits(line)
    ? line
    : new TextDecoder().decode(Buffer.from(line).subarray(0, LINE_OCTETS - 3)).replace(/\uFFFD$/, '');
}

/** What stands before the text of a reply's line. */
function codes({ code, enhanced }: Pick<Reply, 'code' | 'enhanced'>): string {
  return enhanced === null ? `${code} ` : `${code} ${enhanced} `;
}

/** Puts the codes before each line (RFC 5321 section 4.2.1; RFC 2034 section 4: the enhanced code on every line). */
export function wireLines(
  { code, enhanced }: Pick<Reply, 'code' | 'enhanced'>,
  lines: readonly string[],
): string[] {
  return lines.map((line, index) => {
    const separator = index < lines.length - 1 ? '-' : ' ';
    return `${code}${separator}${enhanced === null ? '' : `${enhanced} `}${line}`.trimEnd();
  });
}

/** Breaks a text at single blanks so that no line is longer than `columns`, except for a word that is. */
export function wrap(text: string, columns: number): string[] {
  if (text.length <= columns) return [text];
  const lines: string[] = [];
  let line = '';
  // Runs of blanks belong to the word: Gmail pads numbers with them and begins a line with one before a URL.
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}

/** What follows the at sign; an address without one is all domain, and the null sender has none. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** An address as ISPs print it: IPv4 bare, IPv6 short and in small letters (RFC 5952). */
export function printedAddress(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(bare)) return bare;
  return new URL(`http://[${bare}]/`).hostname.slice(1, -1);
}

/** The first address of the network that an address is judged with: /24 for IPv4, /64 for IPv6 (both assumed). */
function blockOf(printed: string): string {
  if (!isIPv6(printed)) return printed.replace(/\d+$/, '0');
  const [head = '', tail = ''] = printed.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === '' ? [] : tail.split(':');
  if (printed.includes('::')) groups.push(...Array<string>(8 - groups.length - rest.length).fill('0'));
  return printedAddress(`${[...groups, ...rest].slice(0, 4).join(':')}::`);
}

function result(passed = false): string {
  return passed ? 'Pass' : 'Fail';
}

/** Where the words of each kind of id begin among those of a transaction, and how many there are in all. */
const FIRST_WORD = { gid: 0, sid: 3, behind: 5, pfa: 7, iid: 9 };
const WORDS = 10;

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A 32-bit number as eight digits; `toString(16)` takes a slow way beyond 31 bits. */
function hex32(number: number): string {
  const byte = (shift: number): string => HEX_OF_BYTE[(number >>> shift) & 0xff] as string;
  return byte(24) + byte(16) + byte(8) + byte(0);
}

/** What each placeholder becomes. The forms of ids are those of the catalogue of facts. */
function createValues(
  isp: ResolvedIsp,
  prng: Prng,
  wall: () => Date,
): Record<Placeholder, (o: Occasion) => string> {
  // Ids are told from each other by a hash, so that the same run gives the same ids.
  const number = (
    what: keyof typeof FIRST_WORD,
    o: Occasion,
    word: number,
    transaction = o.transaction,
  ): number => {
    const place = transaction * WORDS + FIRST_WORD[what] + word;
    return prng.chance(Purpose.replyId, o.connection ^ isp.number, place) * 2 ** 32;
  };
  const hex = (what: keyof typeof FIRST_WORD, o: Occasion, word: number, transaction?: number): string =>
    hex32(number(what, o, word, transaction));
  const host = isp.mta.split('.')[0] ?? '';
  return {
    ip: (o) => printedAddress(o.ip),
    block: (o) => blockOf(printedAddress(o.ip)),
    helo: (o) => o.helo,
    from: (o) => o.sender,
    d: (o) => domainOf(o.sender),
    dkim: (o) => o.dkimDomain ?? domainOf(o.sender),
    fd: (o) => o.fromDomain ?? domainOf(o.sender),
    FD: (o) => (o.fromDomain ?? domainOf(o.sender)).toUpperCase(),
    rcpt: (o) => o.recipient,
    rd: (o) => domainOf(o.recipient),
    command: (o) => o.command ?? '',
    field: (o) => o.field ?? '',
    mta: () => isp.mta,
    mid: (o) => o.messageId,
    bytes: (o) => String(o.bytes),
    kbs: (o) => (o.bytes / 1024 / RECEIVE_SECONDS).toFixed(3),
    ts: () => String(Math.floor(wall().getTime() / 1000)),
    date: () => wall().toUTCString().replace('GMT', '+0000'),
    gid: (o) => {
      o.ids.gid ??= gmailId(number('gid', o, 0), number('gid', o, 1), number('gid', o, 2));
      return o.ids.gid;
    },
    tok: (o) => token(`${host}.namprd04`, sessionId(o)),
    chain: (o) =>
      `${token('LV4PR05MB11200.namprd05', idOf('behind', o))} ${token(`${host}.namprd04`, sessionId(o))}`,
    eop: () => `[${host}.eop-nam04.prod.protection.outlook.com]`,
    pfa: (o) => {
      const id = `11bc${hex('pfa', o, 0)}${hex('pfa', o, 1).slice(0, 4)}`;
      return `[Name=Protocol Filter Agent][AGT=PFA][MxId=${id.toUpperCase()}]`;
    },
    sid: sessionId,
    iid: (o) => String(10000000000000 + Number.parseInt(hex('iid', o, 0), 16)),
    spf: (o) => result(o.passed?.spf),
    dkimresult: (o) => result(o.passed?.dkim),
    dmarc: (o) => result(o.passed?.dmarc),
  };

  // [AMS0EPF000001A7.eurprd05.prod.outlook.com 2026-02-25T11:12:39.245Z 08DE6C12E206EF5D]
  function token(of: string, id: string): string {
    return `[${of}.prod.outlook.com ${wall().toISOString()} ${id}]`;
  }

  function sessionId(o: Occasion): string {
    return idOf('sid', o, 0);
  }

  function idOf(what: 'sid' | 'behind', o: Occasion, transaction?: number): string {
    return `08D${hex(what, o, 0, transaction)}${hex(what, o, 1, transaction).slice(0, 5)}`.toUpperCase();
  }
}
