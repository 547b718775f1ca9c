import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucket, longRunRate, type Rule, ratioOf, scaled, stricter } from '../../../../fakes/isp/rules.ts';

const window = (count: number, per: number | null): Rule => ({ kind: 'window', count, per });
const cap = (max: number): Rule => ({ kind: 'concurrency', max });

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

test('a factor scales all of a rule; what allowed something still allows one unit, unless it is 0', () => {
  for (const [rule, factor, expected] of [
    [bucket(20, 200), 0.1, bucket(2, 20)],
    [bucket(20, 200), 0.001, bucket(0.02, 1)],
    [bucket(20, 200), 0, bucket(0, 0)],
    [bucket(0, 0), 0.5, bucket(0, 0)],
    [window(100, 10), 0.29, window(29, 10)],
    [window(100, null), 2, window(200, null)],
    [cap(20), 0.01, cap(1)],
    [cap(0), 0.5, cap(0)],
  ] as const) {
    assert.deepEqual(scaled(rule, factor), expected, `${JSON.stringify(rule)} × ${factor}`);
  }
});

test('the stricter of two rules', () => {
  for (const [a, b, expected] of [
    [bucket(2, 100), bucket(1, 500), bucket(1, 500)],
    [window(100, 10), window(200, 40), window(200, 40)],
    [window(5, null), window(9, null), window(5, null)],
    [cap(3), cap(1), cap(1)],
  ] as const) {
    assert.deepEqual([stricter(a, b), stricter(b, a)], [expected, expected]);
  }
});

test('what a rule allows in the long run', () => {
  assert.deepEqual([bucket(4, 9), window(30, 10e6), window(30, null), cap(3)].map(longRunRate), [
    4,
    3,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
});
