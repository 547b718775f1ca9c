/** From a reply with placeholders to the lines that go over the wire. */
import type { Prng } from '../../src/core/prng.ts';
import type { Placeholder, Reply } from './replies.ts';
import type { ResolvedIsp } from './resolve.ts';

/** What an engine writes: the lines of one reply without CRLF. No lines: close without a word. */
export interface Rendered {
  readonly code: number;
  readonly lines: readonly string[];
  /** Whether the connection is closed after it. */
  readonly close: boolean;
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
}

/** Renders a reply, given by its index in the ISP's list. */
export type Renderer = (reply: number, occasion: Occasion, close?: boolean) => Rendered;

/** Seconds that an accepted message is said to have taken; only Microsoft says it. */
const RECEIVE_SECONDS = 0.222;

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
    const lines =
      index === isp.answers.ehlo
        ? reply.lines.filter((line) => !unsupported.has(line.split(' ')[0] ?? ''))
        : reply.lines;
    const text = { ...reply, lines };
    return { text, constant: lines.some((line) => line.includes('{')) ? undefined : wireLines(text, lines) };
  });
  return (index, occasion, close) => {
    const { text, constant } = prepared[index] as (typeof prepared)[number];
    return { code: text.code, lines: constant ?? fillIn(text, occasion), close: close ?? text.closes };
  };

  function fillIn(reply: Reply, occasion: Occasion): string[] {
    const filled = reply.lines.flatMap((line) => {
      const early = line.replace(EARLY, (_, name: Placeholder) => values[name](occasion));
      return isp.wrap === null ? [early] : wrap(early, isp.wrap);
    });
    return wireLines(
      reply,
      filled.map((line) => line.replace(LATE, (_, name: Placeholder) => values[name](occasion))),
    );
  }
}

/** Ids are put in after wrapping: Gmail's long lines show that it wraps before it appends its id. */
const LATE = /\{(gid|tok)\}/;
const EARLY = /\{(?!(?:gid|tok)\})([a-z]+)\}/g;

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

/** What each placeholder becomes. The forms of ids are those of the catalogue of facts. */
function createValues(
  isp: ResolvedIsp,
  prng: Prng,
  wall: () => Date,
): Record<Placeholder, (o: Occasion) => string> {
  // Ids are told from each other by a hash, so that the same run gives the same ids.
  const hex = (what: string, o: Occasion, word: number): string =>
    prng.hash(`${isp.id}/${what}/${o.connection}/${o.transaction}/${word}`).toString(16).padStart(8, '0');
  return {
    ip: (o) => o.ip,
    helo: (o) => o.helo,
    from: (o) => o.sender,
    d: (o) => domainOf(o.sender),
    rcpt: (o) => o.recipient,
    rd: (o) => domainOf(o.recipient),
    mta: () => isp.mta,
    mid: (o) => o.messageId,
    bytes: (o) => String(o.bytes),
    kbs: (o) => (o.bytes / 1024 / RECEIVE_SECONDS).toFixed(3),
    ts: () => String(Math.floor(wall().getTime() / 1000)),
    date: () => wall().toUTCString().replace('GMT', '+0000'),
    gid: (o) => {
      o.ids.gid ??= gmailId(o);
      return o.ids.gid;
    },
    // [AMS0EPF000001A7.eurprd05.prod.outlook.com 2026-02-25T11:12:39.245Z 08DE6C12E206EF5D]
    tok: (o) =>
      `[${isp.mta.split('.')[0]}.namprd04.prod.outlook.com ${wall().toISOString()} ${sessionId(o)}]`,
    sid: sessionId,
    iid: (o) => String(10000000000000 + Number.parseInt(hex('iid', o, 0), 16)),
  };

  function sessionId(o: Occasion): string {
    return `08D${hex('sid', { ...o, transaction: 0 }, 0)}${hex('sid', { ...o, transaction: 0 }, 1).slice(0, 5)}`.toUpperCase();
  }

  // 41be03b00d2f7-cc4c687ec03si136868a12.335
  function gmailId(o: Occasion): string {
    const [a, b, c] = [hex('gid', o, 0), hex('gid', o, 1), hex('gid', o, 2)];
    const number = Number.parseInt(c, 16);
    return `${a}${b.slice(0, 5)}-${b.slice(5)}${c}si${100000 + (number % 900000)}a${(number % 90) + 10}.${(number >>> 8) % 1000}`;
  }
}
