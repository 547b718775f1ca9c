/**
 * Reads PowerMTA's accounting files (User's Guide chapter 11): CSV whose header line names the columns, in any order and
 * with the columns of all types of records, or one JSON object a line with the same names.
 */
import { createReadStream } from 'node:fs';
import { HarnessError } from '../../core/errors.ts';
import { parseCsv } from './csv.ts';

/** Types of records, by their short and long names. */
const TYPES = {
  d: 'd',
  delivery: 'd',
  delivered: 'd',
  b: 'b',
  bounce: 'b',
  bounced: 'b',
  t: 't',
  transient: 't',
  tq: 'tq',
  'transient-queue': 'tq',
  r: 'r',
  receipt: 'r',
  received: 'r',
  f: 'f',
  'feedback-loop': 'f',
  rb: 'rb',
  'remote-bounce': 'rb',
  rs: 'rs',
  'remote-status': 'rs',
} as const;

/**
 * d delivered, b bounced, t one recipient deferred, tq a whole queue deferred, r received, f a complaint report, rb and rs
 * bounces and other reports that came back later.
 */
export type AccountingType = (typeof TYPES)[keyof typeof TYPES];

/** A record. What its type does not have, or the file leaves out, is undefined. */
export interface AccountingRecord {
  readonly type: AccountingType;
  /** Unix time in milliseconds, told in whole seconds. */
  readonly loggedMs: number | undefined;
  readonly queuedMs: number | undefined;
  /** The envelope sender; '' is the null sender. */
  readonly sender: string | undefined;
  readonly recipient: string | undefined;
  /** relayed, delivered, failed or delayed. */
  readonly action: string | undefined;
  /** An enhanced status code (RFC 3463). */
  readonly status: string | undefined;
  /** The SMTP code and text of what the other side said, if it said something. */
  readonly reply: { readonly code: number; readonly text: string } | undefined;
  readonly bounceCategory: string | undefined;
  readonly sourceIp: string | undefined;
  readonly destinationIp: string | undefined;
  readonly vmta: string | undefined;
  readonly pool: string | undefined;
  /** Domain and virtual MTA, such as `gmail.com/vmta1`, or a rollup in place of the domain. */
  readonly queue: string | undefined;
  readonly jobId: string | undefined;
  readonly envelopeId: string | undefined;
  /** Of complaint reports, as ARF names it (RFC 5965). */
  readonly feedbackType: string | undefined;
  /** All columns by their names as the file has them, `header_…` and `arf_…` too. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * All records of an accounting file, in its order. Lines of types that nobody has are left out.
 * @throws HarnessError of kind `usage` if it has no header line
 */
export async function* readAccounting(file: string): AsyncGenerator<AccountingRecord> {
  try {
    yield* parseAccounting(createReadStream(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HarnessError('usage', `${file} is no accounting file of PowerMTA: ${error.message}`);
  }
}

/** The records of a text. Throws a SyntaxError if it has neither a header line nor JSON. */
export async function* parseAccounting(chunks: AsyncIterable<string>): AsyncGenerator<AccountingRecord> {
  const [head, all] = await peek(chunks);
  const objects = head.startsWith('{') ? jsonLines(all) : csvRows(all);
  for await (const fields of objects) {
    const record = recordOf(fields);
    if (record) yield record;
  }
}

/** The first characters that are not blank, and all of it again. */
async function peek(chunks: AsyncIterable<string>): Promise<[string, AsyncIterable<string>]> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = '';
  while (head.trim() === '') {
    const next = await iterator.next();
    if (next.done) break;
    head += next.value;
  }
  async function* again(): AsyncGenerator<string> {
    // Excel's mark of UTF-8 is not a part of the first column's name.
    yield head.replace(/^\uFEFF/, '');
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  }
  return [head.trimStart(), again()];
}

async function* csvRows(chunks: AsyncIterable<string>): AsyncGenerator<Record<string, string>> {
  let names: readonly string[] | undefined;
  for await (const row of parseCsv(chunks)) {
    const [first = ''] = row;
    // Where records are piped to a program, the header comes again with each start.
    if (/^#? ?type$/i.test(first.trim())) {
      names = row.map((name, at) => (at === 0 ? 'type' : name.trim()));
      continue;
    }
    if (!names) throw new SyntaxError(`its first line begins with "${first.slice(0, 40)}"; expected type`);
    const known = names;
    yield Object.fromEntries(
      row.flatMap((value, at) => (known[at] === undefined ? [] : [[known[at], value]])),
    );
  }
}

async function* jsonLines(chunks: AsyncIterable<string>): AsyncGenerator<Record<string, string>> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield objectOf(line);
  }
  // The last line of a file that is being written may be torn.
  if (rest.trim().endsWith('}')) yield objectOf(rest);
}

function objectOf(line: string): Record<string, string> {
  const value: unknown = JSON.parse(line);
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>)
      .filter(([, field]) => field !== null && field !== undefined)
      .map(([name, field]) => [name, typeof field === 'object' ? JSON.stringify(field) : String(field)]),
  );
}

function recordOf(fields: Record<string, string>): AccountingRecord | undefined {
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  const get = (name: string): string | undefined => {
    const own = names.get(name.toLowerCase());
    return own === undefined ? undefined : fields[own];
  };
  /** A column that is there but empty has nothing to say, except where the null sender is meant. */
  const some = (name: string): string | undefined => get(name) || undefined;
  const type = TYPES[(get('type') ?? '').toLowerCase() as keyof typeof TYPES];
  if (!type) return undefined;
  return {
    type,
    loggedMs: timeOf(some('timeLogged')),
    queuedMs: timeOf(some('timeQueued')),
    sender: type === 'tq' ? undefined : get('orig'),
    recipient: some('rcpt'),
    action: some('dsnAction'),
    status: /^\d\.\d{1,3}\.\d{1,3}/.exec(get('dsnStatus') ?? '')?.[0],
    reply: replyOf(get('dsnDiag')),
    bounceCategory: some('bounceCat'),
    sourceIp: addressOf(some('dlvSourceIp')),
    destinationIp: addressOf(some('dlvDestinationIp')),
    vmta: some('vmta'),
    pool: some('vmtaPool'),
    queue: some('queue'),
    jobId: some('jobId'),
    envelopeId: some('envId'),
    feedbackType: some('feedbackType'),
    fields,
  };
}

/** `0.0.0.0` stands for none. */
function addressOf(text: string | undefined): string | undefined {
  return text === '0.0.0.0' || text === '::' ? undefined : text;
}

/** `smtp;421 4.7.0 try again later`. Other kinds of diagnosis are PowerMTA's own words. */
function replyOf(diagnosis: string | undefined): AccountingRecord['reply'] {
  const match = /^smtp; ?(\d{3})[ -]?([\s\S]*)$/i.exec(diagnosis ?? '');
  return match ? { code: Number(match[1]), text: (match[2] as string).trim() } : undefined;
}

/** Unix seconds, `2026-11-28 12:00:00+0100`, or the same with the date as `11/28/2026`. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const match =
    /^(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)\/(\d\d)\/(\d{4}))[T ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:([+-]\d\d):?(\d\d)|Z)$/.exec(
      text,
    );
  if (!match) return undefined;
  const [, year, month, day, month2, day2, year2, time, hours, minutes] = match;
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  const ms = Date.parse(`${year ?? year2}-${month ?? month2}-${day ?? day2}T${time}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
