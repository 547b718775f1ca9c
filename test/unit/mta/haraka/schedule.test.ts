import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { intervals, needHook, retryWaits } from '../../../../src/mta/haraka/schedule.ts';

const S = 1e6;
const M = 60e6;
const H = 3600e6;

test('retry waits repeat the last until their sum reaches expire', () => {
  const table: { name: string; retry: number[]; expire: number; text: string; hook: boolean }[] = [
    { name: 'a day', retry: [1 * M, 5 * M, 15 * M], expire: 24 * H, text: '60s,300s,900s*96', hook: false },
    { name: 'exact sum', retry: [10 * S], expire: 30 * S, text: '10s*3', hook: false },
    {
      name: 'the last attempt comes after expire, never before',
      retry: [10 * S],
      expire: 31 * S,
      text: '10s*4',
      hook: false,
    },
    {
      name: 'the list is longer than expire',
      retry: [1 * M, 5 * M, 15 * M],
      expire: 3 * M,
      text: '60s,300s',
      hook: false,
    },
    { name: 'expires at the first failure', retry: [1 * M], expire: 0, text: 'none', hook: false },
    { name: 'no retry', retry: [], expire: 1 * H, text: 'none', hook: false },
    { name: 'five seconds are what Haraka takes', retry: [5 * S], expire: 5 * S, text: '5s', hook: false },
    {
      name: 'shorter ones need the hook',
      retry: [1 * S, 5 * S, 15 * S],
      expire: 60 * S,
      text: '5s,5s,15s*4',
      hook: true,
    },
    { name: 'whole seconds', retry: [7.4 * S, 7.5 * S], expire: 15 * S, text: '7s,8s', hook: false },
    { name: 'never less than one', retry: [0.1 * S], expire: 2 * S, text: '5s*2', hook: true },
  ];
  for (const { name, retry, expire, text, hook } of table) {
    const waits = retryWaits(retry, expire);
    assert.equal(intervals(waits), text, name);
    assert.equal(needHook(waits), hook, name);
  }
});

test('a list of absurd length is refused', () => {
  assert.equal(intervals(retryWaits([1 * S], 10_000 * S)), '5s*10000');
  assert.throws(
    () => retryWaits([1 * S], 10_001 * S),
    (error: unknown) =>
      error instanceof HarnessError &&
      error.kind === 'invalid-scenario' &&
      error.message === 'mta.retry and mta.expire make 10001 attempts a message' &&
      error.hint === 'make the last wait longer or expire shorter: at most 10000 attempts',
  );
});
