import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MtaEvent } from '../../../../src/mta/adapter.ts';
import { harakaEvents } from '../../../../src/mta/haraka/events.ts';
import { answer, type Next, pluginWith } from './plugins-for-tests.ts';

interface Events {
  open: () => number;
  received(next: Next, connection: object): void;
  delivered(next: Next, hmail: object, params: readonly unknown[]): void;
  deferred(next: Next, hmail: object, params: object): void;
  bounced(next: Next, hmail: object, error: Error & { mx?: object }): void;
}

const to = (name: string, more: object = {}): object => ({ user: name, host: 'gmail.com', ...more });
const FROM = { user: 'b-1', host: 'news.sender.test' };
const FOUR = { address: '198.18.128.4', helo: 'x' };
const SIX = { address: '2001:2:0:1::4', helo: 'x' };

function mail(rcpt_to: object[], sources: object = { 4: FOUR }, mail_from: object = FROM): object {
  const todo = { mail_from, rcpt_to };
  return { todo, filename: 'f', lognotice() {}, windtunnel: { vmta: 'dual', sources } };
}

async function eventsOf(folder: string): Promise<Omit<MtaEvent, 'atMs'>[]> {
  const events: Omit<MtaEvent, 'atMs'>[] = [];
  for await (const { atMs, ...event } of harakaEvents(folder)) {
    assert.equal(typeof atMs, 'number');
    events.push(event);
  }
  return events;
}

test('what Haraka tells its plugin is what the adapter reads', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'haraka-events-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { plugin } = pluginWith<Events>('events', { eventsFolder: folder });
  const reply = { dsn_smtp_code: '451', dsn_smtp_extc: '4.7.1', dsn_smtp_response: 'slow down' };
  const told = { sender: 'b-1@news.sender.test', source: FOUR.address };
  const none = { source: undefined, code: undefined, text: undefined };
  const table: { name: string; tell(next: Next): void; expect: object[] }[] = [
    {
      name: 'received',
      tell: (next) =>
        plugin.received(next, { transaction: { mail_from: FROM, rcpt_to: [to('u1'), to('u2')] } }),
      expect: ['u1', 'u2'].map((name) => ({
        ...none,
        kind: 'received',
        sender: told.sender,
        recipient: `${name}@gmail.com`,
      })),
    },
    {
      name: 'delivered, of a virtual MTA of both families',
      tell: (next) =>
        plugin.delivered(next, mail([to('u1'), to('u2')], { 4: FOUR, 6: SIX }), [
          'mx.gmail.com',
          '2001:2::1',
          'thanks',
          0.1,
          25,
          'SMTP',
          [to('u2')],
        ]),
      expect: [
        {
          kind: 'delivered',
          ...told,
          source: SIX.address,
          recipient: 'u2@gmail.com',
          code: undefined,
          text: 'thanks',
        },
      ],
    },
    {
      name: 'deferred by the ISP',
      tell: (next) =>
        plugin.deferred(next, mail([to('u1', reply)]), { err: 'Upstream error: 451 4.7.1 slow down' }),
      expect: [{ kind: 'deferred', ...told, recipient: 'u1@gmail.com', code: 451, text: '4.7.1 slow down' }],
    },
    {
      name: 'deferred since nobody answered, after an earlier reply',
      tell: (next) =>
        plugin.deferred(next, mail([to('u1', reply)], { 4: FOUR, 6: SIX }), { err: 'Tried all MXs' }),
      expect: [
        {
          kind: 'deferred',
          ...told,
          source: 'dual',
          recipient: 'u1@gmail.com',
          code: undefined,
          text: 'Tried all MXs',
        },
      ],
    },
    {
      name: 'bounced',
      tell: (next) =>
        plugin.bounced(
          next,
          mail([to('u1', { dsn_smtp_code: '550', dsn_smtp_response: 'no such user' })]),
          new Error('Some recipients failed: <u1@gmail.com>'),
        ),
      expect: [{ kind: 'bounced', ...told, recipient: 'u1@gmail.com', code: 550, text: 'no such user' }],
    },
    {
      name: 'expired, a DSN',
      tell: (next) =>
        plugin.bounced(
          next,
          mail([to('u1', reply)], undefined, { user: '', host: '' }),
          new Error('Too many failures (Upstream error: 451 4.7.1 slow down)'),
        ),
      expect: [
        {
          kind: 'expired',
          ...told,
          sender: '',
          recipient: 'u1@gmail.com',
          code: 451,
          text: '4.7.1 slow down',
        },
      ],
    },
  ];
  const expected: object[] = [];
  for (const { name, tell, expect } of table) {
    assert.deepEqual(await answer(tell), [], name);
    expected.push(...expect);
    assert.deepEqual(await eventsOf(folder), expected, name);
  }
});

test('a torn line is left out, and so is what is not there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'haraka-events-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.deepEqual(await eventsOf(join(folder, 'nowhere')), []);
  const line = JSON.stringify({ atMs: 5, kind: 'received', sender: '', recipient: 'u@gmail.com' });
  writeFileSync(join(folder, '1.ndjson'), `${line}\n`);
  writeFileSync(join(folder, '2.ndjson'), `${line}\n${line.slice(0, 20)}`);
  assert.equal((await eventsOf(folder)).length, 2);
});

test('a full disk ends the file, not the mail', async () => {
  const { plugin, warnings } = pluginWith<Events>('events', {});
  plugin.open = () => {
    throw new Error('ENOSPC');
  };
  const connection = { transaction: { mail_from: FROM, rcpt_to: [to('u1')] } };
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await answer((next) => plugin.received(next, connection)), []);
  }
  assert.deepEqual(warnings, ['events are no longer written: ENOSPC']);
});
