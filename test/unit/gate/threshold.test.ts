import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KnownTags, parseThreshold } from '../../../src/gate/grammar.ts';
import { METRICS, type MetricDefinition } from '../../../src/gate/metrics.ts';
import { judge, type Measured, type Threshold, valueAsked } from '../../../src/gate/threshold.ts';
import { reasonOf, type Word } from '../../../src/gate/words.ts';

const known: KnownTags = {
  isp: ['gmail'],
  source: [],
  vmta: [],
  phase: [],
  load: [],
  incident: [],
  check: [],
  fault: [],
  reply: [],
};

function parsed(key: string, expression: string): Threshold {
  const result = parseThreshold(key, expression, known);
  if ('threshold' in result) return result.threshold;
  throw new Error(JSON.stringify(result.problems));
}

const counter = (count: number, rate = 0): Measured => ({ kind: 'counter', count, rate });
const gauge = (value: number): Measured => ({ kind: 'gauge', value, min: 0, max: value + 1 });
const word = (text: Word): Measured => ({
  kind: 'gauge',
  value: Number.NaN,
  min: Number.NaN,
  max: Number.NaN,
  word: text,
});
const trend: Measured = { kind: 'trend', count: 10, avg: 120, min: 1, max: 900, percentile: (p) => p * 10 };

test('verdicts, and by how much', () => {
  const rows: [string, string, Measured | undefined, boolean, string][] = [
    ['lost', 'count==0', counter(0), true, 'lost: count is 0, as count==0 asks'],
    ['lost', 'count==0', counter(3), false, 'lost: count is 3, 3 above what count==0 asks (limit 0)'],
    ['lost', 'count===3', counter(3), true, 'lost: count is 3, as count===3 asks'],
    [
      'delivered',
      'rate>=80',
      counter(0, 60),
      false,
      'delivered: rate is 60/s, 20/s (25 %) below what rate>=80 asks (limit 80/s)',
    ],
    ['delivered', 'rate>1000', counter(0, 1234.5), true, 'delivered: rate is 1,235/s, as rate>1000 asks'],
    [
      'injection_duration',
      'p(99)<250',
      trend,
      false,
      'injection_duration: p(99) is 990 ms, 740 ms (296 %) above what p(99)<250 asks (limit 250 ms)',
    ],
    [
      'injection_duration',
      'p(99)<=990',
      trend,
      true,
      'injection_duration: p(99) is 990 ms, as p(99)<=990 asks',
    ],
    [
      'injection_duration',
      'max>900',
      trend,
      false,
      'injection_duration: max is 900 ms, not what max>900 asks (limit 900 ms)',
    ],
    ['injection_duration', 'min<2', trend, true, 'injection_duration: min is 1 ms, as min<2 asks'],
    [
      'queue_age',
      'max<1',
      gauge(6175),
      false,
      'queue_age: max is 6.18 s, 6.17 s (617500 %) above what max<1 asks (limit 1 ms)',
    ],
    ['queue_age', 'min<1', gauge(6175), true, 'queue_age: min is 0 ms, as min<1 asks'],
    ['injection_duration', 'med<600', trend, true, 'injection_duration: med is 500 ms, as med<600 asks'],
    ['delivered', 'count!=5', counter(5), false, 'delivered: count is 5, not what count!=5 asks (limit 5)'],
    [
      'injection_duration',
      'avg<1',
      { ...trend, count: 0 },
      false,
      "injection_duration: no samples, so avg<1 can't hold",
    ],
    ['queue_depth', 'value<5', undefined, false, "queue_depth: no samples, so value<5 can't hold"],
    ['queue_depth', 'value!=5', gauge(Number.NaN), false, "queue_depth: no samples, so value!=5 can't hold"],
    [
      'recovery_time',
      'value!=never',
      undefined,
      false,
      "recovery_time: no samples, so value!=never can't hold",
    ],
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
      'wasted_attempts: rate is 10 %, as rate<0.2 asks',
    ],
    [
      'wasted_attempts',
      'rate<5%',
      { kind: 'rate', rate: 0.107, total: 1000 },
      false,
      'wasted_attempts: rate is 10.7 %, 5.7 points above what rate<5% asks (limit 5 %)',
    ],
    ['queue_depth', 'max<=7', gauge(6), true, 'queue_depth: max is 7, as max<=7 asks'],
  ];
  for (const [key, expression, measured, passed, sentence] of rows) {
    const judged = judge(parsed(key, expression), measured);
    assert.equal(judged.sentence, sentence);
    assert.equal(judged.passed, passed, sentence);
    assert.equal(judged.limitText, undefined);
  }
});

