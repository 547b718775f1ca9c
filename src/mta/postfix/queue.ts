/** The queue of Postfix: folders of files, one a message; postqueue(1) lists it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Micros, monotonicMicros } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { QueuedRecipient } from '../adapter.ts';

/** Where messages are written. */
const INCOMING = 'incoming';

/** Where messages are, in the order in which most of them move. */
const QUEUES = ['maildrop', INCOMING, 'active', 'deferred', 'hold'];

/** A queue of more messages takes a while to count, */
const MANY = 5000;
/** and is not counted again before this many times what it took, so that counting stays a small part of the time. */
const PAUSE = 10;

/** Names of queue files, short or long (postconf(5) enable_long_queue_ids). */
const QUEUE_FILE = /^[0-9A-Za-z]{6,}$/;

/** Cleanup makes a message's file executable when it is whole, which is when it is confirmed (MAIL_QUEUE_STAT_READY). */
const WHOLE = 0o100;

/** Counts the messages in a queue's folder; of a long queue the last count may be told again. */
export class QueueCounter {
  readonly #folder: string;
  #torn: ReadonlySet<string> = new Set();
  readonly #now: () => Micros;
  #last: { readonly count: number; readonly until: Micros } | undefined;

  constructor(folder: string, now: () => Micros = monotonicMicros) {
    this.#folder = folder;
    this.#now = now;
  }

  /**
   * Counts no more what is in the queue now and is not whole: messages that Postfix was killed in, and never confirmed. It
   * leaves such files where they are for days.
   */
  async forgetTorn(): Promise<void> {
    const folder = join(this.#folder, INCOMING);
    const names = await namesIn(folder);
    const whole = await Promise.all(
      names.map(async (name) => ((await stat(join(folder, name))).mode & WHOLE) !== 0),
    );
    this.#torn = new Set(names.filter((_, at) => !whole[at]));
  }

  /** Messages in the queue now, or, of a long queue, a little earlier. */
  async count(): Promise<number> {
    const begin = this.#now();
    if (this.#last && this.#last.count > MANY && begin < this.#last.until) return this.#last.count;
    let count = 0;
    for (const queue of QUEUES) count += await this.#filesBelow(join(this.#folder, queue));
    const end = this.#now();
    this.#last = { count, until: end + PAUSE * (end - begin) };
    return count;
  }

  /** Files in a folder, and in those of one character that a hashed queue has (postconf(5) hash_queue_names). */
  async #filesBelow(folder: string): Promise<number> {
    let count = 0;
    for (const name of await namesIn(folder)) {
      if (name.length === 1) count += await this.#filesBelow(join(folder, name));
      else if (QUEUE_FILE.test(name) && !this.#torn.has(name)) count += 1;
    }
    return count;
  }
}

/** What is in a folder; nothing if it is not there. */
function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
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
