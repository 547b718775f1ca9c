import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type Measured, parseThreshold, type Threshold } from '../../../src/gate/threshold.ts';

const known = {
  isp: ['gmail', 'yahoo'],
  source: ['198.18.128.1'],
  phase: ['warmup', 'baseline', 'incident', 'recovery'],
  load: ['default'],
  incident: ['1', '2'],
  reply: ['G2', 'Y1'],
};

function parsed(key: string, expression: string): Threshold {
  const result = parseThreshold(key, expression, known);
  if (Array.isArray(result)) throw new Error(result.join('; '));
  return result;
}

test('thresholds that can be understood', () => {
  const rows: [string, string, Partial<Threshold>][] = [
    [
      'lost',
      'count==0',
      { metric: 'lost', selector: {}, aggregation: { kind: 'count' }, operator: '==', limit: 0 },
    ],
    ['injection_duration', 'p(99)<250', { aggregation: { kind: 'percentile', percentile: 99 }, limit: 250 }],
    [
      'injection_duration',
      'p( 99.9 ) <= 2s',
      { aggregation: { kind: 'percentile', percentile: 99.9 }, limit: 2000 },
    ],
    ['injection_duration', 'med<250ms', { aggregation: { kind: 'med' }, limit: 250 }],
    [
      'delivered{isp:yahoo,phase:incident}',
      'rate>80',
      { selector: { isp: 'yahoo', phase: 'incident' }, limit: 80 },
    ],
    ['wasted_attempts{isp:gmail}', 'rate<20%', { limit: 0.2 }],
    ['queue_depth', 'max<1000', { aggregation: { kind: 'max' } }],
  ];
  for (const [key, expression, expected] of rows) {
    const result = parsed(key, expression);
    for (const [field, value] of Object.entries(expected)) {
      assert.deepEqual(result[field as keyof Threshold], value, `${key} ${expression}: ${field}`);
    }
  }
});

test('thresholds that can not, and what is said', () => {
  const rows: [string, string, string[]][] = [
    ['delivred', 'count>0', ['unknown metric "delivred"; did you mean delivered?']],
    [
      'lost',
      'count!',
      ['"count!" is not a threshold; expected an aggregation, an operator and a number, such as "p(99)<250"'],
    ],
    ['lost', 'p(99)<1', ['lost is a counter, which has no p(99); expected count, rate']],
    [
      'injection_duration',
      'rate<1',
      ['injection_duration is a trend, which has no rate; expected avg, min, max, med, p(N)'],
    ],
    [
      'injection_duration',
      'p(101)<1',
      [
        '"p(101)" is not an aggregation; expected one of count, rate, value, avg, min, max, med, p(N) with N from 0 to 100',
      ],
    ],
    ['injection_duration', 'avg<5%', ["a time can't be a percentage; expected ms, s, m or h"]],
    ['lost', 'count<5s', ['"s" is a unit of time, and this metric is not a time']],
    ['lost', 'count<1.2.3', ['"1.2.3" is not a number']],
    ['delivered{isp:gmial}', 'count>0', ['unknown isp "gmial"; did you mean gmail?']],
    ['lost{source:198.18.128.1}', 'count<1', ['lost can\'t be narrowed by "source"; expected isp']],
    ['queue_depth{isp:gmail}', 'value<1', ['queue_depth can\'t be narrowed by "isp"; expected no tags']],
    [
      'delivered{isp:gmial}',
      'med>0',
      [
        'unknown isp "gmial"; did you mean gmail?',
        'delivered is a counter, which has no med; expected count, rate',
      ],
    ],
    [
      '{isp:gmail}',
      'count>0',
      ['"{isp:gmail}" is not a metric; expected a name such as delivered or delivered{isp:gmail}'],
    ],
  ];
  for (const [key, expression, messages] of rows)
    assert.deepEqual(parseThreshold(key, expression, known), messages);
});

test('verdicts, and by how much', () => {
  const counter = (count: number, rate = 0): Measured => ({ kind: 'counter', count, rate });
  const trend: Measured = { kind: 'trend', count: 10, avg: 120, min: 1, max: 900, percentile: (p) => p * 10 };
  const rows: [string, string, Measured | undefined, boolean, string][] = [
    ['lost', 'count==0', counter(0), true, 'lost: count is 0, as count==0 asks'],
    ['lost', 'count==0', counter(3), false, 'lost: count is 3, 3 above what count==0 asks (limit 0)'],
    [
      'delivered',
      'rate>=80',
      counter(0, 60),
      false,
      'delivered: rate is 60, 20 (25 %) below what rate>=80 asks (limit 80)',
    ],
    [
      'injection_duration',
      'p(99)<250',
      trend,
      false,
      'injection_duration: p(99) is 990 ms, 740 ms (296 %) above what p(99)<250 asks (limit 250 ms)',
    ],
    ['injection_duration', 'min<2', trend, true, 'injection_duration: min is 1 ms, as min<2 asks'],
    ['delivered', 'count!=5', counter(5), false, 'delivered: count is 5, not what count!=5 asks (limit 5)'],
    [
      'injection_duration',
      'avg<1',
      { ...trend, count: 0 },
      false,
      "injection_duration: no samples, so avg<1 can't hold",
    ],
    ['queue_depth', 'value<5', undefined, false, "queue_depth: no samples, so value<5 can't hold"],
    [
      'wasted_attempts',
      'rate<0.2',
      { kind: 'rate', rate: 0, total: 0 },
      false,
      "wasted_attempts: no samples, so rate<0.2 can't hold",
    ],
    [
      'wasted_attempts',
      'rate<0.2',
      { kind: 'rate', rate: 0.1, total: 10 },
      true,
      'wasted_attempts: rate is 0.1, as rate<0.2 asks',
    ],
    [
      'queue_depth',
      'max<=7',
      { kind: 'gauge', value: 1, min: 0, max: 7 },
      true,
      'queue_depth: max is 7, as max<=7 asks',
    ],
  ];
  for (const [key, expression, measured, passed, sentence] of rows) {
    const judged = judge(parsed(key, expression), measured);
    assert.equal(judged.sentence, sentence);
    assert.equal(judged.passed, passed, sentence);
  }
});
