import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../../src/analysis/adaptation/flow.ts';
import { type Reaction, reactionTo } from '../../../../src/analysis/adaptation/reaction.ts';
import { flow, steps } from './flow-for-tests.ts';

/** An incident from second 20 to 80 of 100: 5 a second instead of 20; the sender tried 20 a second before. */
const INCIDENT = { from: 20, to: 80 };
const limited = steps(100, [0, 20], [20, 5], [80, 20]);
/** The same as a block. */
const blocked = steps(100, [0, 20], [20, 0], [80, 20]);
const throttled = (from: number, to: number): number[] => steps(100, [from, 1], [to, 0]);
/** So many attempts every so many seconds of the incident, and as many as ever outside. */
const retries = (each: number, every: number, last = 80): number[] =>
  steps(100, [0, 20], [20, 0], [80, 20]).map((n, i) =>
    i >= 20 && i < last && (i - 20) % every === 0 ? each : n,
  );

test('how a sender reacts to an incident', () => {
  const rows: [what: string, Flow, Partial<Reaction>][] = [
    [
      'it slows down to the allowance seven seconds after the first throttled reply',
      flow(100, {
        allowance: limited,
        tried: steps(100, [0, 20], [28, 5], [80, 20]),
        throttled: throttled(21, 28),
      }),
      {
        throttledAt: 21,
        // From second 27 on ten seconds hold 20 + 9 x 5 = 65 attempts, where 1.1 x 50 + 1 = 56 are within the credit;
        // from second 28 on they hold 50.
        reactionSeconds: 7,
        settledAt: 28,
        // Ten seconds from 21 hold 7 x 20 + 3 x 5 = 155, where 10 x 5 = 50 could be had.
        overshoot: 105,
        overshootRatio: 3.1,
        // Seconds 27 to 29 hold 30 attempts, half of 3 x 20.
        firstBackoffSeconds: 6,
      },
    ],
    [
      'it never tries more than is allowed, yet is throttled once',
      flow(100, { allowance: limited, tried: limited, throttled: throttled(25, 26) }),
      { throttledAt: 25, reactionSeconds: 0, settledAt: 25, overshoot: 0, overshootRatio: 1 },
    ],
    [
      'a tenth more than allowed is within what counts as settled',
      flow(100, {
        allowance: limited,
        tried: steps(100, [0, 20], [20, 5.5], [80, 20]),
        throttled: throttled(20, 80),
      }),
      { reactionSeconds: 0, settledAt: 20 },
    ],
    [
      'it goes on as before',
      flow(100, { allowance: limited, tried: steps(100, [0, 20]), throttled: throttled(20, 80) }),
      { reactionSeconds: 'never', settledAt: undefined, firstBackoffSeconds: 'never' },
    ],
    [
      'it slows down, but so late that the end is too near to be sure',
      flow(100, {
        allowance: limited,
        tried: steps(100, [0, 20], [72, 5], [80, 20]),
        throttled: throttled(20, 80),
      }),
      { reactionSeconds: 'never', settledAt: undefined, firstBackoffSeconds: 51 },
    ],
    [
      '200 retries every 15 s into a block are not settled',
      flow(100, { allowance: blocked, tried: retries(200, 15), throttled: retries(200, 15) }),
      { throttledAt: 20, reactionSeconds: 'not reached', settledAt: undefined, overshootRatio: null },
    ],
    [
      'nor are they when the block ends soon after one of them',
      flow(100, { allowance: blocked, tried: retries(200, 14), throttled: retries(200, 14) }),
      { reactionSeconds: 'never', settledAt: undefined },
    ],
    [
      'retries into a block that stop for twice as long as their pause are settled',
      flow(100, { allowance: blocked, tried: retries(200, 15, 50), throttled: retries(200, 15, 50) }),
      // The last at second 35; the pause was 15 seconds, and 44 were quiet after it.
      { throttledAt: 20, reactionSeconds: 16, settledAt: 36, overshoot: 400 },
    ],
    [
      'connections that are refused into a block are attempts as well',
      flow(100, {
        allowance: blocked,
        tried: steps(100, [0, 20], [20, 0], [80, 20]),
        refused: steps(100, [20, 3], [30, 0]),
      }),
      { throttledAt: 20, reactionSeconds: 10, settledAt: 30, overshoot: 30, overshootRatio: null },
    ],
    [
      'nothing was throttled',
      flow(100, { allowance: limited, tried: limited }),
      { throttledAt: undefined, reactionSeconds: 'not applicable', firstBackoffSeconds: 'not applicable' },
    ],
    [
      'what is throttled outside of the incident is not of it',
      flow(100, { allowance: limited, tried: limited, throttled: throttled(10, 20) }),
      { throttledAt: undefined, reactionSeconds: 'not applicable' },
    ],
    [
      'where no limit counts messages there is nothing to hold the pace against',
      flow(100, { tried: steps(100, [0, 20]), throttled: throttled(20, 80) }),
      { throttledAt: 20, reactionSeconds: 'not applicable', overshoot: 0, overshootRatio: null },
    ],
  ];
  for (const [what, given, expected] of rows) {
    const found = reactionTo(given, INCIDENT);
    const asked = Object.fromEntries(Object.keys(expected).map((key) => [key, found[key as keyof Reaction]]));
    assert.deepEqual(asked, expected, what);
  }
});

test('a run that ends within the incident is judged by what there was', () => {
  const cut = flow(40, {
    allowance: steps(40, [0, 20], [20, 5]),
    tried: steps(40, [0, 20], [24, 5]),
    throttled: steps(40, [20, 1], [24, 0]),
  });
  assert.equal(reactionTo(cut, INCIDENT).reactionSeconds, 4);
});
