/** Reads KumoMTA's logs: segments of JSON lines, compressed with zstd, whose names are the times at which they begin. */
import { spawn } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { HarnessError } from '../../core/errors.ts';
import { MESSAGE_HEADER } from '../../core/identity.ts';
import type { MtaEvent } from '../adapter.ts';
import { complaintKind } from '../events.ts';
import { LOGS } from './policy.ts';

/** All types of records that its manual names. */
export const RECORD_TYPES = [
  'Reception',
  'Delivery',
  'Bounce',
  'TransientFailure',
  'Expiration',
  'AdminBounce',
  'OOB',
  'Feedback',
  'Rejection',
  'AdminRebind',
  'DeferredInjectionRebind',
  'Delayed',
  'XferOut',
  'XferIn',
] as const;

const record = z.object({
  type: z.enum(RECORD_TYPES),
  id: z.string(),
  sender: z.string(),
  // A message to several recipients has a list since 2025.12.
  recipient: z.union([z.string(), z.array(z.string())]),
  queue: z.string().nullish(),
  site: z.string().nullish(),
  response: z
    .object({
      code: z.number(),
      enhanced_code: z.object({ class: z.number(), subject: z.number(), detail: z.number() }).nullish(),
      content: z.string(),
      command: z.string().nullish(),
    })
    .nullish(),
  timestamp: z.number(),
  event_time: z.string().nullish(),
  num_attempts: z.number().nullish(),
  bounce_classification: z.string().nullish(),
  egress_pool: z.string().nullish(),
  egress_source: z.string().nullish(),
  source_address: z.object({ address: z.string() }).nullish(),
  feedback_report: z
    .looseObject({
      feedback_type: z.string().nullish(),
      original_mail_from: z.string().nullish(),
      // Its name, with this slip of the pen.
      original_rcpto_to: z.array(z.string()).nullish(),
      original_message: z.string().nullish(),
    })
    .nullish(),
  reception_protocol: z.string().nullish(),
});

/** A record, with what of it matters here. */
export type KumoRecord = z.output<typeof record>;

/** The records of some lines. Lines that are torn, or of a type that nobody has, are left out. */
export async function* parseLog(lines: AsyncIterable<string>): AsyncGenerator<KumoRecord> {
  for await (const line of lines) {
    const parsed = record.safeParse(parseJson(line));
    if (parsed.success) yield parsed.data;
  }
}

/**
 * All records of a segment as far as it was written: one that was not closed ends where it ends.
 * @throws HarnessError of kind `usage` where no program can read zstd
 */
export async function* readSegment(file: string): AsyncGenerator<KumoRecord> {
  const input = await open(file);
  try {
    // Not every Node that this runs on has zstd.
    const child = spawn('zstd', ['--decompress', '--stdout', '--quiet'], {
      stdio: [input.fd, 'pipe', 'ignore'],
    });
    let missing = false;
    child.on('error', () => {
      missing = true;
    });
    yield* parseLog(createInterface({ input: child.stdout as Readable }));
    if (missing) {
      throw new HarnessError('usage', `${file} can't be read without the program zstd`, {
        hint: 'KumoMTA compresses its logs with it; apt-get install zstd',
      });
    }
  } finally {
    await input.close();
  }
}

/** What KumoMTA says that it did, from its logs in its folder; nothing if there are none. */
export async function* events(folder: string): AsyncGenerator<MtaEvent> {
  const logs = join(folder, LOGS);
  for (const name of (await readdir(logs).catch(() => [])).sort())
    for await (const each of readSegment(join(logs, name))) yield* eventsOf(each);
}

const KINDS: Partial<Record<KumoRecord['type'], MtaEvent['kind']>> = {
  Reception: 'received',
  Delivery: 'delivered',
  TransientFailure: 'deferred',
  Bounce: 'bounced',
  AdminBounce: 'bounced',
  Expiration: 'expired',
  OOB: 'remote-bounce',
};

/** What a record says of each of its recipients; nothing for what only moved. */
export function eventsOf(each: KumoRecord): MtaEvent[] {
  // Records about records, as of a hook that sends them somewhere.
  if (each.reception_protocol === 'LogRecord') return [];
  if (each.type === 'Feedback') return complaintsOf(each);
  const kind = KINDS[each.type];
  if (kind === undefined) return [];
  const { response } = each;
  const { class: kindOfCode, subject, detail } = response?.enhanced_code ?? {};
  const enhanced = response?.enhanced_code ? `${kindOfCode}.${subject}.${detail} ` : '';
  // A reception has the answer that KumoMTA gave itself.
  const answer = kind === 'received' ? undefined : response;
  return (typeof each.recipient === 'string' ? [each.recipient] : each.recipient).map((recipient) => ({
    kind,
    atMs: timeOf(each),
    sender: each.sender === '<>' ? '' : each.sender,
    recipient,
    source: each.source_address
      ? withoutPort(each.source_address.address)
      : (each.egress_source ?? undefined),
    code: answer?.code,
    text: answer ? `${enhanced}${answer.content}` : undefined,
  }));
}

/**
 * What a complaint report says of each recipient that it names, or of one who is hidden. The record's own sender and recipient
 * are the report's. A record of a bounce has those of the message, though it is about a mail that was received, too.
 */
function complaintsOf(each: KumoRecord): MtaEvent[] {
  const { feedback_report: report } = each;
  const kind = complaintKind(report?.feedback_type);
  if (!report || kind === undefined) return [];
  const [head = ''] = (report.original_message ?? '').split(/\r?\n\r?\n/, 1);
  const message = new RegExp(`^${MESSAGE_HEADER}:[ \\t]*(\\d{1,10})[ \\t]*\\r?$`, 'im').exec(head)?.[1];
  const named = report.original_rcpto_to ?? [];
  return (named.length === 0 ? [''] : named).map((recipient) => ({
    kind,
    atMs: timeOf(each),
    sender: report.original_mail_from ?? undefined,
    recipient,
    ...(message !== undefined && { message: Number(message) }),
    source: undefined,
    code: undefined,
    text: undefined,
  }));
}

/** Unix time in milliseconds. */
function timeOf({ event_time: told, timestamp }: KumoRecord): number {
  const exact = told ? Date.parse(told) : Number.NaN;
  return Number.isNaN(exact) ? timestamp * 1000 : exact;
}

/** `198.18.128.1:40123`, `[2001:2:0:1::1]:40123`. */
function withoutPort(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
