import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviationOf, meanOf, welch } from '../../../src/gate/welch.ts';

/** The third of the examples that Wikipedia's article on Welch's test works out in R. */
const A = [19.8, 20.4, 19.6, 17.8, 18.5, 18.9, 18.3, 18.9, 19.5, 22.0];
const B = [
  28.2, 26.6, 20.1, 23.3, 25.2, 22.1, 17.7, 27.6, 20.6, 13.7, 23.2, 17.5, 20.6, 18.0, 23.9, 21.6, 24.3, 20.4,
  24.0, 13.2,
];

function near(actual: number, expected: number, digits = 4): void {
  assert.equal(Number(actual.toPrecision(digits)), Number(expected.toPrecision(digits)));
}

test('a textbook example: difference, p and interval', () => {
  const { difference, p, interval } = welch(A, B);
  near(difference, 2.22);
  near(p, 0.0356, 2);
  // Half its width is t(0.975; 24.5 degrees of freedom) = 2.0617 times the standard error.
  const [from, to] = interval(0.05);
  near((from + to) / 2, 2.22);
  assert.ok(from > 0 && from < 0.2 && to > 4.2 && to < 4.4, `${from} to ${to}`);
});

test('equal variances and sizes: Student, by a table of t', () => {
  const before = [9, 10, 11];
  const { difference, p, interval } = welch(before, [12, 13, 14]);
  // Standard error √(1/3 + 1/3), 4 degrees of freedom; t(0.975; 4) = 2.776, t(0.995; 4) = 4.604.
  const error = Math.sqrt(2 / 3);
  assert.equal(difference, 3);
  near(interval(0.05)[0], 3 - 2.7764 * error, 3);
  near(interval(0.01)[1], 3 + 4.6041 * error);
  near(p, 0.02131, 3);
  // An interval at the level of p ends at no difference.
  assert.ok(Math.abs(interval(p)[0]) < 1e-9);
});

test('samples that do not vary', () => {
  const rows: [number[], number[], number, number][] = [
    [[0.1, 0.1, 0.1], [0.1, 0.1, 0.1], 0, 1],
    [[1500, 1500, 1500], [1499, 1499, 1499], -1, 0],
    [[0, 0, 0], [0, 0, 0, 0], 0, 1],
  ];
  for (const [before, after, difference, p] of rows) {
    const result = welch(before, after);
    assert.deepEqual(
      [result.difference, result.p, result.interval(0.05)],
      [difference, p, [difference, difference]],
    );
  }
  // One side that varies is enough to judge by.
  near(welch([5, 5, 5], [4, 5, 6]).p, 1);
});

test('p keeps its digits where it is tiny', () => {
  const { p } = welch([1, 1.0001, 1.0002], [2, 2.0001, 2.0002]);
  assert.ok(p > 1e-17 && p < 1e-12, String(p));
});

test('mean and deviation', () => {
  assert.deepEqual([meanOf([0.1, 0.1, 0.1]), deviationOf([0.1, 0.1, 0.1])], [0.1, 0]);
  assert.deepEqual([meanOf([2, 4, 6]), deviationOf([2, 4, 6])], [4, 2]);
});
