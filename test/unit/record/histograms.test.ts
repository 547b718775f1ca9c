import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsBetween, createRecorded, meanOf, merge, record } from '../../../src/record/histograms.ts';

test('values are counted between bounds, each in the range that it ends', () => {
  const bounds = [1, 2, 5, 10];
  const cases: readonly (readonly [values: readonly number[], counts: readonly number[]])[] = [
    [[], [0, 0, 0, 0, 0]],
    [
      [1, 1, 2, 3, 5, 6, 10],
      [2, 1, 2, 2, 0],
    ],
    [
      [11, 5000, 0],
      [1, 0, 0, 0, 2],
    ],
  ];
  for (const [values, counts] of cases) {
    const recorded = createRecorded();
    for (const value of values) record(recorded, value);
    assert.deepEqual(countsBetween(recorded, bounds), counts, values.join(' '));
    assert.deepEqual(countsBetween(recorded, bounds), counts, 'a second time');
  }
});

test('the mean is that of the library, which looks at every empty bucket too', () => {
  for (const values of [[], [7], [1, 2, 2_000, 3_599_999_999], [0, 5e9]]) {
    const recorded = createRecorded();
    for (const value of values) record(recorded, value);
    assert.equal(meanOf(recorded), recorded.histogram.mean, values.join(' '));
  }
});

test('what is merged has the counts of all its parts, also of those that hold nothing', () => {
  const [empty, one, two] = [createRecorded(), createRecorded(), createRecorded()];
  record(one, 1_000);
  record(two, 5e9);
  const all = merge([empty, one, two, empty]);
  assert.deepEqual(
    [all.histogram.totalCount, all.histogram.minNonZeroValue, all.histogram.maxValue, all.clamped],
    [2, 1_000, two.histogram.maxValue, 1],
  );
});
