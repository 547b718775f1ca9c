import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeWeights } from '../../../../src/mta/postfix/choice.ts';

test('weights become the smallest whole numbers that are near enough', () => {
  const table: { weights: number[]; whole: number[] }[] = [
    { weights: [1], whole: [1] },
    { weights: [5, 5, 5], whole: [1, 1, 1] },
    { weights: [3, 1], whole: [3, 1] },
    { weights: [1.5, 1], whole: [3, 2] },
    { weights: [0.2, 0.3, 0.5], whole: [2, 3, 5] },
    { weights: [1, 1 / 3], whole: [3, 1] },
    { weights: [0.001, 0.0025], whole: [2, 5] },
    // 7:5 is 1.01 % off.
    { weights: [Math.SQRT2, 1], whole: [17, 12] },
  ];
  for (const { weights, whole } of table) assert.deepEqual(wholeWeights(weights), whole, weights.join(' : '));
});
