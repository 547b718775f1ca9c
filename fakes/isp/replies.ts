/** What an ISP says: every reply with its wording, its meaning and where it is known from. Data: <isp>/replies.yaml. */
import { z } from 'zod';
import { STAGES, type Stage } from '../../src/record/attempt-log.ts';
import { type Fault, readDataFile, strict, unknownName } from './data-file.ts';

/** How sure a fact is: on the provider's own page, seen in public logs, or our inference. */
export const MARKS = ['documented', 'observed', 'assumed'] as const;
export type Mark = (typeof MARKS)[number];

/** What a reply says to the sender (DESIGN "Words"): 4xx are throttled if they are about its rate, else deferred. */
export const REPLY_CLASSES = ['accepted', 'throttled', 'deferred', 'rejected'] as const;
export type ReplyClass = (typeof REPLY_CLASSES)[number];

/** One reply of an ISP. */
export interface Reply {
  /** As in the catalogue of facts: G2, Y1, O6, variants O1-pfa, G29-temp; success texts are G-dot, Y-mail and so on. */
  readonly id: string;
  /** Where it is usually said. */
  readonly stage: Stage;
  /** Every stage at which it may be said; `stage` is the first. */
  readonly stages: readonly Stage[];
  readonly code: number;
  /** The enhanced status code (RFC 3463), or null where the ISP sends none. */
  readonly enhanced: string | null;
  /** What follows the codes, one entry a line, with placeholders. */
  readonly lines: readonly string[];
  readonly class: ReplyClass;
  /** Whether the ISP closes the connection after it. */
  readonly closes: boolean;
  /** How it is known that the connection is closed, if it is. */
  readonly closing: Mark;
  /** Key of the source in the catalogue of facts. */
  readonly source: string;
  /** How it is known that the ISP says this. */
  readonly mark: Mark;
  /** How its exact form on the wire is known: codes, line breaks, links. */
  readonly wire: Mark;
  /** Not said any more; for profiles of the past. */
  readonly legacy: boolean;
  /** Said in a bounce that follows a message which was taken, not in the session. */
  readonly bounce: boolean;
  /** Why it departs from a rule, or what else a reader of the data must know. */
  readonly note?: string;
}

/** What may stand in braces in a reply. render.ts says what each becomes. */
export const PLACEHOLDERS = [
  'ip', // the client's address
  'block', // the network of the client's address, as its first address
  'helo', // the client's name
  'from', // the envelope sender
  'd', // the envelope sender's domain
  'dkim', // the domain that signed the message
  'fd', // the domain in the From field
  'FD', // the same in capitals
  'rcpt', // the recipient
  'rd', // the recipient's domain
  'command', // the command that is answered
  'field', // the name of a header field
  'mta', // the name that the ISP's server goes by
  'mid', // the message's Message-ID without brackets
  'bytes', // the size of the message
  'kbs', // kilobytes a second
  'ts', // seconds since 1970
  'date', // the date as in mail headers
  'gid', // Gmail's id of a transaction
  'tok', // Microsoft's trailing token
  'chain', // two of them, of a reply that came through another host
  'eop', // the older form of it
  'pfa', // what Microsoft's agent for IP reputation puts before the token
  'spf', // Pass or Fail, and so are these:
  'dkimresult',
  'dmarc',
  'sid', // Microsoft's id of a session
  'iid', // Exchange's internal id of a message
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

const CODES_OF_CLASS: Record<ReplyClass, RegExp> = {
  accepted: /^[23]/,
  throttled: /^4/,
  deferred: /^4/,
  rejected: /^5/,
};

/** The codes of success at each stage (RFC 5321 section 4.3.2; RFC 3030 section 2 for chunks, which count as data). */
const SUCCESS: Record<Stage, readonly number[]> = {
  connect: [220],
  ehlo: [250],
  starttls: [220],
  mail: [250],
  rcpt: [250],
  data: [354, 250],
  dot: [250],
  idle: [214, 221, 250, 252],
};

const line = z.string().superRefine((text, context) => {
  const fault = (message: string): void => void context.addIssue({ code: 'custom', message });
  if (/[^ -~]/.test(text)) fault('expected printable ASCII on one line (RFC 5321 section 4.2)');
  for (const [, name = ''] of text.matchAll(/\{([^}]*)\}/g)) {
    if (!(PLACEHOLDERS as readonly string[]).includes(name)) {
      fault(unknownName('placeholder', name, PLACEHOLDERS));
    }
  }
});

