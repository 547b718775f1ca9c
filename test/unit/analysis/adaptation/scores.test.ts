import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../../src/analysis/adaptation/flow.ts';
import {
  type AdaptationInput,
  type AdaptationSummary,
  type IncidentSpan,
  scoreAdaptation,
} from '../../../../src/analysis/adaptation/scores.ts';
import { flow, steps } from './flow-for-tests.ts';

function incident(number: number, from: number, to: number, about: Partial<IncidentSpan> = {}): IncidentSpan {
  return { number, isp: 'gmail', label: '', sources: undefined, from, to, ...about };
}

/** A load of 100 seconds, 10 of them warm-up, and a run of 120; without more, of Gmail alone. */
function input(gmail: Flow, given: Partial<AdaptationInput> = {}): AdaptationInput {
  const incidents = given.incidents ?? [];
  const cuts = [10, ...incidents.flatMap(({ from, to }) => [from, to]), 100];
  const first = Math.min(100, ...incidents.map(({ from }) => from));
  return {
    isps: [{ id: 'gmail', whole: gmail, sources: [] }],
    incidents,
    baseline: [{ from: 10, to: first }],
    judged: cuts.slice(1).map((to, i) => ({ from: cuts[i] as number, to })),
    loadEnd: 100,
    runEnd: 120,
    capacity: undefined,
    ...given,
  };
}

function gmailOf(given: AdaptationInput): AdaptationSummary {
  return scoreAdaptation(given).scores[0] as AdaptationSummary;
}

const arrivals = steps(120, [0, 10], [100, 0]);

test('a perfect sender that is a second late scores above 0.98', () => {
  for (const incidents of [[], [incident(1, 30, 60)]]) {
    // 10 a second arrive; in the incident Gmail takes 6.
    const allowance = incidents.length > 0 ? steps(120, [0, 12], [30, 6], [60, 12]) : steps(120, [0, 12]);
    let waiting = 0;
    const accepted = arrivals.map((_, i) => {
      waiting += arrivals[i - 1] ?? 0;
      const sent = Math.min(waiting, allowance[i] as number);
      waiting -= sent;
      return sent;
    });
    const { utilisation, penaltySeconds, blockedAttempts } = gmailOf(
      input(flow(120, { arrivals, accepted, allowance }), { incidents }),
    );
    assert.ok(typeof utilisation === 'number' && utilisation > 0.98, String(utilisation));
    assert.deepEqual([penaltySeconds, blockedAttempts], [0, 0]);
  }
});

test('utilisation, wasted and blocked attempts, and time spent punished', () => {
  const rows: [string, Flow, Partial<AdaptationSummary>][] = [
    [
      'half of what could be had, and three attempts wasted for each two accepted',
      flow(120, {
        arrivals,
        accepted: steps(120, [0, 4]),
        tried: steps(120, [0, 10]),
        throttled: steps(120, [0, 6]),
        allowance: steps(120, [0, 8]),
      }),
      // Its own best was 4 a second, so the scenario has to say that it can do 20.
      { utilisation: 0.5, wastedAttempts: 0.6, blockedAttempts: 0, penaltySeconds: 0 },
    ],
    [
      'boxed: allowed nothing for 60 of 90 seconds, which an unpunished sender would not have been',
      flow(120, {
        arrivals,
        accepted: steps(120, [0, 10], [20, 0], [80, 10]),
        tried: steps(120, [0, 10], [20, 3], [80, 10]),
        throttled: steps(120, [20, 3], [80, 0]),
        allowance: steps(120, [0, 10], [20, 0], [80, 10]),
        unpunished: steps(120, [0, 10]),
      }),
      { utilisation: 1 / 3, wastedAttempts: 180 / 480, blockedAttempts: 180, penaltySeconds: 60 },
    ],
    [
      'a burst that the ISP lets through is no more than perfect',
      flow(120, {
        arrivals: steps(120, [0, 0], [10, 100], [11, 0]),
        accepted: steps(120, [0, 0], [10, 100], [11, 0]),
        allowance: steps(120, [0, 1]),
      }),
      { utilisation: 1 },
    ],
    [
      'nothing to send',
      flow(120, { arrivals: steps(120) }),
      { utilisation: 'not applicable', wastedAttempts: 'not applicable' },
    ],
    [
      'no backlog that is known of',
      flow(120, { accepted: steps(120, [0, 4]) }),
      { utilisation: 'not applicable', capacityPerSecond: null },
    ],
  ];
  for (const [what, given, expected] of rows) {
    const found = gmailOf(input(given, { capacity: 20 }));
    for (const [key, value] of Object.entries(expected)) {
      const score = found[key as keyof AdaptationSummary];
      if (typeof value === 'number' && typeof score === 'number')
        assert.ok(Math.abs(score - value) < 1e-9, `${what}: ${key} is ${score}, not ${value}`);
      else assert.equal(score, value, `${what}: ${key}`);
    }
  }
});

