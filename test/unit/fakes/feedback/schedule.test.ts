import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schedule } from '../../../../fakes/feedback/schedule.ts';
import { createPrng } from '../../../../src/core/prng.ts';

test('hands out by moment, and of one moment in the order of arrival', () => {
  const schedule = new Schedule<string>();
  assert.equal(schedule.next, Number.POSITIVE_INFINITY);
  for (const [at, what] of [
    [5, 'c'],
    [1, 'a'],
    [5, 'd'],
    [3, 'b'],
    [5, 'e'],
  ] as const)
    schedule.add(at, what);
  assert.equal(schedule.next, 1);
  assert.equal(schedule.take(0), undefined, 'its moment has not come');
  const taken = [4, 4, 4, 5, 5, 5, 5].map((now) => schedule.take(now));
  assert.deepEqual(taken, ['a', 'b', undefined, 'c', 'd', 'e', undefined]);
  assert.equal(schedule.size, 0);
});

test('keeps ten thousand in order', () => {
  const schedule = new Schedule<{ at: number; turn: number }>();
  const random = createPrng(1).stream('schedule');
  const all = Array.from({ length: 10_000 }, (_, turn) => ({ at: Math.floor(random() * 500), turn }));
  for (const one of all) schedule.add(one.at, one);
  const taken = all.map(() => schedule.take(500));
  assert.deepEqual(
    taken,
    all.toSorted((a, b) => a.at - b.at || a.turn - b.turn),
  );
});
