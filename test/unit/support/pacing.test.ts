import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAccount, PLAIN, spare } from '../../../fakes/isp/limits.ts';
import { bucket } from '../../../fakes/isp/rules.ts';
import type { Verdict } from '../../support/courier.ts';
import { AdaptivePace, fixedRetry, IGNORING, type Pace } from '../../support/pacing.ts';

const ACCEPTED: Verdict = { kind: 'accepted' };
const refused = (code: number, text: string): Verdict => ({ kind: 'refused', code, text });
const THROTTLED = refused(421, '421 4.7.28 slow down');
const HOW = { start: 50, increase: 4, decrease: 0.7, patience: 500 };

test('what a refusal does to an adaptive pace', () => {
  for (const [verdict, expected] of [
    [THROTTLED, 35],
    [refused(421, '421 too many connections'), 35],
    [refused(451, '451 4.7.1 try later'), 35],
    [refused(452, '452 4.2.2 mailbox full'), 50],
    [refused(550, '550 5.7.1 blocked'), 50],
    [refused(0, 'connection refused'), 50],
    [ACCEPTED, 50],
  ] as const) {
    const pace = new AdaptivePace(HOW);
    assert.equal(pace.heard(verdict, 1000), 0);
    assert.equal(pace.rate, expected, JSON.stringify(verdict));
  }
});

test('it slows down once for what it hears within its patience, and never stops', () => {
  const pace = new AdaptivePace(HOW);
  for (const now of [0, 100, 499]) pace.heard(THROTTLED, now);
  assert.equal(pace.rate, 35);
  pace.heard(THROTTLED, 500);
  assert.equal(pace.rate, 24.5);
  for (let now = 1000; now < 100_000; now += 500) pace.heard(THROTTLED, now);
  assert.equal(pace.rate, 0.5);
});

/** Messages tried and accepted in so many virtual seconds, with mail enough, at an ISP that takes 20 a second. */
function pushed(pace: Pace, seconds: number): { tried: number; accepted: number } {
  const account = openAccount({ segments: [{ from: 0, rule: bucket(20, 20) }], day: null }, PLAIN, 0);
  let tried = 0;
  let accepted = 0;
  for (let now = 0; now < seconds * 1000; now++) {
    if (pace.wait(now) > 0) continue;
    const taken = spare(account, now * 1000) >= 1;
    if (taken) account.used++;
    tried++;
    if (taken) accepted++;
    pace.heard(taken ? ACCEPTED : THROTTLED, now);
  }
  return { tried, accepted };
}

test('an adaptive pace has nine tenths of what there is and wastes little, others waste nearly all', () => {
  const all = 20 + 20 * 60;
  const adaptive = pushed(new AdaptivePace(HOW), 60);
  assert.ok(adaptive.accepted > 0.9 * all, `${adaptive.accepted} of ${all}`);
  assert.ok(adaptive.tried - adaptive.accepted < 0.1 * adaptive.tried, `${adaptive.tried}`);
  const rude = pushed(IGNORING, 60);
  assert.ok(rude.tried > 40 * rude.accepted);
});

test('a pace without regard retries after its time, or at once', () => {
  assert.deepEqual([fixedRetry(7).wait(0), fixedRetry(7).heard(THROTTLED, 0)], [0, 7]);
  assert.deepEqual([IGNORING.wait(0), IGNORING.heard(THROTTLED, 0)], [0, 0]);
});
