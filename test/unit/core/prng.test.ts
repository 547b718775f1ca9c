import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrng, Purpose } from '../../../src/core/prng.ts';

test('the same seed gives the same chances, in whatever order they are asked for', () => {
  const a = createPrng(42);
  const b = createPrng(42);
  const numbers = Array.from({ length: 1000 }, (_, i) => i);
  const forwards = numbers.map((n) => a.chance(Purpose.mailboxFate, n, 3));
  const backwards = [...numbers].reverse().map((n) => b.chance(Purpose.mailboxFate, n, 3));
  assert.deepEqual(forwards, backwards.reverse());
  assert.equal(a.hash('someone@gmail.com'), b.hash('someone@gmail.com'));
  assert.deepEqual([a.stream('sizes')(), a.stream('sizes')()], [b.stream('sizes')(), b.stream('sizes')()]);
});

test('seed, purpose, both numbers and every letter matter', () => {
  const base = createPrng(42).chance(Purpose.mailboxFate, 7, 3);
  assert.notEqual(createPrng(43).chance(Purpose.mailboxFate, 7, 3), base);
  assert.notEqual(createPrng(42).chance(Purpose.messageSize, 7, 3), base);
  assert.notEqual(createPrng(42).chance(Purpose.mailboxFate, 8, 3), base);
  assert.notEqual(createPrng(42).chance(Purpose.mailboxFate, 7, 4), base);
  const hash = createPrng(42).hash;
  const texts = ['a', 'b', 'ab', 'ba', 'abc', 'ab\0', ''];
  assert.equal(new Set(texts.map(hash)).size, texts.length);
  assert.notEqual(createPrng(42).stream('a')(), createPrng(42).stream('b')());
});

test('chances are spread evenly over 0 to 1', () => {
  const prng = createPrng(1);
  const tenths = new Array<number>(10).fill(0);
  for (let n = 0; n < 100_000; n++) {
    const tenth = Math.floor(prng.chance(Purpose.mailboxFate, n) * 10);
    tenths[tenth] = (tenths[tenth] as number) + 1;
  }
  // Five standard deviations of a binomial with n = 100,000 and p = 0.1 are 474.
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 474, String(tenths));
});
