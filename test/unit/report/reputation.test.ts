import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NONE16 } from '../../../src/record/attempt-log.ts';
import type { Sample } from '../../../src/record/timeline.ts';
import { rateSeries, reputationSummary, standingSeries } from '../../../src/report/reputation.ts';
import type { SpamDay, SpamRates } from '../../../src/report/reputation-input.ts';

const SECOND = 1e6;
const ISPS = [
  { id: 'gmail', name: 'Gmail' },
  { id: 'yahoo', name: 'Yahoo' },
];

/** A score sampled at the end of a second; `domain`: of this domain, by its place. */
function sample(second: number, isp: number, source: number, value: number, domain = NONE16): Sample {
  return { at: second * SECOND, name: 'reputation', value, isp, source, worker: domain };
}

test('scores are told from the worst on, sources and domains apart, each until it is sampled again', () => {
  const samples = [
    sample(1, 0, 0, 100),
    sample(2, 0, 1, 90),
    sample(3, 0, 0, 40),
    sample(4, 0, 1, 95),
    sample(2, 0, NONE16, 70, 0),
    sample(3, 0, NONE16, 60, 1),
    sample(1, 1, 0, 100),
  ];
  const input = {
    isps: ISPS,
    sources: ['198.18.128.1', '198.18.128.2', '198.18.128.3'],
    senders: ['a.test', 'b.test'],
  };
  assert.deepEqual(standingSeries(samples, input, 4), [
    [
      { of: 'source', name: '198.18.128.1', score: [100, 100, 40, 40] },
      { of: 'domain', name: 'b.test', score: [null, null, 60, 60] },
      { of: 'domain', name: 'a.test', score: [null, 70, 70, 70] },
      { of: 'source', name: '198.18.128.2', score: [null, 90, 90, 95] },
    ],
    [{ of: 'source', name: '198.18.128.1', score: [100, 100, 100, 100] }],
  ]);
});

function ratesOf(day: number, days: readonly SpamDay[]): SpamRates {
  return {
    isp: 'gmail',
    limits: [{ rate: 0.003, mark: 'documented' }],
    day: day * SECOND,
    rates: [{ of: 'domain', name: 'a.test', domain: 'a.test', days }],
  };
}

test('a rate over time is of the day so far, or of whole days where there are many', () => {
  const first = { day: 0, slot: SECOND, recipients: [50, 50, 100, 0], complaints: [0, 1, 1, 0, -1] };
  const second = { day: 1, slot: 2 * SECOND, recipients: [100, 100], complaints: [0, 4, 500] };
  for (const [name, rates, buckets, expected] of [
    ['one day', ratesOf(100, [first]), 6, [null, 0.01, 0.01, 0.01, 0.005, 0.005]],
    [
      'two days, the second in slots of two seconds',
      ratesOf(6, [first, second]),
      12,
      [null, 0.01, 0.01, 0.01, 0.005, 0.005, 0, 0, 0.02, 0.02, 1, 1],
    ],
    [
      'many days',
      ratesOf(2, [
        { ...first, day: 1 },
        { ...second, day: 3 },
      ]),
      8,
      [null, null, 0.005, 0.005, null, null, 1, 1],
    ],
    [
      'a day that is no whole number of seconds',
      ratesOf(2.5, [first, { ...first, day: 1 }]),
      4,
      [null, 0.01, null, 0.01],
    ],
  ] as const)
    assert.deepEqual(rateSeries(rates, buckets)[0]?.rate, expected, name);
});

test('the summary has who lost reputation, and rates by day, the worst first', () => {
  const day = (day: number, recipients: number, complaints: number): SpamDay => ({
    day,
    slot: SECOND,
    recipients: [recipients],
    complaints: [complaints],
  });
  const spamRates: SpamRates = {
    ...ratesOf(60, []),
    rates: [
      { of: 'feedback-id', name: 'quiet', domain: 'a.test', days: [day(0, 500, 0)] },
      { of: 'feedback-id', name: 'spring', domain: 'a.test', days: [day(0, 99, 2)] },
      { of: 'domain', name: 'a.test', domain: 'a.test', days: [day(0, 1000, 2), day(2, 250, 1)] },
    ],
  };
  const tiers = [{ below: 50, factor: 0 }];
  const standings = [
    { of: 'source' as const, name: '198.18.128.1', score: [null, 100, 40, 40.5] },
    { of: 'source' as const, name: '198.18.128.2', score: [100, 100, 100, 100] },
  ];
  const rated = (recipients: number, complaints: number, rate: number | null) => ({
    recipients,
    complaints,
    rate,
  });
  assert.deepEqual(
    reputationSummary(
      { isps: ISPS, scales: [{ isp: 'gmail', of: 'source', best: 100, tiers }], spamRates: [spamRates] },
      { bucketSeconds: 1, isps: ISPS.map((isp) => ({ ...isp, standings }) as never) },
    ),
    [
      {
        isp: 'gmail',
        scales: [{ of: 'source', best: 100, tiers }],
        standings: [{ of: 'source', name: '198.18.128.1', lowest: 40, lowestAt: 2, last: 40.5 }],
        limits: [{ rate: 0.003, mark: 'documented' }],
        daySeconds: 60,
        rates: [
          {
            ...{ of: 'domain', name: 'a.test', domain: 'a.test', ...rated(1250, 3, 0.0024) },
            days: [
              { day: 0, ...rated(1000, 2, 0.002) },
              { day: 2, ...rated(250, 1, 0.004) },
            ],
          },
          {
            ...{ of: 'feedback-id', name: 'spring', domain: 'a.test', ...rated(99, 2, null) },
            days: [{ day: 0, ...rated(99, 2, null) }],
          },
          {
            ...{ of: 'feedback-id', name: 'quiet', domain: 'a.test', ...rated(500, 0, 0) },
            days: [{ day: 0, ...rated(500, 0, 0) }],
          },
        ],
      },
    ],
  );
  assert.deepEqual(reputationSummary({ isps: ISPS }, { bucketSeconds: 1, isps: [] }), []);
});
