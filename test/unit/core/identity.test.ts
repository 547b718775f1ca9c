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
