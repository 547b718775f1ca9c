import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureScore, type ScoreMetric } from '../../../../src/analysis/adaptation/measure-score.ts';
import type {
  Adaptation,
  AdaptationSummary,
  IncidentScores,
} from '../../../../src/analysis/adaptation/scores.ts';
import type { Selector } from '../../../../src/gate/threshold.ts';

const INCIDENT: IncidentScores = {
  incident: 1,
  label: '',
  from: 10,
  to: 20,
  utilisation: 0.5,
  wastedAttempts: 0,
  reactionSeconds: 3,
  firstBackoffSeconds: 1,
  overshoot: 40,
  overshootRatio: 2,
  recoverySeconds: 7,
  drainSeconds: 30,
  collateral: 0.1,
  marks: { throttled: null, settled: null, recovered: null, drained: null },
};
const GMAIL: AdaptationSummary = {
  isp: 'gmail',
  source: null,
  capacityPerSecond: 10,
  utilisation: 0.6,
  wastedAttempts: 0,
  blockedAttempts: 12,
  penaltySeconds: 5,
  oscillation: 0.2,
  incidents: [
    INCIDENT,
    { ...INCIDENT, incident: 2, reactionSeconds: 'never', recoverySeconds: 9, overshoot: 2 },
  ],
};
const ADAPTATION: Adaptation = {
  scores: [
    GMAIL,
    { ...GMAIL, source: '198.18.128.1', utilisation: 'not applicable', blockedAttempts: 4, incidents: [] },
    {
      ...GMAIL,
      isp: 'yahoo',
      utilisation: 0.9,
      penaltySeconds: 0,
      blockedAttempts: 0,
      incidents: [
        { ...INCIDENT, incident: 3, recoverySeconds: 'not reached', reactionSeconds: 'not applicable' },
      ],
    },
  ],
  perfect: new Map(),
  sums: new Map([
    ['gmail', { accepted: 60, perfect: 100 }],
    ['yahoo', { accepted: 270, perfect: 300 }],
  ]),
};

const gauge = (value: number, min = value, max = value) => ({ kind: 'gauge', value, min, max });
const word = (which: string) => ({
  kind: 'gauge',
  value: Number.NaN,
  min: Number.NaN,
  max: Number.NaN,
  word: which,
});

test('what thresholds on scores measure', () => {
  const rows: [ScoreMetric, Selector, expected: unknown][] = [
    ['utilisation', { isp: 'gmail' }, gauge(0.6)],
    // 330 of 400, not the mean of 0.6 and 0.9.
    ['utilisation', {}, gauge(0.825, 0.6, 0.9)],
    ['utilisation', { isp: 'gmail', incident: '2' }, gauge(0.5)],
    ['utilisation', { isp: 'gmail', source: '198.18.128.1' }, word('not applicable')],
    ['utilisation', { isp: 'outlook' }, undefined],
    ['reaction_time', { isp: 'gmail', incident: '1' }, gauge(3000)],
    ['reaction_time', { isp: 'gmail' }, word('never')],
    ['reaction_time', { isp: 'yahoo' }, word('not applicable')],
    ['recovery_time', { isp: 'gmail' }, gauge(9000, 7000, 9000)],
    ['recovery_time', {}, word('not reached')],
    ['recovery_time', { isp: 'gmail', incident: '3' }, undefined],
    ['drain_time', { incident: '1' }, gauge(30_000)],
    ['first_backoff', { incident: '1' }, gauge(1000)],
    ['collateral', { isp: 'gmail' }, gauge(0.1)],
    ['oscillation', {}, gauge(0.2)],
    ['penalty_time', {}, gauge(5000, 0, 5000)],
    ['penalty_time', { isp: 'yahoo' }, gauge(0)],
    ['blocked_attempts', {}, { kind: 'counter', count: 12, rate: 1.2 }],
    ['blocked_attempts', { isp: 'gmail', source: '198.18.128.1' }, { kind: 'counter', count: 4, rate: 0.4 }],
    ['overshoot', { isp: 'gmail' }, { kind: 'counter', count: 42, rate: 4.2 }],
    ['overshoot', { isp: 'gmail', source: '198.18.128.1' }, undefined],
  ];
  for (const [metric, selector, expected] of rows)
    assert.deepEqual(
      measureScore(ADAPTATION, metric, selector, 10),
      expected,
      `${metric} ${JSON.stringify(selector)}`,
    );
});
