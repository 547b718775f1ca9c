import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbersOf, readSegment, usersOf } from '../../../support/k6/segment.ts';

const READ: readonly [
  segment: string | undefined,
  sequence: string | undefined,
  index: number,
  of: number,
][] = [
  [undefined, undefined, 0, 1],
  ['0:1', undefined, 0, 1],
  ['50%', undefined, 0, 2],
  ['1/3:2/3', undefined, 1, 3],
  ['0:1/3', '0,1/3,2/3,1', 0, 3],
  ['2/3:1', '0,1/3,2/3,1', 2, 3],
  ['0.25:0.5', '0,1/4,0.5,75%,1', 1, 4],
];

const REFUSED: readonly [segment: string, sequence: string | undefined, why: RegExp][] = [
  ['0:4/3', undefined, /not within 0:1/],
  ['1/2:1/2', undefined, /not within 0:1/],
  ['one', undefined, /'one' is not a valid/],
  ['0:1/2', '0,1/3,2/3,1', /couldn't find segment/],
  ['0:1/3', '0,2/3,1/3,1', /does not rise/],
  ['0:1/3', undefined, /only has sequences of equally long segments/],
];

test('a segment is read as k6 reads it', () => {
  for (const [segment, sequence, index, of] of READ)
    assert.deepEqual(readSegment(segment, sequence), { index, of }, `${segment} of ${sequence}`);
  for (const [segment, sequence, why] of REFUSED) assert.throws(() => readSegment(segment, sequence), why);
});

test('over all segments each user and each number is there once, and work goes with the users', () => {
  for (const of of [1, 2, 3, 7])
    for (const users of [1, 2, 3, 4, 6, 10]) {
      const segments = Array.from({ length: of }, (_, index) => ({ index, of }));
      const parts = segments.map((segment) => usersOf(segment, users));
      assert.equal(
        parts.reduce((a, b) => a + b),
        users,
      );
      const numbers = segments.map((segment) => {
        const own: number[] = [];
        for (const n of numbersOf(segment, users)) {
          if (n >= users * 5) break;
          own.push(n);
        }
        return own;
      });
      assert.deepEqual(
        numbers.map((own) => own.length),
        parts.map((part) => part * 5),
      );
      assert.deepEqual(
        numbers.flat().sort((a, b) => a - b),
        Array.from({ length: users * 5 }, (_, n) => n),
      );
    }
});
