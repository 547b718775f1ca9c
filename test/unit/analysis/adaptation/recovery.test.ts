import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recoveryFrom } from '../../../../src/analysis/adaptation/recovery.ts';
import { flow, steps } from './flow-for-tests.ts';

const INCIDENT = { from: 20, to: 40 };
const BASELINE = { from: 0, to: 20 };

/** 10 messages a second arrive for 100 seconds, and `accepted` of them are. */
function mail(accepted: readonly number[], allowance = steps(accepted.length, [0, 50])) {
  return flow(accepted.length, { arrivals: steps(accepted.length, [0, 10], [100, 0]), accepted, allowance });
}

test('how a sender comes back after an incident', () => {
  const rows: [
    what: string,
    accepted: number[],
    ends: [load: number, run: number],
    expected: [recovery: unknown, drain: unknown],
  ][] = [
    [
      'ten seconds after it, with a backlog of 300 that is sent at 20 a second more than arrives',
      // 20 to 50: nothing. 50 to 65: 30 a second, that is 20 more than arrive: 300 are gone at second 65.
      steps(120, [0, 10], [20, 0], [50, 30], [65, 10], [100, 0]),
      [100, 120],
      [10, 25],
    ],
    ['at once', steps(120, [0, 10], [100, 0]), [100, 120], [0, 0]],
    [
      'to nine tenths of what arrives, which never takes the backlog down',
      steps(120, [0, 10], [20, 0], [40, 9], [100, 9]),
      [100, 110],
      [0, 'never'],
    ],
    [
      'never, though there was more time than the incident took',
      steps(120, [0, 10], [20, 0], [60, 4]),
      [100, 120],
      ['never', 'never'],
    ],
    [
      'not before the end of a load that is over soon after the incident',
      steps(120, [0, 10], [20, 0]),
      [50, 55],
      ['not reached', 'not reached'],
    ],
    [
      'in the drain alone',
      steps(120, [0, 10], [20, 0], [100, 100], [109, 0]),
      [100, 120],
      // 80 seconds of mail, 800 in all, wait at second 100, of which 100 a second go.
      ['never', 68],
    ],
  ];
  for (const [what, accepted, [load, run], [recovery, drain]] of rows) {
    const found = recoveryFrom(
      mail(accepted),
      INCIDENT,
      { from: 40, to: load },
      { from: 40, to: run },
      BASELINE,
    );
    assert.deepEqual([found.recoverySeconds, found.drainSeconds], [recovery, drain], what);
    assert.equal(found.recoveredAt, typeof recovery === 'number' ? 40 + recovery : undefined, what);
    assert.equal(found.drainedAt, typeof drain === 'number' ? 40 + drain : undefined, what);
  }
});

test('what is possible is the least of what arrives, what the ISP takes, and what was usual', () => {
  const accepted = steps(100, [0, 10], [20, 0], [40, 3]);
  const judge = (allowance: number[]): unknown =>
    recoveryFrom(mail(accepted, allowance), INCIDENT, { from: 40, to: 100 }, { from: 40, to: 100 }, BASELINE)
      .recoverySeconds;
  assert.equal(judge(steps(100, [0, 50])), 'never');
  assert.equal(judge(steps(100, [0, 50], [40, 3])), 0);
  assert.equal(judge(steps(100, [0, 50], [70, 3])), 30);
});

test('mail that is not known of has no recovery', () => {
  const none = recoveryFrom(
    flow(100, { accepted: steps(100, [0, 10]) }),
    INCIDENT,
    { from: 40, to: 100 },
    { from: 40, to: 100 },
    BASELINE,
  );
  assert.deepEqual([none.recoverySeconds, none.drainSeconds], ['not applicable', 'not applicable']);
});

test('without mail to send there is no recovery to be seen', () => {
  const idle = flow(100, { arrivals: steps(100, [0, 10], [20, 0]), accepted: steps(100, [0, 10], [20, 0]) });
  const found = recoveryFrom(idle, INCIDENT, { from: 40, to: 100 }, { from: 40, to: 100 }, BASELINE);
  assert.deepEqual([found.recoverySeconds, found.drainSeconds], ['not applicable', 0]);
});
