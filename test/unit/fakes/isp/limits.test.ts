import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  changeTerms,
  fits,
  isFresh,
  nextUnit,
  openAccount,
  PLAIN,
  spare,
  sustainedRate,
} from '../../../../fakes/isp/limits.ts';
import { bucket, type Rule } from '../../../../fakes/isp/rules.ts';
import type { Segment, Timeline } from '../../../../fakes/isp/timeline.ts';

const window = (count: number, per: number | null): Rule => ({ kind: 'window', count, per });
const over = (segments: readonly Segment[]): Timeline => ({ segments, day: null });
const always = (rule: Rule): Timeline => over([{ from: 0, rule }]);

/** What a sender gets that tries every `step` microseconds until `end` as often as it is let. */
function greedy(timeline: Timeline, end: number, step: number): number {
  const account = openAccount(timeline, PLAIN, 0);
  let got = 0;
  for (let now = 0; now <= end; now += step) {
    while (fits(account, 1, now)) {
      account.used++;
      got++;
    }
  }
  return got;
}

test('a greedy sender gets burst + floor(rate × time) from a bucket, and count from a window', () => {
  const second = 1e6;
  for (const [name, rule, end, step, expected] of [
    ['20/m, burst 3, 1 min', bucket(20 / 60, 3), 60 * second, 1000, 23],
    ['20/m, just before a minute is over', bucket(20 / 60, 3), 60 * second - 1, 999_983, 22],
    ['7/s, burst 2, odd steps', bucket(7, 2), 100 * second, 33_333, 2 + 699],
    ['7/s, burst 2, fine steps', bucket(7, 2), 10 * second, 10, 2 + 70],
    ['1/d, burst 1, 3 days', bucket(1 / 86400, 1), 3 * 86400 * second, 3600 * second, 4],
    ['0/s, burst 0', bucket(0, 0), 60 * second, second, 0],
    ['100 in 10 s, within one', window(100, 10 * second), 10 * second - 1, 999, 100],
    ['100 in 10 s, five of them', window(100, 10 * second), 50 * second - 1, 100_000, 500],
    ['20 for ever', window(20, null), 1e12, 1e9, 20],
  ] as const) {
    assert.equal(greedy(always(rule), end, step), expected, name);
  }
});

test('a unit is there at its microsecond, not one before', () => {
  const account = openAccount(always(bucket(20 / 60, 1)), PLAIN, 0);
  assert.equal(spare(account, 0), 1);
  account.used++;
  for (let n = 1; n <= 1000; n++) {
    assert.equal(spare(account, n * 3e6 - 1), 0, `before ${n}`);
    assert.equal(spare(account, n * 3e6), 1, `at ${n}`);
    account.used++;
  }
});

test('a bucket never gives more than burst + rate × time, however it is asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 200 }),
      (perMinute, burst, waits) => {
        const rule = bucket(perMinute / 60, burst);
        const account = openAccount(always(rule), PLAIN, 0);
        let now = 0;
        let got = 0;
        for (const wait of waits) {
          now += wait;
          const left = spare(account, now);
          assert.ok(Number.isInteger(left) && left >= 0 && left <= burst);
          account.used += left;
          got += left;
        }
        assert.ok(got <= burst + Math.floor((now * perMinute) / 60e6));
      },
    ),
    { numRuns: 200, seed: 7 },
  );
});

test('a message larger than the bucket passes a full bucket, once', () => {
  const account = openAccount(always(bucket(10, 100)), PLAIN, 0);
  assert.equal(fits(account, 250, 0), true);
  account.used += 250;
  assert.equal(fits(account, 1, 15e6 - 1), false);
  assert.equal(fits(account, 1, 15e6 + 1e5), true);
  assert.equal(fits(account, 250, 20e6), false);
  assert.equal(fits(account, 250, 25e6), true);
});

test('an incident that lowers a rate applies at once, and its end does not refund', () => {
  const segments = [
    { from: 0, rule: bucket(10, 100) },
    { from: 60e6, rule: bucket(1, 5) },
    { from: 120e6, rule: bucket(10, 100) },
  ];
  const account = openAccount(over(segments), PLAIN, 0);
  for (const [now, expected, charge] of [
    [59.9e6, 100, 0],
    [60e6, 5, 5],
    [60.9e6, 0, 0],
    [61e6, 1, 0],
    [70e6, 5, 5],
    [72e6, 2, 0],
    [120e6, 5, 0],
    [121e6, 15, 15],
    [140e6, 100, 0],
  ] as const) {
    assert.equal(spare(account, now), expected, `at ${now / 1e6} s`);
    account.used += charge;
  }
});

