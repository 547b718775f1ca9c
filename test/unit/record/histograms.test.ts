import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsBetween, createRecorded, record } from '../../../src/record/histograms.ts';

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