const reply = strict({
  id: z
    .string()
    .regex(/^[A-Z]+(\d+[a-z]?(-[a-z0-9]+)*|(-[a-z0-9]+)+)$/, 'expected an id such as G2, G29-temp or G-dot'),
  stage: z.enum(STAGES),
  also: z.union([z.literal('any'), z.array(z.enum(STAGES))], 'expected any, or a list of stages').default([]),
  code: z
    .int('expected an SMTP code')
    .min(200, 'expected an SMTP code from 200 to 599')
    .max(599, 'expected an SMTP code from 200 to 599'),
  enhanced: z
    .string()
    .regex(/^[245]\.\d{1,3}\.\d{1,3}$/, 'expected an enhanced status code such as 4.7.28, or null')
    .nullable(),
  text: line.optional(),
  lines: z.array(line).min(1, 'expected at least one line').optional(),
  class: z.enum(REPLY_CLASSES),
  closes: z.boolean().default(false),
  closing: z.enum(MARKS).optional(),
  source: z.string().min(1, 'expected a key of the catalogue'),
  mark: z.enum(MARKS),
  wire: z.enum(MARKS).optional(),
  legacy: z.boolean().default(false),
  bounce: z.boolean().default(false),
  note: z.string().min(1, 'expected a sentence').optional(),
});
type ReplyData = z.output<typeof reply>;

const replyList = z.array(reply);

/**
 * Reads the replies of an ISP.
 * @throws HarnessError of kind `invalid-scenario` with file, line, value and expectation of every fault
 */
export function loadReplies(file: string): Reply[] {
  const { data, error } = readDataFile(file, replyList);
  const seen = new Set<string>();
  const faults = data.flatMap((entry, index): Fault[] => {
    const found = contradictions(entry);
    if (seen.has(entry.id)) found.push(['id', `${entry.id} is there twice`]);
    seen.add(entry.id);
    return found.map(([field, message]) => ({ path: [index, field], message }));
  });
  if (faults.length > 0) throw error(faults);
  return data.map(({ text, lines, also, note, ...rest }) => ({
    ...rest,
    stages: [rest.stage, ...(also === 'any' ? STAGES : also).filter((stage) => stage !== rest.stage)],
    lines: lines ?? [text ?? ''],
    closing: rest.closing ?? 'assumed',
    // A page tells words, not what is on the wire.
    wire: rest.wire ?? (rest.mark === 'documented' ? 'assumed' : rest.mark),
    ...(note === undefined ? {} : { note }),
  }));
}

/** Fields of a reply that contradict each other, and what is wrong. Real ISPs break some rules: such replies say why. */
function contradictions(entry: ReplyData): [field: string, message: string][] {
  const { id, text, lines, class: meaning, code, stage, enhanced, closes, closing, note } = entry;
  const found: [string, string][] = [];
  if ((text === undefined) === (lines === undefined)) {
    found.push([
      'id',
      `${id} has ${text === undefined ? 'neither' : 'both'} text and lines; expected one of them`,
    ]);
  }
  if (!CODES_OF_CLASS[meaning].test(String(code))) {
    found.push([
      'class',
      `found ${meaning} with code ${code}; expected 2xx or 3xx accepted, 4xx throttled or deferred, 5xx rejected`,
    ]);
  } else if (meaning === 'accepted' && !SUCCESS[stage].includes(code)) {
    found.push(['code', `found success ${code} at ${stage}; expected ${SUCCESS[stage].join(' or ')}`]);
  }
  if (enhanced !== null && !enhanced.startsWith(String(code).charAt(0)) && note === undefined) {
    found.push([
      'enhanced',
      `found ${enhanced} with code ${code}; expected the same first digit, or a note that says why`,
    ]);
  }
  if (code === 421 && !closes && note === undefined) {
    found.push([
      'closes',
      '421 says that the connection is closed (RFC 5321 section 3.8); expected a note that says why not',
    ]);
  }
  if (closes && code !== 421 && code !== 221 && closing === undefined) {
    found.push([
      'closes',
      `${code} does not say that the connection is closed; expected "closing" to say how it is known`,
    ]);
  }
  return found;
}

/** Replies by their id. */
export function repliesById(replies: readonly Reply[]): ReadonlyMap<string, Reply> {
  return new Map(replies.map((entry) => [entry.id, entry]));
}

/** The pieces of a reply's wording that are the same for everybody: what stands between its placeholders, in order. */
export function fixedParts({ lines }: Pick<Reply, 'lines'>): string[] {
  return lines
    .join(' ')
    .split(/\{[A-Za-z]+\}/)
    .map((piece) => piece.replace(/\s+/g, ' ').trim())
    .filter((piece) => piece !== '');
}

/**
 * A reply on one line for reports and tables: codes and text with placeholders, ids left out, no longer than `length`
 * characters.
 */
export function replyInShort({ code, enhanced, lines }: Reply, length = 72): string {
  const text = lines.join(' ').replace(/\{(?:gid|tok|chain|eop|pfa)\}( - gsmtp)?/g, '');
  const all = `${code} ${enhanced === null ? '' : `${enhanced} `}${text}`.replace(/\s+/g, ' ').trim();
  return all.length <= length ? all : `${all.slice(0, length).replace(/ \S*$/, '')}…`;
}
