import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Day, dayChangeAfter, factorAt } from '../../../../fakes/isp/day.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const HOUR = 3600e6;

/** Half as much from 8 to 18 h, none from 22 h on; the load begins at 6 h. */
const factors = { 8: 0.5, 18: 1, 22: 0 };
const dayAt = (scale: number): Day =>
  resolveIsp(loadProfile('gmail'), { scale, overrides: { day: { starts: '6h', factors } } }).day as Day;

test('factors by the hour, from one day to the next, at any scale', () => {
  for (const scale of [1, 60, 7]) {
    const day = dayAt(scale);
    // Hours since the midnight before the load.
    const moment = (hours: number): number =>
      Math.floor(hours / 24) * day.length + Math.round(((hours % 24) * day.length) / 24) - day.start;
    for (const [time, factor, next] of [
      // Before the first hour that is named, the last one still holds.
      [6, 0, 8],
      [8, 0.5, 18],
      [17.9, 0.5, 18],
      [18, 1, 22],
      [22, 0, 24],
      [24, 0, 32],
      [32, 0.5, 42],
      [258, 1, 262],
    ] as const) {
      assert.equal(factorAt(day, moment(time)), factor, `${time} h at scale ${scale}`);
      assert.equal(dayChangeAfter(day, moment(time)), moment(next), `after ${time} h at scale ${scale}`);
    }
  }
});

test('a greedy sender gets what each hour allows', () => {
  const limits = [limitLine('rate', { rate: '60/h', burst: 1 })];
  const client = at(testIsp(limits, [], { overrides: { day: { starts: '6h', factors } } }));
  const got = Array.from({ length: 24 }, (_, hour) => {
    let accepted = 0;
    for (let now = hour * HOUR; now < (hour + 1) * HOUR; now += 30e6)
      if (client.deliver(now) === 'T-dot') accepted++;
    return accepted;
  });
  const each = (hours: number, count: number): number[] => Array<number>(hours).fill(count);
  // From 6 h on. At 8 h the bucket is empty, and its first message comes two minutes later.
  assert.deepEqual(got, [...each(2, 0), 29, ...each(9, 30), ...each(4, 60), ...each(8, 0)]);
});

test('caps on connections have no hours', () => {
  const fields = { kind: 'concurrency', unit: 'connections', max: 1, stage: 'connect', reply: 'T1' };
  const client = at(testIsp([limitLine('cap', fields)], [], { overrides: { day: { factors: { 0: 0 } } } }));
  assert.deepEqual([client.connect().heard, client.connect().heard], ['T-greeting', 'T1']);
});
