import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  envelopeSender,
  messageOfSender,
  recipientAddress,
  recipientOf,
  unsubscribeAddress,
  unsubscribeOf,
  unsubscribeUrl,
} from '../../../src/core/identity.ts';

test('what carries numbers is read back, and nothing else is', () => {
  assert.equal(messageOfSender(`<${envelopeSender(12, 'a.test')}>`), 12);
  assert.deepEqual(recipientOf(recipientAddress(7, 3, 'gmail.com')), { mailbox: 7, slot: 3 });
  const rows: [string, ReturnType<typeof unsubscribeOf>][] = [
    [unsubscribeUrl(4_000_000_000, 99, 'a.test'), { message: 4_000_000_000, slot: 99 }],
    ['/unsubscribe/12/3', { message: 12, slot: 3 }],
    [unsubscribeAddress(12, 3, 'a.test'), { message: 12, slot: 3 }],
    [`mailto:${unsubscribeAddress(12, 3, 'a.test')}`, { message: 12, slot: 3 }],
    [`<${unsubscribeAddress(12, 3, 'a.test')}>`, { message: 12, slot: 3 }],
    ['https://a.test/unsubscribe/12', undefined],
    ['https://a.test/x/unsubscribe/12/3', undefined],
    ['http://a.test/unsubscribe/12/3', undefined],
    ['unsubscribe@a.test', undefined],
    [envelopeSender(12, 'a.test'), undefined],
    ['', undefined],
  ];
  for (const [target, expected] of rows) assert.deepEqual(unsubscribeOf(target), expected, target);
});

test('an address has a number only in the form that the harness writes, in any case', () => {
  const senders: [string, number | undefined][] = [
    ['b-0@a.test', 0],
    ['B-4294967295@a.test', 4_294_967_295],
    ['<b-7@a.test>', 7],
    ['b-12345678901@a.test', undefined],
    ['b-@a.test', undefined],
    ['b-12', undefined],
    ['b-1x@a.test', undefined],
    ['c-1@a.test', undefined],
    ['<<b-1@a.test', undefined],
    ['', undefined],
  ];
  for (const [address, expected] of senders) assert.equal(messageOfSender(address), expected, address);
  const recipients: [string, ReturnType<typeof recipientOf>][] = [
    ['u0.0@gmail.com', { mailbox: 0, slot: 0 }],
    ['<U7.65535@gmail.com>', { mailbox: 7, slot: 65_535 }],
    ['u7@gmail.com', undefined],
    ['u7.@gmail.com', undefined],
    ['u.3@gmail.com', undefined],
    ['u7.3', undefined],
    ['u7.3.1@gmail.com', undefined],
    ['u7.123456@gmail.com', undefined],
    ['7.3@gmail.com', undefined],
    ['', undefined],
  ];
  for (const [address, expected] of recipients) assert.deepEqual(recipientOf(address), expected, address);
});
