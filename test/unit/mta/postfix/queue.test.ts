import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { QueueCounter, recipientsListed } from '../../../../src/mta/postfix/queue.ts';
import { workFolder } from '../../../support/cli.ts';

function put(folder: string, path: string, mode = 0o700): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
}

test('messages are counted wherever they are, and nothing else', async (t) => {
  const folder = workFolder(t);
  const queue = new QueueCounter(folder);
  assert.equal(await queue.count(), 0, 'without any folder');
  for (const path of [
    'maildrop/4C11E9A259E',
    'incoming/AAE8C9A2607',
    'active/08ABB9A2565',
    // Hashed, and with a long id.
    'deferred/4/4C11E9A259F',
    'deferred/F/F9A2565ABC',
    'deferred/3/D/3DpXcS0Vz2zJqrs',
    'hold/1A2B3C4D5E',
  ])
    put(folder, path);
  for (const path of [
    'defer/4/4C11E9A259F',
    'bounce/AAE8C9A2607',
    'corrupt/08ABB9A2566',
    'pid/master.pid',
    'active/x.tmp',
  ])
    put(folder, path);
  assert.equal(await queue.count(), 7);
});

test('a long queue is counted again when ten times as long has passed as it takes', async (t) => {
  const table: { name: string; messages: number; recounted: boolean[] }[] = [
    { name: 'long', messages: 5001, recounted: [false, false, true] },
    { name: 'not so long', messages: 5000, recounted: [true, true, true] },
  ];
  for (const { name, messages, recounted } of table) {
    const folder = workFolder(t);
    for (let i = 0; i < messages; i++) put(folder, `active/${100_000 + i}`);
    // A count begins and ends with a look at the clock: this one takes 2 s, until 12.
    const times = [10e6, 12e6];
    let now = 0;
    const queue = new QueueCounter(folder, () => times.shift() ?? now);
    assert.equal(await queue.count(), messages, name);
    for (const [at, expected] of recounted.entries()) {
      put(folder, `active/${200_000 + at}`);
      now = [12e6, 31.9e6, 32e6][at] as number;
      assert.equal(await queue.count(), expected ? messages + at + 1 : messages, `${name} at ${now}`);
    }
  }
});

test('a message that Postfix was killed in is not counted after its restart', async (t) => {
  const folder = workFolder(t);
  const queue = new QueueCounter(folder);
  await queue.forgetTorn();
  put(folder, 'incoming/AAE8C9A2607');
  put(folder, 'incoming/AAE8C9A2608', 0o600);
  put(folder, 'deferred/A/AAE8C9A2609', 0o600);
  assert.equal(await queue.count(), 3, 'while it is written');
  await queue.forgetTorn();
  assert.equal(await queue.count(), 2);
  put(folder, 'incoming/AAE8C9A260A', 0o600);
  assert.equal(await queue.count(), 3, 'another is being written');
  rmSync(join(folder, 'incoming'), { recursive: true });
  assert.equal(await queue.count(), 1);
});

test('what postqueue lists is a recipient a line or more', () => {
  const line = (sender: string, ...recipients: string[]): string =>
    JSON.stringify({
      queue_name: 'deferred',
      queue_id: '4C11E9A259E',
      arrival_time: 1795874165,
      message_size: 344,
      forced_expire: false,
      sender,
      recipients: recipients.map((address) => ({ address, delay_reason: 'host said: "no"' })),
    });
  const table: { name: string; json: string; expected: [sender: string, recipient: string][] }[] = [
    { name: 'an empty queue', json: '', expected: [] },
    {
      name: 'messages',
      json: `${line('b-1@a.test', 'u1.0@x.test', 'u1.1@x.test')}\n${line('b-2@a.test', 'u2.0@x.test')}\n`,
      expected: [
        ['b-1@a.test', 'u1.0@x.test'],
        ['b-1@a.test', 'u1.1@x.test'],
        ['b-2@a.test', 'u2.0@x.test'],
      ],
    },
    { name: 'a DSN', json: `${line('MAILER-DAEMON', 'b-1@a.test')}\n`, expected: [['', 'b-1@a.test']] },
    { name: 'a message that is done with all its recipients', json: `${line('b-1@a.test')}\n`, expected: [] },
  ];
  for (const { name, json, expected } of table)
    assert.deepEqual(
      recipientsListed(json).map(({ sender, recipient }) => [sender, recipient]),
      expected,
      name,
    );
});

test('what postqueue does not say is an error', () => {
  for (const json of ['Mail queue is empty', '{"sender":"a@b.test"}', '{"sender":', 'null'])
    assert.throws(
      () => recipientsListed(`${json}\n`),
      (error: unknown) =>
        error instanceof HarnessError && error.kind === 'lab' && error.message === `postqueue said: ${json}`,
      json,
    );
});
