import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyGreylist, passes, tripletOf } from '../../../../fakes/isp/greylist.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { at } from './policy-client.ts';
import { testIsp } from './profiles-for-tests.ts';

const MINUTE = 60e6;
const DAY = 24 * 60 * MINUTE;
const greylist = { delay: '5m', lifetime: '10d', reply: 'T6' };

test('whoever comes again after the delay is known from then on', () => {
  const client = at(testIsp([], [], { overrides: { greylist } }));
  const { connection } = client.connect();
  const heard = (now: number): string => {
    client.mail(connection, now);
    return client.rcpt(connection, 'u1.0@isp.test', now);
  };
  for (const [now, reply] of [
    [0, 'T6'],
    [5 * MINUTE - 1, 'T6'],
    [5 * MINUTE, 'T-rcpt'],
    [6 * MINUTE, 'T-rcpt'],
    // Ten days after it was last seen.
    [6 * MINUTE + 10 * DAY - 1, 'T-rcpt'],
    [6 * MINUTE + 20 * DAY - 1, 'T6'],
    [6 * MINUTE + 30 * DAY - 1, 'T6'],
  ] as const)
    assert.equal(heard(now), reply, `at ${now}`);
});

test('network, sender and recipient tell who is known; the numbers of a VERP sender do not', () => {
  for (const [name, [network, sender, recipient], same] of [
    ['another recipient', ['n', 'b-1@a.test', 'v@x.test'], false],
    ['another network', ['m', 'b-1@a.test', 'u@x.test'], false],
    ['another domain', ['n', 'b-1@b.test', 'u@x.test'], false],
    ['another message', ['n', 'b-77@a.test', 'u@x.test'], true],
    ['other letters', ['n', 'B-1@A.test', 'U@x.test'], true],
    ['a number in the domain', ['n', 'b-1@a2.test', 'u@x.test'], false],
  ] as const) {
    assert.equal(
      tripletOf(network, sender, recipient) === tripletOf('n', 'b-1@a.test', 'u@x.test'),
      same,
      name,
    );
  }
});

test('what is too old is forgotten', () => {
  const rule = { delay: 1, lifetime: 1e6 };
  const list = emptyGreylist();
  for (let n = 0; n < 100_000; n++) passes(rule, list, n, n * 100);
  assert.ok(list.waiting.size <= 32_768);
});

test('none of the three greylists, unless a scenario says so', () => {
  for (const name of ['gmail', 'yahoo', 'outlook'])
    assert.equal(resolveIsp(loadProfile(name), { scale: 1 }).greylist, null);
  const gmail = loadProfile('gmail');
  const overrides = { greylist: { ...greylist, reply: 'G17' } };
  assert.equal(resolveIsp(gmail, { scale: 60, overrides }).greylist?.delay, 5e6);
  for (const [wish, message] of [
    [{ ...greylist, reply: 'G99' }, 'greylist.reply: unknown reply "G99"; did you mean G9?'],
    [{ ...greylist, delay: 'soon', reply: 'G17' }, 'greylist.delay: expected a duration such as 10m or 1h'],
  ] as const) {
    assert.throws(() => resolveIsp(gmail, { scale: 1, overrides: { greylist: wish } }), { message });
  }
});
