/** Exim's queue, read from its files (chapter 56 of its specification, "Format of spool files"). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueuedRecipient } from '../adapter.ts';

/** Files read at a time. */
const BATCH = 64;

/** A message's file of headers and envelope; Exim 4.97 made the ids longer. */
const HEADER_FILE = /^([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4})-H$/;

/** Messages in Exim's queue, DSNs included. */
export async function queueDepth(queue: string): Promise<number> {
  return (await messagesIn(queue)).length;
}

/** All recipients in Exim's queue that it has not delivered to; a DSN has the sender ''. */
export async function listQueue(queue: string): Promise<readonly QueuedRecipient[]> {
  const messages = await messagesIn(queue);
  const found: QueuedRecipient[] = [];
  for (let i = 0; i < messages.length; i += BATCH) {
    const read = await Promise.all(messages.slice(i, i + BATCH).map(recipientsOf));
    found.push(...read.flat());
  }
  return found;
}

/** Messages by the path that their files begin with. */
async function messagesIn(queue: string): Promise<string[]> {
  const input = join(queue, 'input');
  // The queue is spread over folders named by a letter or digit of the id.
  const folders = [
    input,
    ...(await namesIn(input)).filter((name) => name.length === 1).map((name) => join(input, name)),
  ];
  const lists = await Promise.all(
    folders.map(async (folder) =>
      (await namesIn(folder)).flatMap((name) => {
        const id = HEADER_FILE.exec(name)?.[1];
        return id === undefined ? [] : [join(folder, id)];
      }),
    ),
  );
  return lists.flat();
}

/** Exim makes its folders when it needs them. */
async function namesIn(folder: string): Promise<string[]> {
  return (await unlessGone(readdir(folder))) ?? [];
}

async function recipientsOf(message: string): Promise<QueuedRecipient[]> {
  const header = await unlessGone(readFile(`${message}-H`, 'utf8'));
  if (header === undefined) return [];
  // Where a message is being delivered, what was reached since stands in a journal of its own.
  const journal = await unlessGone(readFile(`${message}-J`, 'utf8'));
  return readEnvelope(header, journal);
}

/**
 * Who has still to get a message, from its file of headers and its journal. A file that is not whole is skipped: Exim can't
 * send it either.
 */
export function readEnvelope(header: string, journal = ''): QueuedRecipient[] {
  const lines = header.split('\n');
  const sender = /^<(.*)>$/.exec(lines[2] ?? '')?.[1];
  if (sender === undefined) return [];
  // Third line: when it came, and of how many delays its sender was told. Then options, of which these have lines below them.
  let at = 4;
  while (lines[at]?.startsWith('-')) at += linesOfOption(lines, at);
  const done = new Set(journal.split('\n').map(bare));
  at = readTree(lines, at, done);
  const count = Number(lines[at]);
  if (!/^\d+$/.test(lines[at] ?? '') || lines.length < at + 1 + count) return [];
  const recipients = lines.slice(at + 1, at + 1 + count).map((line) => recipientIn(line));
  return recipients
    .filter((recipient) => !done.has(bare(recipient)))
    .map((recipient) => ({ sender, recipient }));
}

/** ACL variables are written with their length, `-aclm name length`, and then on lines of their own. */
function linesOfOption(lines: readonly string[], at: number): number {
  const length = /^--?acl[cm] \S+ (\d+)$/.exec(lines[at] ?? '')?.[1];
  if (length === undefined) return 1;
  let read = -1;
  let count = 1;
  while (read < Number(length) && at + count < lines.length) {
    read += Buffer.byteLength(lines[at + count] ?? '') + 1;
    count += 1;
  }
  return count;
}

/** Reads a tree of addresses that were reached, `YN address` with a flag for each branch below; `XX` if there is none. */
function readTree(lines: readonly string[], at: number, into: Set<string>): number {
  const node = /^([YN])([YN]) (.*)$/.exec(lines[at] ?? '');
  if (!node) return lines[at] === 'XX' ? at + 1 : at;
  into.add(bare(node[3] ?? ''));
  let next = at + 1;
  if (node[1] === 'Y') next = readTree(lines, next, into);
  if (node[2] === 'Y') next = readTree(lines, next, into);
  return next;
}

/** A recipient's line: its address, and after a blank what few have. */
function recipientIn(line: string): string {
  return /^((?:"(?:\\.|[^"\\])*"|[^" ])*)/.exec(line)?.[1] ?? line;
}

/** Exim writes down what it has reached with its domain in small letters. */
function bare(address: string): string {
  return address.trim().toLowerCase();
}

/** undefined if the file is gone, as a message's may be at any time. */
async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
