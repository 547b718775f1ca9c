import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  fits,
  isFresh,
  openAccount,
  type Rule,
  ratioOf,
  ruleNow,
  type Segment,
  spare,
  sustainedRate,
} from '../../../../fakes/isp/limits.ts';

const bucket = (perSecond: number, burst: number): Rule => ({
  kind: 'bucket',
  rate: perSecond,
  ...ratioOf(perSecond),
  burst,
});
const window = (count: number, per: number | null): Rule => ({ kind: 'window', count, per });
const always = (rule: Rule): Segment[] => [{ from: 0, rule }];

/** What a sender gets that tries every `step` microseconds until `end` as often as it is let. */
function greedy(segments: readonly Segment[], end: number, step: number): number {
  const account = openAccount(segments, 0, 0);
  let got = 0;
  for (let now = 0; now <= end; now += step) {
    while (fits(account, 1, now, 0)) {
      account.used++;
      got++;
    }
  }
  return got;
}

test('rates become whole ratios', () => {
  for (const [perSecond, count, per] of [
    [20 / 60, 1, 3e6],
    [20, 1, 50_000],
    [5000 / 86400, 1, 17.28e6],
    [0, 0, 1],
    [(1 / 3600) * 2.5, 1, 1440e6],
    [1e6, 1, 1],
  ] as const) {
    assert.deepEqual(ratioOf(perSecond), { count, per }, `${perSecond}/s`);
  }
});

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
  const account = openAccount(always(bucket(20 / 60, 1)), 0, 0);
  assert.equal(spare(account, 0, 0), 1);
  account.used++;
  for (let n = 1; n <= 1000; n++) {
    assert.equal(spare(account, n * 3e6 - 1, 0), 0, `before ${n}`);
    assert.equal(spare(account, n * 3e6, 0), 1, `at ${n}`);
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
        const account = openAccount(always(rule), 0, 0);
        let now = 0;
        let got = 0;
        for (const wait of waits) {
          now += wait;
          const left = spare(account, now, 0);
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
  const account = openAccount(always(bucket(10, 100)), 0, 0);
  assert.equal(fits(account, 250, 0, 0), true);
  account.used += 250;
  assert.equal(fits(account, 1, 15e6 - 1, 0), false);
  assert.equal(fits(account, 1, 15e6 + 1e5, 0), true);
  assert.equal(fits(account, 250, 20e6, 0), false);
  assert.equal(fits(account, 250, 25e6, 0), true);
});

test('an incident that lowers a rate applies at once, and its end does not refund', () => {
  const segments = [
    { from: 0, rule: bucket(10, 100) },
    { from: 60e6, rule: bucket(1, 5) },
    { from: 120e6, rule: bucket(10, 100) },
  ];
  const account = openAccount(segments, 0, 0);
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
    assert.equal(spare(account, now, 0), expected, `at ${now / 1e6} s`);
    account.used += charge;
  }
});

test('changes that nobody looked at are made up for, and count from the start of the load', () => {
  const segments = [
    { from: 0, rule: bucket(10, 100) },
    { from: 60e6, rule: bucket(0, 0) },
    { from: 70e6, rule: bucket(10, 100) },
  ];
  for (const [name, loadStart, opened, now, expected] of [
    ['a second after the incident', 0, 0, 71e6, 10],
    ['the load began 100 s later', 100e6, 0, 71e6, 100],
    ['the same, a second after the incident', 100e6, 0, 171e6, 10],
    ['the load has not begun', Number.POSITIVE_INFINITY, 0, 71e6, 100],
    ['an account opened after the incident starts full', 0, 80e6, 80e6, 100],
  ] as const) {
    assert.equal(spare(openAccount(segments, opened, loadStart), now, loadStart), expected, name);
  }
});

test('a cap that is lowered is met by new connections only', () => {
  const segments: Segment[] = [
    { from: 0, rule: { kind: 'concurrency', max: 5 } },
    { from: 10, rule: { kind: 'concurrency', max: 2 } },
  ];
  const account = openAccount(segments, 0, 0);
  account.used = 4;
  assert.equal(spare(account, 9, 0), 1);
  assert.equal(spare(account, 10, 0), -2);
});

test('sustained rate, and when an account may be forgotten', () => {
  const full = openAccount(always(window(100, 10e6)), 0, 0);
  full.used = 100;
  for (const [name, rule, account, now, expected] of [
    ['bucket', bucket(20 / 60, 3), undefined, 0, 20 / 60],
    ['window', window(100, 10e6), undefined, 0, 10],
    ['window used up', window(100, 10e6), full, 9e6, 0],
    ['the next window', window(100, 10e6), full, 10e6, 10],
    ['ration of a connection', window(20, null), undefined, 0, Number.POSITIVE_INFINITY],
    ['cap on connections', { kind: 'concurrency', max: 3 } as const, undefined, 0, Number.POSITIVE_INFINITY],
  ] as const) {
    assert.equal(sustainedRate(rule, account, now, 0), expected, name);
  }
  const account = openAccount(always(bucket(1, 2)), 0, 0);
  account.used = 2;
  assert.equal(isFresh(account, 1.9e6, 0), false);
  assert.equal(isFresh(account, 2e6, 0), true);
});

test('the rule of a moment', () => {
  const segments = [
    { from: 0, rule: bucket(1, 1) },
    { from: 10, rule: bucket(2, 1) },
  ];
  for (const [now, rate] of [
    [-5, 1],
    [9, 1],
    [10, 2],
  ] as const) {
    const rule = ruleNow(segments, now, 0);
    assert.equal(rule.kind === 'bucket' && rule.rate, rate);
  }
});
