import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { at } from './policy-client.ts';

const half = { unknown: '50%', full: 0, disabled: 0 };

test('after the dot one reply stands for all: with some that exist, mixed decides', () => {
  for (const [mixed, expected] of [
    [undefined, 'Y-dot'],
    ['accept', 'Y-dot'],
    ['reject', 'Y23'],
  ] as const) {
    const client = at(resolveIsp(loadProfile('yahoo'), { scale: 1, overrides: { mailboxes: half, mixed } }));
    const { connection } = client.connect();
    const addresses = Array.from({ length: 20 }, (_, n) => `u${n}.0@yahoo.com`);
    const dead = addresses.filter((a) => client.dot(connection, 0, [a]) === 'Y23');
    const alive = addresses.filter((a) => !dead.includes(a));
    assert.ok(dead.length > 1 && alive.length > 1);
    assert.deepEqual(
      [dead, [...dead, alive[0] ?? ''], [...alive, dead[0] ?? ''], alive].map((all) =>
        client.dot(connection, 0, all),
      ),
      ['Y23', expected, expected, 'Y-dot'],
      `mixed: ${mixed}`,
    );
  }
});

test('mailboxes of customers are told from those of consumers', () => {
  const overrides = { hosted: ['Customer.test'], mailboxes: { ...half, unknown: '100%' } };
  const client = at(resolveIsp(loadProfile('outlook'), { scale: 1, overrides }));
  const { connection } = client.connect();
  client.mail(connection);
  assert.deepEqual(
    ['u@outlook.com', 'u@customer.test', 'u@CUSTOMER.test'].map((to) => client.rcpt(connection, to)),
    ['O28', 'O29', 'O29'],
  );
});

test('each kind of mailbox has its own words', () => {
  for (const [name, kind, heard] of [
    ['gmail', 'disabled', 'G16'],
    ['gmail', 'full', 'G17'],
    ['outlook', 'disabled', 'O31'],
    ['outlook', 'full', 'O32'],
    ['yahoo', 'disabled', 'Y24-dd'],
    ['yahoo', 'full', 'Y29'],
  ] as const) {
    const mailboxes = { unknown: 0, full: 0, disabled: 0, [kind]: 1 };
    const client = at(resolveIsp(loadProfile(name), { scale: 1, overrides: { mailboxes } }));
    assert.equal(client.deliver(0), heard, `${name} ${kind}`);
  }
});

test('a mailbox takes sixty messages a minute at Gmail, whoever sends them', () => {
  const mailboxes = { unknown: 0, full: 0, disabled: 0 };
  const client = at(resolveIsp(loadProfile('gmail'), { scale: 1, overrides: { mailboxes } }));
  const connections = [0, 1].map((source) => client.connect(source).connection);
  const heard = Array.from({ length: 61 }, (_, n) => client.send(connections[n % 2] ?? 0, 0, 'u@gmail.com'));
  assert.deepEqual([heard.filter((h) => h === 'G-dot').length, heard[60]], [60, 'G20']);
  assert.equal(client.send(0, 0, 'v@gmail.com'), 'G-dot');
  assert.equal(client.send(0, 60e6, 'u@gmail.com'), 'G-dot');
});