test('the capacity is what the scenario says, or else the best ten seconds', () => {
  const slow = flow(120, { arrivals, accepted: steps(120, [0, 5], [50, 8], [60, 5]) });
  assert.equal(gmailOf(input(slow, { capacity: 10 })).capacityPerSecond, 10);
  const { capacityPerSecond, utilisation } = gmailOf(input(slow));
  assert.equal(capacityPerSecond, 8);
  // 10 to 100: 480 accepted; the yardstick sends 8 a second.
  assert.equal(utilisation, 480 / 720);
});

test('a polite sender scores above one that is boxed for ten minutes', () => {
  const length = 1000;
  const came = steps(length, [0, 10]);
  const allowed = steps(length, [0, 10], [100, 5], [200, 10]);
  const polite = flow(length, {
    arrivals: came,
    accepted: steps(length, [0, 9.5], [100, 4.5], [200, 9.5]),
    allowance: allowed,
  });
  const boxed = flow(length, {
    arrivals: came,
    accepted: steps(length, [0, 10], [100, 5], [110, 0], [710, 10]),
    tried: steps(length, [0, 10], [100, 50], [110, 5], [710, 10]),
    throttled: steps(length, [100, 45], [110, 5], [710, 0]),
    allowance: steps(length, [0, 10], [100, 5], [110, 0], [710, 10]),
    unpunished: allowed,
  });
  const both = { loadEnd: length, runEnd: length, judged: [{ from: 0, to: length }], capacity: 20 };
  const [first, second] = [polite, boxed].map((sender) => gmailOf(input(sender, both)).utilisation);
  assert.ok((first as number) > (second as number) + 0.3, `${first} and ${second}`);
});

test('two incidents at one ISP are scored each for itself', () => {
  const allowance = steps(120, [0, 10], [20, 2], [40, 10], [70, 2], [90, 10]);
  const found = gmailOf(
    input(
      flow(120, {
        arrivals,
        // It holds to the allowance in the first incident, and not in the second.
        accepted: allowance.map((n, i) => Math.min(n, i < 100 ? 10 : 0)),
        tried: steps(120, [0, 10], [25, 2], [40, 10]),
        throttled: steps(120, [20, 8], [25, 0], [70, 8], [90, 0]),
        allowance,
      }),
      { incidents: [incident(1, 20, 40), incident(2, 70, 90)], capacity: 20 },
    ),
  );
  assert.deepEqual(
    found.incidents.map((i) => [
      i.incident,
      i.reactionSeconds,
      i.recoverySeconds,
      i.drainSeconds,
      i.utilisation,
    ]),
    [
      [1, 5, 0, 'never', 1],
      [2, 'never', 0, 'never', 1],
    ],
  );
  // The pace stays at 10 where 2 are allowed: two windows of 100 in 20 seconds, 80 too many each. In the second of
  // them the last bucket that is beyond the credit comes before the incident's end.
  assert.equal(found.incidents[1]?.overshoot, 160);
});