test('a word in place of a number fails limits that are numbers, and says why', () => {
  const rows: [string, Measured, boolean, string, string][] = [
    ['value<20s', gauge(12_000), true, '12 s', 'value is 12 s, as value<20s asks'],
    ['value<20s', word('never'), false, 'never', "never recovered, so value<20s can't hold"],
    ['value!=20s', word('never'), false, 'never', "never recovered, so value!=20s can't hold"],
    ['max<=baseline', word('never'), false, 'never', "never recovered, so max<=baseline can't hold"],
    [
      'value>20s',
      word('not reached'),
      false,
      'not reached',
      "the run ended before it could be seen to recover, so value>20s can't hold",
    ],
    [
      'value<20s',
      word('not applicable'),
      false,
      'not applicable',
      "no MTA held mail that could have been accepted after the incident, so there was nothing to judge and value<20s can't hold",
    ],
    ['value!=never', gauge(5), true, '5 ms', 'value is 5 ms, as value!=never asks'],
    ['value!=never', word('not reached'), true, 'not reached', 'value is not reached, as value!=never asks'],
    [
      'value!=never',
      word('never'),
      false,
      'never',
      'never recovered, and value!=never asks for anything but never',
    ],
    ['value==never', word('never'), true, 'never', 'value is never, as value==never asks'],
    ['value===never', gauge(5), false, '5 ms', 'value is 5 ms, and value===never asks for never'],
    [
      'value==not-applicable',
      word('never'),
      false,
      'never',
      'never recovered, and value==not-applicable asks for not-applicable',
    ],
  ];
  for (const [expression, measured, passed, actualText, sentence] of rows) {
    const judged = judge(parsed('recovery_time{isp:gmail}', expression), measured, [1]);
    assert.equal(judged.sentence, `recovery_time{isp:gmail}: ${sentence}`);
    assert.equal(judged.passed, passed, sentence);
    assert.equal(judged.actualText, actualText);
    const { value } = measured as { value: number };
    assert.equal(judged.actual, Number.isNaN(value) ? undefined : value);
  }
});

test('a trend of which some never came to it: what lies beyond the others is never', () => {
  const never = Number.POSITIVE_INFINITY;
  const some: Measured = {
    kind: 'trend',
    count: 10,
    avg: never,
    min: 0,
    max: never,
    percentile: (p) => (p > 80 ? never : p),
  };
  const rows: [string, boolean, string][] = [
    ['max<5s', false, "mail was still sent, or kept to be sent, at the end, so max<5s can't hold"],
    ['max>5s', false, "mail was still sent, or kept to be sent, at the end, so max>5s can't hold"],
    [
      'avg!=never',
      false,
      'mail was still sent, or kept to be sent, at the end, and avg!=never asks for anything but never',
    ],
    ['p(80)<5s', true, 'p(80) is 80 ms, as p(80)<5s asks'],
    ['min==0', true, 'min is 0 ms, as min==0 asks'],
  ];
  for (const [expression, passed, sentence] of rows) {
    const judged = judge(parsed('suppression_delay', expression), some);
    assert.deepEqual([judged.passed, judged.sentence], [passed, `suppression_delay: ${sentence}`]);
  }
});

test('every metric with words says what not applicable means, and no other does', () => {
  for (const [metric, definition] of Object.entries(METRICS) as [string, MetricDefinition][])
    assert.equal(reasonOf(metric, 'not applicable') !== 'not applicable', definition.words === true, metric);
});

test('a limit relative to a baseline is a multiple of the mean of its runs', () => {
  const rows: [string, string, Measured, number[], boolean, string | undefined, string][] = [
    [
      'delivered',
      'rate>=0.95*baseline',
      counter(0, 1100),
      [1200, 1268],
      false,
      '0.95 × 1,234/s = 1,172/s',
      'rate is 1,100/s, 72.3/s (6.17 %) below what rate>=0.95*baseline asks (limit 0.95 × 1,234/s = 1,172/s)',
    ],
    [
      'delivered',
      'rate>=0.95*baseline',
      counter(0, 1180),
      [1234],
      true,
      '0.95 × 1,234/s = 1,172/s',
      'rate is 1,180/s, as rate>=0.95*baseline asks (limit 0.95 × 1,234/s = 1,172/s)',
    ],
    [
      'injection_duration',
      'p(99)<=1.1*baseline',
      trend,
      [900],
      true,
      '1.1 × 900 ms = 990 ms',
      'p(99) is 990 ms, as p(99)<=1.1*baseline asks (limit 1.1 × 900 ms = 990 ms)',
    ],
    [
      'lost',
      'count<=baseline',
      counter(2),
      [1, 3],
      true,
      '2',
      'count is 2, as count<=baseline asks (limit 2)',
    ],
    [
      'lost',
      'count<=baseline',
      counter(2),
      [0, 0, 0],
      false,
      '0',
      'count is 2, 2 above what count<=baseline asks (limit 0)',
    ],
    [
      'lost',
      'count<=baseline',
      counter(2),
      [],
      false,
      undefined,
      "count is 2, but the baseline has no value to compare it with, so count<=baseline can't hold",
    ],
  ];
  for (const [key, expression, measured, baseline, passed, limitText, sentence] of rows) {
    const judged = judge(parsed(key, expression), measured, baseline);
    assert.equal(judged.sentence, `${key}: ${sentence}`);
    assert.equal(judged.passed, passed, sentence);
    assert.equal(judged.limitText, limitText);
  }
});

test('the value that a threshold looks at', () => {
  const rows: [Threshold['aggregation'], Measured | undefined, ReturnType<typeof valueAsked>][] = [
    [{ kind: 'count' }, counter(3, 5), 3],
    [{ kind: 'rate' }, counter(3, 5), 5],
    [{ kind: 'rate' }, { kind: 'rate', rate: 0.5, total: 2 }, 0.5],
    [{ kind: 'rate' }, { kind: 'rate', rate: 0, total: 0 }, undefined],
    [{ kind: 'value' }, gauge(6), 6],
    [{ kind: 'min' }, gauge(6), 0],
    [{ kind: 'max' }, word('never'), 'never'],
    [{ kind: 'percentile', percentile: 99.9 }, trend, 999],
    [{ kind: 'avg' }, { ...trend, count: 0 }, undefined],
    [{ kind: 'value' }, gauge(Number.NaN), undefined],
    [{ kind: 'value' }, undefined, undefined],
  ];
  for (const [aggregation, measured, expected] of rows)
    assert.equal(valueAsked(aggregation, measured), expected, JSON.stringify([aggregation, measured]));
});
