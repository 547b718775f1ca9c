import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, code, type Next, pluginWith } from './plugins-for-tests.ts';

interface Relay {
  know_friends(next: Next, connection: { remote: { ip: string }; relaying: boolean }): void;
  check_recipient(next: Next, connection: { relaying: boolean }, params: [{ host?: string }]): void;
}

const settings = {
  relayFrom: ['127.0.0.0/8', '::1', '198.18.128.1', '2001:2:0:1::/64'],
  ownDomains: ['news.sender.test'],
};

test('the hooks depend on the plan', () => {
  const always = ['connect know_friends', 'rcpt check_recipient', 'queue pass_on'];
  assert.deepEqual(pluginWith('relay', settings).hooks, always);
  assert.deepEqual(pluginWith('relay', { ...settings, routes: {} }).hooks, [
    ...always,
    'lookup_rdns name_client',
  ]);
});

test('clients of the plan’s networks relay, strangers write to the sender alone', async () => {
  const refused = [code.deny, '5.7.1 relaying denied'];
  const table: { ip: string; host: string | undefined; relaying: boolean; expect: unknown[] }[] = [
    { ip: '127.0.0.1', host: 'gmail.com', relaying: true, expect: [] },
    { ip: '127.9.9.9', host: 'gmail.com', relaying: true, expect: [] },
    { ip: '::1', host: 'gmail.com', relaying: true, expect: [] },
    { ip: '198.18.128.1', host: 'gmail.com', relaying: true, expect: [] },
    { ip: '2001:2:0:1::9', host: 'gmail.com', relaying: true, expect: [] },
    { ip: '198.18.128.2', host: 'gmail.com', relaying: false, expect: refused },
    { ip: '2001:2:0:2::9', host: 'gmail.com', relaying: false, expect: refused },
    { ip: '198.18.0.1', host: 'news.sender.test', relaying: false, expect: [code.ok] },
    { ip: '198.18.0.1', host: 'News.Sender.Test', relaying: false, expect: [code.ok] },
    { ip: '198.18.0.1', host: 'evil.news.sender.test', relaying: false, expect: refused },
    { ip: '198.18.0.1', host: undefined, relaying: false, expect: refused },
  ];
  const { plugin } = pluginWith<Relay>('relay', settings);
  for (const { ip, host, relaying, expect } of table) {
    const connection = { remote: { ip }, relaying: false };
    await answer((next) => plugin.know_friends(next, connection));
    assert.equal(connection.relaying, relaying, ip);
    const params: [{ host?: string }] = [host === undefined ? {} : { host }];
    const given = await answer((next) => plugin.check_recipient(next, connection, params));
    assert.deepEqual(given, expect, `${ip} to ${host}`);
  }
});
