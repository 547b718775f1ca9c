import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MeasuredK6 } from '../../../src/analysis/k6-metrics.ts';
import { parseK6Threshold } from '../../../src/gate/k6-threshold.ts';
import type { Threshold } from '../../../src/gate/threshold.ts';
import { type K6Kind, K6Metrics } from '../../../src/record/k6-metrics.ts';

type Sample = readonly [value: number, tags?: Record<string, string>];

/** What these samples came to in a load of 10 seconds. */
function measured(
  metrics: Readonly<Record<string, readonly [kind: K6Kind, time: boolean, ...samples: Sample[]]>>,
  watched: readonly string[] = [],
): MeasuredK6 {
  const states = new K6Metrics(watched);
  for (const [name, [kind, time, ...samples]] of Object.entries(metrics)) {
    states.define(name, kind, time);
    samples.forEach(([value, tags = {}], at) => {
      states.add(name, value, tags, at);
    });
  }
  return new MeasuredK6(states.states(), 10);
}

function threshold(key: string, expression: string): Threshold {
  const parsed = parseK6Threshold(key, expression, 'script');
  if ('threshold' in parsed) return parsed.threshold;
  throw new Error(JSON.stringify(parsed.problems));
}

test("verdicts on k6's metrics, in their units", () => {
  const k6 = measured(
    {
      http_reqs: ['counter', false, [1, { status: '200' }], [1, { status: '200' }], [1, { status: '500' }]],
      http_req_failed: ['rate', false, [0], [0], [0], [1]],
      http_req_duration: ['trend', true, [10], [20], [30], [40]],
      vus: ['gauge', false, [3], [7], [5]],
      RTT: ['trend', true, [2]],
      size: ['trend', false, [2000], [4000]],
      ok: ['rate', false, [1]],
      checks: ['rate', false, [1], [0]],
    },
    ['http_reqs{status:200}', 'http_reqs{status:404}'],
  );
  const rows: readonly (readonly [key: string, expression: string, passed: boolean, sentence: string])[] = [
    ['http_reqs', 'count==3', true, 'http_reqs: count is 3, as count==3 asks'],
    ['http_reqs', 'rate>=0.3', true, 'http_reqs: rate is 0.3/s, as rate>=0.3 asks'],
    [
      'http_reqs{ status:"200" }',
      'count>2',
      false,
      'http_reqs{ status:"200" }: count is 2, not what count>2 asks (limit 2)',
    ],
    ['http_reqs{status:404}', 'count<1', true, 'http_reqs{status:404}: count is 0, as count<1 asks'],
    [
      'http_req_failed',
      'rate<0.01',
      false,
      'http_req_failed: rate is 25 %, 24 points above what rate<0.01 asks (limit 1 %)',
    ],
    ['http_req_duration', 'p(50)<=25', true, 'http_req_duration: p(50) is 25 ms, as p(50)<=25 asks'],
    [
      'http_req_duration',
      'med<25',
      false,
      'http_req_duration: med is 25 ms, not what med<25 asks (limit 25 ms)',
    ],
    ['http_req_duration', 'p(95)<=38.5', true, 'http_req_duration: p(95) is 38.5 ms, as p(95)<=38.5 asks'],
    [
      'http_req_duration',
      'max<40',
      false,
      'http_req_duration: max is 40 ms, not what max<40 asks (limit 40 ms)',
    ],
    ['http_req_duration', 'avg<=25', true, 'http_req_duration: avg is 25 ms, as avg<=25 asks'],
    [
      'http_req_duration{status:200}',
      'max<1',
      false,
      "http_req_duration{status:200}: no samples, so max<1 can't hold",
    ],
    ['vus', 'value===5', true, 'vus: value is 5, as value===5 asks'],
    ['RTT', 'p(99)<1', false, 'RTT: p(99) is 2 ms, 1 ms (100 %) above what p(99)<1 asks (limit 1 ms)'],
    ['size', 'min>=2000', true, 'size: min is 2,000, as min>=2000 asks'],
    ['ok', 'rate>0.99', true, 'ok: rate is 100 %, as rate>0.99 asks'],
    ['ok', 'p(9)<1', false, "ok: ok is a rate, which has no p(9) (it has rate), so p(9)<1 can't hold"],
    [
      'checks',
      'rate>0.9',
      false,
      "k6's checks: rate is 50 %, 40 points below what rate>0.9 asks (limit 90 %)",
    ],
    ['nobody', 'count<1', false, "nobody: no samples, so count<1 can't hold"],
    ['iterations', 'count<1', true, 'iterations: count is 0, as count<1 asks'],
    ['group_duration', 'avg<1', false, "group_duration: no samples, so avg<1 can't hold"],
  ];
  for (const [key, expression, passed, sentence] of rows) {
    const judged = k6.judge(threshold(key, expression));
    assert.deepEqual([judged.passed, judged.sentence], [passed, sentence]);
  }
  const relative = k6.judge(
    { ...threshold('http_reqs', 'count>=1'), limit: { timesBaseline: 0.5 } },
    [8, 10],
  );
  assert.deepEqual([relative.passed, relative.limitText], [false, '0.5 × 9 = 4.5']);
});

test('percentiles lie between the samples as in a sorted list, and as exactly as values are kept', () => {
  fc.assert(
    fc.property(
      // No -0: it is kept as 0.
      fc.array(
        fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((value) => value + 0),
        {
          minLength: 1,
          maxLength: 50,
        },
      ),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (values, p) => {
        const k6 = measured({ x: ['trend', false, ...values.map((value): Sample => [value])] });
        const found = k6.measure(threshold('x', `p(${p.toFixed(3)})<1`));
        assert.ok(found?.kind === 'trend');
        const sorted = [...values].sort((a, b) => a - b);
        const rank = (Number(p.toFixed(3)) / 100) * (sorted.length - 1);
        const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number];
        const expected = low + (high - low) * (rank - Math.floor(rank));
        const exact = Math.max(Math.abs(low), Math.abs(high)) * 0.0006;
        assert.ok(Math.abs(found.percentile(Number(p.toFixed(3))) - expected) <= exact, `${expected}`);
        assert.equal(found.percentile(0), sorted[0]);
        assert.equal(found.percentile(100), sorted.at(-1));
      },
    ),
  );
});
