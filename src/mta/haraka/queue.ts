import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { QueuedRecipient } from '../adapter.ts';

/** Enough for the head of a message to one recipient; longer ones take a second read. */
const FIRST_READ = 4096;

/** Files read at a time. */
const BATCH = 64;

/** Passes over the folder before a file that keeps moving is taken as gone. */
const PASSES = 5;

/** `arrival_nextattempt_attempts_pid_uid_counter_host` (outbound/qfile.js); `__tmp__.` and `error.` are not queued. */
const QUEUE_FILE = /^(\d+)_\d+_\d+_\d+_([^_]+)_\d+_[^_]*$/;

const address = z.object({
  user: z.string(),
  host: z.string(),
  original_host: z.string().optional(),
});
const head = z.object({ mail_from: address, rcpt_to: z.array(address) });

/** Messages in Haraka's queue: one a destination domain, DSNs included. */
export async function queueDepth(folder: string): Promise<number> {
  return (await readdir(folder)).filter((name) => QUEUE_FILE.test(name)).length;
}

/**
 * All recipients in Haraka's queue; a DSN has the sender ''. Haraka renames a file at each deferral, so what has
 * vanished is looked for under its new name. A file that is not whole is skipped: Haraka can't send it either.
 */
export async function listQueue(folder: string): Promise<readonly QueuedRecipient[]> {
  const found = new Map<string, readonly QueuedRecipient[]>();
  for (let pass = 0; pass < PASSES; pass++) {
    const unread = (await readdir(folder)).filter((name) => {
      const key = identity(name);
      return key !== undefined && !found.has(key);
    });
    let vanished = false;
    for (let i = 0; i < unread.length; i += BATCH) {
      await Promise.all(
        unread.slice(i, i + BATCH).map(async (name) => {
          const bytes = await readHead(join(folder, name));
          if (bytes === undefined) vanished = true;
          else found.set(identity(name) as string, recipientsOf(bytes));
        }),
      );
    }
    if (!vanished) break;
  }
  return [...found.values()].flat();
}

/** What of a file's name stays when it is renamed: when it came, and its tag. */
function identity(name: string): string | undefined {
  const match = QUEUE_FILE.exec(name);
  return match ? `${match[1]} ${match[2]}` : undefined;
}

/** The JSON at the start of a queue file as far as it is there; undefined if the file is gone. */
async function readHead(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const first = await file.read(Buffer.alloc(FIRST_READ), 0, FIRST_READ, 0);
    if (first.bytesRead < 4) return Buffer.alloc(0);
    const end = 4 + first.buffer.readUInt32BE(0);
    if (end <= first.bytesRead) return first.buffer.subarray(4, end);
    if (end > (await file.stat()).size) return Buffer.alloc(0);
    const whole = await file.read(Buffer.alloc(end - 4), 0, end - 4, 4);
    return whole.buffer.subarray(0, whole.bytesRead);
  } finally {
    await file.close();
  }
}

/** The recipients in the head of a queue file (outbound/todo.js); none if it is not whole. */
function recipientsOf(bytes: Buffer): readonly QueuedRecipient[] {
  const parsed = head.safeParse(parseJson(bytes.toString('utf8')));
  if (!parsed.success) return [];
  const sender = format(parsed.data.mail_from);
  return parsed.data.rcpt_to.map((to) => ({ sender, recipient: format(to) }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function format({ user, host, original_host }: z.infer<typeof address>): string {
  return user === '' ? '' : `${user}@${original_host ?? host}`;
}