test('changes that nobody looked at are made up for', () => {
  const segments = [
    { from: 0, rule: bucket(10, 100) },
    { from: 60e6, rule: bucket(0, 0) },
    { from: 70e6, rule: bucket(10, 100) },
  ];
  for (const [name, opened, now, expected] of [
    ['before the incident', 0, 59e6, 100],
    ['a second after the incident', 0, 71e6, 10],
    ['an account opened after the incident starts full', 80e6, 80e6, 100],
  ] as const) {
    assert.equal(spare(openAccount(over(segments), PLAIN, opened), now), expected, name);
  }
});

test('the part of a unit that was under way is kept, however often the rule changes', () => {
  // A rate that moves a little every 100 ms gives as much as its mean, though each piece is less than a unit.
  const segments = Array.from({ length: 100 }, (_, i) => ({ from: i * 1e5, rule: bucket(1 + i / 100, 1) }));
  const got = greedy(over(segments), 10e6, 1000);
  assert.equal(got, 1 + 14);
});

test('a cap that is lowered is met by new connections only', () => {
  const segments: Segment[] = [
    { from: 0, rule: { kind: 'concurrency', max: 5 } },
    { from: 10, rule: { kind: 'concurrency', max: 2 } },
  ];
  const account = openAccount(over(segments), PLAIN, 0);
  account.used = 4;
  assert.equal(spare(account, 9), 1);
  assert.equal(spare(account, 10), -2);
});

test('sustained rate, and when an account may be forgotten', () => {
  for (const [name, rule, used, now, expected] of [
    ['bucket', bucket(20 / 60, 3), 0, 0, 20 / 60],
    ['window', window(100, 10e6), 0, 0, 10],
    ['window used up', window(100, 10e6), 100, 9e6, 0],
    ['the next window', window(100, 10e6), 100, 10e6, 10],
    ['ration of a connection', window(20, null), 0, 0, Number.POSITIVE_INFINITY],
    ['cap on connections', { kind: 'concurrency', max: 3 } as const, 0, 0, Number.POSITIVE_INFINITY],
  ] as const) {
    const account = openAccount(always(rule), PLAIN, 0);
    account.used = used;
    assert.equal(sustainedRate(account, now), expected, name);
  }
  const account = openAccount(always(bucket(1, 2)), PLAIN, 0);
  account.used = 2;
  assert.equal(isFresh(account, 1.9e6), false);
  assert.equal(isFresh(account, 2e6), true);
  changeTerms(account, { factor: 0.5, cap: undefined }, 3e6);
  assert.equal(isFresh(account, 9e6), false, 'one on terms of its own is kept');
});

test('terms scale a limit and cap it, from their moment on', () => {
  const account = openAccount(always(bucket(10, 100)), PLAIN, 0);
  account.used = 100;
  for (const [at, terms, then, expected] of [
    [10e6, { factor: 0.5, cap: undefined }, 10e6, 50],
    [10e6, { factor: 0.1, cap: undefined }, 12e6, 10],
    [12e6, { factor: 1, cap: bucket(1, 5) }, 12e6, 5],
    [12e6, { factor: 0, cap: undefined }, 99e6, 0],
    [99e6, PLAIN, 100e6, 10],
  ] as const) {
    changeTerms(account, terms, at);
    assert.equal(spare(account, then), expected, `${JSON.stringify(terms)} at ${at}`);
  }
});

test('when the next unit is there', () => {
  for (const [name, rule, used, now, expected] of [
    ['at once', bucket(1, 5), 0, 3e6, 3e6],
    ['a bucket', bucket(3, 2), 2, 0, 333_334],
    ['a bucket that owes', bucket(2, 2), 5, 0, 2e6],
    ['a bucket that gives nothing', bucket(0, 0), 0, 0, Number.POSITIVE_INFINITY],
    ['a window', window(5, 10e6), 5, 4e6, 10e6],
    ['a ration', window(5, null), 5, 4e6, Number.POSITIVE_INFINITY],
  ] as const) {
    const account = openAccount(always(rule), PLAIN, 0);
    account.used = used;
    const at = nextUnit(account, now);
    assert.equal(at, expected, name);
    if (Number.isFinite(at) && at > now)
      assert.deepEqual([spare(account, at - 1), spare(account, at)], [0, name === 'a window' ? 5 : 1], name);
  }
});
