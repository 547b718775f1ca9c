import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atEndOfTurn } from '../../../src/core/clock.ts';

test('what waits for the end of a turn is done once, in order, and never at once', async () => {
  const done: string[] = [];
  await new Promise<void>((resolve) => {
    atEndOfTurn(() => {
      done.push('first');
      // What is asked for then waits for the next turn.
      atEndOfTurn(() => {
        done.push('third');
        resolve();
      });
    });
    atEndOfTurn(() => done.push('second'));
    assert.deepEqual(done, []);
  });
  assert.deepEqual(done, ['first', 'second', 'third']);
});
