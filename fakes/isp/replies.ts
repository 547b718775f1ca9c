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
  /** As in the catalogue of facts: G2, Y1, O6; success texts are G-dot, Y-mail and so on. */
  readonly id: string;
  readonly stage: Stage;
  readonly code: number;
  /** The enhanced status code (RFC 3463), or null where the ISP sends none. */
  readonly enhanced: string | null;
  /** What follows the codes, one entry a line, with placeholders. */
  readonly lines: readonly string[];
  readonly class: ReplyClass;
  /** Whether the ISP closes the connection after it. */
  readonly closes: boolean;
  /** Key of the source in the catalogue of facts. */
  readonly source: string;
  readonly mark: Mark;
}

/** What may stand in braces in a reply. render.ts says what each becomes. */
export const PLACEHOLDERS = [
  'ip', // the client's address
  'helo', // the client's name
  'from', // the envelope sender
  'd', // the envelope sender's domain
  'rcpt', // the recipient
  'rd', // the recipient's domain
  'mta', // the name that the ISP's server goes by
  'mid', // the message's Message-ID without brackets
  'bytes', // the size of the message
  'kbs', // kilobytes a second
  'ts', // seconds since 1970
  'date', // the date as in mail headers
  'gid', // Gmail's id of a transaction
  'tok', // Microsoft's trailing token
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

const line = z.string().superRefine((text, context) => {
  for (const [, name = ''] of text.matchAll(/\{([^}]*)\}/g)) {
    if ((PLACEHOLDERS as readonly string[]).includes(name)) continue;
    context.addIssue({ code: 'custom', message: unknownName('placeholder', name, PLACEHOLDERS) });
  }
});

const reply = strict({
  id: z.string().regex(/^[A-Z]+(\d+[a-z]?|-[a-z]+)$/, 'expected an id such as G2 or G-dot'),
  stage: z.enum(STAGES),
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
  source: z.string().min(1, 'expected a key of the catalogue'),
  mark: z.enum(MARKS),
});

/**
 * Reads the replies of an ISP.
 * @throws HarnessError of kind `invalid-scenario` with file, line, value and expectation of every fault
 */
export function loadReplies(file: string): Reply[] {
  const { data, error } = readDataFile(file, z.array(reply));
  const faults: Fault[] = [];
  const seen = new Set<string>();
  const replies = data.map(({ text, lines, ...rest }, index): Reply => {
    if ((text === undefined) === (lines === undefined)) {
      faults.push({
        path: [index, 'id'],
        message: `${rest.id} has ${text === undefined ? 'neither' : 'both'} text and lines; expected one of them`,
      });
    }
    if (!CODES_OF_CLASS[rest.class].test(String(rest.code))) {
      faults.push({
        path: [index, 'class'],
        message: `found ${rest.class} with code ${rest.code}; expected 2xx or 3xx accepted, 4xx throttled or deferred, 5xx rejected`,
      });
    }
    if (seen.has(rest.id)) faults.push({ path: [index, 'id'], message: `${rest.id} is there twice` });
    seen.add(rest.id);
    return { ...rest, lines: lines ?? [text ?? ''] };
  });
  if (faults.length > 0) throw error(faults);
  return replies;
}
