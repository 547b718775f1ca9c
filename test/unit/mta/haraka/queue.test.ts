import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { listQueue, queueDepth } from '../../../../src/mta/haraka/queue.ts';

/** An address as Haraka writes it to a queue file; '' is the null sender. */
function address(text: string): object {
  if (text === '') return { original: '<>', host: '', user: '' };
  const [user, domain] = text.split('@') as [string, string];
  return { original: `<${text}>`, original_host: domain, host: domain.toLowerCase(), user };
}

/** A queue file as outbound/index.js `build_todo` writes it: length, JSON in line feeds, message. */
function queueFile(
  sender: string,
  recipients: readonly string[],
  message = 'Subject: x\r\n\r\nhello\r\n',
): Buffer {
  const todo = {
    queue_time: 1795533710859,
    domain: 'gmail.com',
    rcpt_to: recipients.map(address),
    mail_from: address(sender),
    notes: { windtunnel: { vmta: '', turns: { 'gmail.com': 1 } } },
    uuid: '2197C27D-4900-4195-BC1E-5C43DF999350.1.1',
    force_tls: false,
  };
  return framed(`\n${JSON.stringify(todo, null, '\t')}\n`, message);
}

function framed(json: string, message: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(json));
  return Buffer.concat([length, Buffer.from(json), Buffer.from(message)]);
}

async function folderWith(t: TestContext, files: Record<string, Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'haraka-queue-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

const name = (uid: string, attempts = 0): string =>
  `1795533710859_1795533770859_${attempts}_5851_${uid}_3_mail-1.example`;
const whole = queueFile('b-7@news.sender.test', ['u1.0@gmail.com', 'u2.1@Gmail.com']);
const many = Array.from({ length: 200 }, (_, i) => `u${i}.${i}@gmail.com`);

test('the queue is listed and counted', async (t) => {
  const table: { name: string; files: Record<string, Buffer>; depth: number; listed: [string, string][] }[] =
    [
      { name: 'empty', files: {}, depth: 0, listed: [] },
      {
        name: 'two recipients',
        files: { [name('aaaaaa')]: whole },
        depth: 1,
        listed: [
          ['b-7@news.sender.test', 'u1.0@gmail.com'],
          ['b-7@news.sender.test', 'u2.1@Gmail.com'],
        ],
      },
      {
        name: 'a DSN',
        files: { [name('aaaaaa')]: queueFile('', ['b-7@news.sender.test']) },
        depth: 1,
        listed: [['', 'b-7@news.sender.test']],
      },
      {
        name: 'a head longer than the first read',
        files: { [name('aaaaaa')]: queueFile('b-8@news.sender.test', many) },
        depth: 1,
        listed: many.map((to) => ['b-8@news.sender.test', to]),
      },
      {
        name: 'a head longer than the first read, cut off',
        files: { [name('aaaaaa')]: queueFile('b-8@news.sender.test', many).subarray(0, 9000) },
        depth: 1,
        listed: [],
      },
      { name: 'no bytes', files: { [name('aaaaaa')]: Buffer.alloc(0) }, depth: 1, listed: [] },
      { name: 'a length alone', files: { [name('aaaaaa')]: whole.subarray(0, 4) }, depth: 1, listed: [] },
      { name: 'half a length', files: { [name('aaaaaa')]: whole.subarray(0, 2) }, depth: 1, listed: [] },
      { name: 'half a head', files: { [name('aaaaaa')]: whole.subarray(0, 100) }, depth: 1, listed: [] },
      { name: 'not JSON', files: { [name('aaaaaa')]: framed('nonsense', '') }, depth: 1, listed: [] },
      {
        name: 'other JSON',
        files: { [name('aaaaaa')]: framed('{"mail_from":3}', '') },
        depth: 1,
        listed: [],
      },
      {
        name: 'files that are not queued',
        files: {
          [`__tmp__.${name('aaaaaa')}`]: whole,
          [`error.${name('bbbbbb')}`]: whole,
          'notes.txt': whole,
          [name('cccccc', 3)]: queueFile('b-9@news.sender.test', ['u5.0@gmail.com']),
        },
        depth: 1,
        listed: [['b-9@news.sender.test', 'u5.0@gmail.com']],
      },
    ];
  for (const row of table) {
    const folder = await folderWith(t, row.files);
    assert.equal(await queueDepth(folder), row.depth, row.name);
    const listed = (await listQueue(folder)).map(({ sender, recipient }) => [sender, recipient]);
    assert.deepEqual(listed, row.listed, row.name);
  }
});

test('files that are renamed or deleted meanwhile are found once or not at all', async (t) => {
  const uids = Array.from({ length: 300 }, (_, i) => `uid${String(i).padStart(3, '0')}`);
  const files = Object.fromEntries(
    uids.map((uid, i) => [name(uid), queueFile(`b-${i}@s.test`, [`u${i}.0@gmail.com`])]),
  );
  const folder = await folderWith(t, files);
  const churn = Promise.all(
    uids.map((uid, i) =>
      i % 3 === 0 ? rm(join(folder, name(uid))) : rename(join(folder, name(uid)), join(folder, name(uid, 1))),
    ),
  );
  const listed = (await listQueue(folder)).map(({ recipient }) => recipient);
  await churn;
  assert.equal(new Set(listed).size, listed.length);
  const kept = uids.flatMap((_, i) => (i % 3 === 0 ? [] : [`u${i}.0@gmail.com`]));
  assert.deepEqual(
    kept.filter((recipient) => !listed.includes(recipient)),
    [],
  );
  assert.equal(await queueDepth(folder), 200);
});
