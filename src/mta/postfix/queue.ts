/** The queue of Postfix: folders of files, one a message; postqueue(1) lists it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { monotonicMicros } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { QueuedRecipient } from '../adapter.ts';

/** Where messages are, in the order in which most of them move. */
const QUEUES = ['maildrop', 'incoming', 'active', 'deferred', 'hold'];

/** A queue of more messages takes a while to count, */
const MANY = 5000;
/** and is counted no more often than this. */
const RECOUNT_MICROS = 1e6;

/** Names of queue files, short or long (postconf(5) enable_long_queue_ids). */
const QUEUE_FILE = /^[0-9A-Za-z]{6,}$/;

/** Counts the messages in a queue whenever asked; of a long one the last count may be told again. */
export function queueCounter(folder: string): () => Promise<number> {
  let last: { readonly at: number; readonly count: number } | undefined;
  return async () => {
    const at = monotonicMicros();
    if (last && last.count > MANY && at - last.at < RECOUNT_MICROS) return last.count;
    let count = 0;
    for (const queue of QUEUES) count += await filesBelow(join(folder, queue));
    last = { at, count };
    return count;
  };
}

/** Files in a folder, and in those of one character that a hashed queue has (postconf(5) hash_queue_names). */
async function filesBelow(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  let count = 0;
  for (const name of names) {
    if (QUEUE_FILE.test(name)) count += 1;
    else if (name.length === 1) count += await filesBelow(join(folder, name));
  }
  return count;
}

/** A line of `postqueue -j`, as far as it is of use here. */
const listed = z.object({ sender: z.string(), recipients: z.array(z.object({ address: z.string() })) });

/**
 * The recipients in what `postqueue -j` tells, one message a line; a DSN has the sender ''.
 * @throws HarnessError of kind `lab` for a line that is none of it
 */
export function recipientsListed(json: string): QueuedRecipient[] {
  return json
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const message = listed.safeParse(parsed(line));
      if (!message.success) throw new HarnessError('lab', `postqueue said: ${line.slice(0, 200)}`);
      const { sender, recipients } = message.data;
      const from = sender === 'MAILER-DAEMON' ? '' : sender;
      return recipients.map(({ address }) => ({ sender: from, recipient: address }));
    });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
