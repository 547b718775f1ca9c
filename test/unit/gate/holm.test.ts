import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holm } from '../../../src/gate/holm.ts';

test('the smallest p is held to the strictest level, and the first that fails ends it', () => {
  const rows: [number[], [boolean, number][]][] = [
    [[], []],
    [[0.04], [[true, 0.05]]],
    [[0.06], [[false, 0.05]]],
    // 0.01 holds against 0.05/4; 0.04 would against 0.05, but 0.02 fails against 0.05/3 before it.
    [
      [0.04, 0.01, 0.3, 0.02],
      [
        [false, 0.05 / 3],
        [true, 0.05 / 4],
        [false, 0.05 / 3],
        [false, 0.05 / 3],
      ],
    ],
    [
      [0.001, 0.02, 0.05],
      [
        [true, 0.05 / 3],
        [true, 0.05 / 2],
        [true, 0.05],
      ],
    ],
    [
      [0, 0],
      [
        [true, 0.025],
        [true, 0.05],
      ],
    ],
  ];
  for (const [ps, expected] of rows)
    assert.deepEqual(
      holm(ps, 0.05).map(({ rejected, significance }) => [rejected, significance]),
      expected,
      ps.join(' '),
    );
});
