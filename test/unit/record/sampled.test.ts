import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_ISP, NONE16 } from '../../../src/record/attempt-log.ts';
import { Sampled } from '../../../src/record/sampled.ts';
import type { Sample } from '../../../src/record/timeline.ts';

const sample = (seconds: number, value: number, about: Partial<Sample> = {}): Sample => ({
  at: seconds * 1e6,
  name: 'allowance',
  value,
  isp: 0,
  source: NONE16,
  worker: NONE16,
  ...about,
});

test('a value holds until it is sampled again, and is not known before', () => {
  for (const [name, samples, expected] of [
    ['nothing', [], [null, null, null, null]],
    ['at the end of its second', [sample(1, 7)], [7, 7, 7, 7]],
    ['late in a second, or at the end of the one before', [sample(1.7, 7)], [null, 7, 7, 7]],
    ['twice in a second: the later one', [sample(1.1, 7), sample(1.9, 8)], [null, 8, 8, 8]],
    ['again', [sample(1, 7), sample(3.5, 0)], [7, 7, 7, 0]],
    ['no limit', [sample(2, Number.POSITIVE_INFINITY)], [null, Number.POSITIVE_INFINITY, ...infinite(2)]],
    [
      'before the load, and after the last bucket',
      [sample(-0.5, 7), sample(4.5, 7)],
      [null, null, null, null],
    ],
    ['of another source', [sample(1, 7, { source: 3 })], [null, null, null, null]],
    ['of another ISP', [sample(1, 7, { isp: 1 })], [null, null, null, null]],
    ['of no ISP', [sample(1, 7, { isp: NO_ISP })], [null, null, null, null]],
    ['of another name', [sample(1, 7, { name: 'credit' })], [null, null, null, null]],
    ['of a name that was not asked for', [sample(1, 7, { name: 'cpu' })], [null, null, null, null]],
  ] as const) {
    const sampled = new Sampled(samples, ['allowance', 'credit'], 4);
    assert.deepEqual(sampled.column('allowance', 0, NONE16), expected, name);
    assert.deepEqual(sampled.column('cpu', 0, NONE16), [null, null, null, null]);
  }
});

test('each source of each ISP has a column of its own', () => {
  const samples = [0, 1].flatMap((isp) =>
    [0, 1, NONE16].map((source) => sample(1, isp * 10 + (source === NONE16 ? 9 : source), { isp, source })),
  );
  const sampled = new Sampled(samples, ['allowance'], 2);
  const first = (isp: number, source: number): unknown => sampled.column('allowance', isp, source)[0];
  assert.deepEqual(
    [first(0, 0), first(0, 1), first(0, NONE16), first(1, 0), first(1, 1), first(1, NONE16)],
    [0, 1, 9, 10, 11, 19],
  );
});

function infinite(count: number): number[] {
  return new Array<number>(count).fill(Number.POSITIVE_INFINITY);
}