test('a recovery ends where the next incident begins', () => {
  const found = gmailOf(
    input(flow(120, { arrivals, accepted: steps(120, [0, 10], [20, 0]), allowance: steps(120, [0, 10]) }), {
      incidents: [incident(1, 20, 40), incident(2, 45, 60)],
    }),
  );
  assert.deepEqual(
    found.incidents.map(({ recoverySeconds }) => recoverySeconds),
    ['not reached', 'never'],
  );
});

test('an incident about one of two sources is judged by that source', () => {
  const one = flow(120, {
    tried: steps(120, [0, 10], [30, 1]),
    throttled: steps(120, [20, 9], [30, 0]),
    allowance: steps(120, [0, 10], [20, 1], [60, 10]),
  });
  const other = flow(120, { tried: steps(120, [0, 10]), allowance: steps(120, [0, 10]) });
  const whole = flow(120, {
    arrivals: steps(120, [0, 20], [100, 0]),
    accepted: steps(120, [0, 20], [20, 11], [60, 20], [100, 0]),
    tried: steps(120, [0, 20], [30, 11]),
    throttled: steps(120, [20, 9], [30, 0]),
    allowance: steps(120, [0, 20], [20, 11], [60, 20]),
  });
  const sources = [
    { source: '198.18.128.1', flow: one },
    { source: '198.18.128.2', flow: other },
  ];
  const { scores } = scoreAdaptation(
    input(whole, {
      isps: [{ id: 'gmail', whole, sources }],
      incidents: [incident(1, 20, 60, { sources: ['198.18.128.1'] })],
    }),
  );
  assert.deepEqual(
    scores.map(({ source, incidents }) => [source, incidents.map((i) => [i.reactionSeconds, i.overshoot])]),
    [
      [null, [[10, 90]]],
      ['198.18.128.1', [[10, 90]]],
      ['198.18.128.2', []],
    ],
  );
});

test('what an incident at one ISP costs at the others', () => {
  const gmail = flow(120, { arrivals, accepted: steps(120, [0, 10]), allowance: steps(120, [0, 10]) });
  const rows: [string, during: number, others: boolean, expected: unknown][] = [
    ['nothing', 10, true, 0],
    ['half of what they had', 5, true, 0.5],
    ['there are no others', 0, false, 'not applicable'],
  ];
  for (const [what, during, others, expected] of rows) {
    const accepted = steps(120, [0, 10], [20, during], [40, 10]);
    const yahoo = flow(120, { arrivals, accepted, allowance: steps(120, [0, 20]) });
    const isps = [
      { id: 'gmail', whole: gmail, sources: [] },
      ...(others ? [{ id: 'yahoo', whole: yahoo, sources: [] }] : []),
    ];
    const found = gmailOf(input(gmail, { isps, incidents: [incident(1, 20, 40)], capacity: 10 }));
    assert.equal(found.incidents[0]?.collateral, expected, what);
  }
});

test('how much the pace swings, beyond chance', () => {
  // Ten a second make buckets of five seconds. Of these, every other has 75 and 25: a deviation of 25 of 50.
  const swinging = Array.from({ length: 120 }, (_, i) => (Math.floor(i / 5) % 2 === 0 ? 15 : 5));
  const rows: [string, Flow, expected: unknown][] = [
    ['steady', flow(120, { tried: steps(120, [0, 10]) }), 0],
    ['swinging', flow(120, { tried: swinging }), Math.sqrt((625 * 18) / 17 - 50) / 50],
    ['too few to tell', flow(120, { tried: steps(120, [0, 4]) }), 'not applicable'],
    [
      'while nothing is allowed it does not count',
      flow(120, { tried: swinging, allowance: steps(120) }),
      'not applicable',
    ],
  ];
  for (const [what, given, expected] of rows) {
    const { oscillation } = gmailOf(input(given));
    if (typeof expected === 'number' && typeof oscillation === 'number')
      assert.ok(Math.abs(oscillation - expected) < 1e-9, `${what}: ${oscillation}`);
    else assert.equal(oscillation, expected, what);
  }
});
