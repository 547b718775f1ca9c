import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KnownTags, parseThreshold } from '../../../src/gate/grammar.ts';
import type { Threshold, ThresholdProblems } from '../../../src/gate/threshold.ts';

const known: KnownTags = {
  isp: ['gmail', 'yahoo'],
  source: ['198.18.128.1', '2001:2:0:1::1'],
  vmta: ['bulk'],
  phase: ['warmup', 'baseline', 'incident', 'recovery'],
  load: ['default'],
  incident: [],
  check: [],
  fault: [],
  reply: ['G2', 'Y1'],
};

/** What is parsed, or the sentences about the key and about the expression. */
type Outcome = Partial<Threshold> | ThresholdProblems;

const bad = (...inExpression: string[]): ThresholdProblems => ({ inKey: [], inExpression });
const badKey = (...inKey: string[]): ThresholdProblems => ({ inKey, inExpression: [] });

function check(rows: readonly (readonly [string, string, Outcome])[]): void {
  for (const [key, expression, expected] of rows) {
    const result = parseThreshold(key, expression, known);
    const found: Outcome = 'threshold' in result ? result.threshold : result.problems;
    const asked = Object.fromEntries(
      Object.keys(expected).map((field) => [field, found[field as keyof Outcome]]),
    );
    assert.deepEqual(asked, expected, `${key}: ${expression}: ${JSON.stringify(found)}`);
  }
}

test('aggregations are those of the metric', () => {
  check([
    ['lost', 'count==0', { key: 'lost', expression: 'count==0', aggregation: { kind: 'count' } }],
    ['delivered', 'rate>80', { aggregation: { kind: 'rate' } }],
    ['wasted_attempts', 'rate<0.2', { aggregation: { kind: 'rate' } }],
    ['queue_depth', 'value<1000', { aggregation: { kind: 'value' } }],
    ['queue_depth', 'max<1000', { aggregation: { kind: 'max' } }],
    ['injection_duration', 'avg<250', { aggregation: { kind: 'avg' } }],
    ['injection_duration', 'med<250', { aggregation: { kind: 'med' } }],
    ['injection_duration', 'p(99)<250', { aggregation: { kind: 'percentile', percentile: 99 } }],
    ['injection_duration', 'p(99.9)<250', { aggregation: { kind: 'percentile', percentile: 99.9 } }],
    ['injection_duration', 'p( 0 )<250', { aggregation: { kind: 'percentile', percentile: 0 } }],
    ['injection_duration', 'p(100)<250', { aggregation: { kind: 'percentile', percentile: 100 } }],
    ['lost', 'p(99)<1', bad('lost is a counter, which has no p(99); expected count, rate')],
    [
      'injection_duration',
      'rate<1',
      bad('injection_duration is a trend, which has no rate; expected avg, min, max, med, p(N)'),
    ],
    ['wasted_attempts', 'count<1', bad('wasted_attempts is a rate, which has no count; expected rate')],
    ...['p(101)', 'p(-1)', 'p()', 'p(99', 'p(NaN)', 'p95', 'mean'].map((text): [string, string, Outcome] => [
      'injection_duration',
      `${text}<1`,
      bad(
        `"${text}" is not an aggregation; expected one of count, rate, value, avg, min, max, med, p(N) with N from 0 to 100`,
      ),
    ]),
  ]);
});

test('operators and blanks are as in k6', () => {
  const form = (text: string): ThresholdProblems =>
    bad(
      `"${text}" is not a threshold; expected an aggregation, an operator and a number, such as "p(99)<250"`,
    );
  check([
    ...(['>', '>=', '<', '<=', '==', '===', '!='] as const).map((operator): [string, string, Outcome] => [
      'lost',
      `count${operator}1`,
      { operator, limit: 1 },
    ]),
    ['lost', '  count  <=  1  ', { operator: '<=', limit: 1, expression: '  count  <=  1  ' }],
    ['injection_duration', 'p(95) < 200', { operator: '<', limit: 200 }],
    ['lost', 'count!', form('count!')],
    ['lost', 'count=1', form('count=1')],
    ['lost', 'count 1', form('count 1')],
    ['lost', '<1', form('<1')],
    ['lost', 'count<', form('count<')],
    ['lost', '', form('')],
    ['lost', 'count<1 && count>0', bad('"1 && count>0" is not a number')],
  ]);
});

test('limits are numbers, with units where the metric has one', () => {
  check([
    ['lost', 'count<1e3', { limit: 1000 }],
    ['lost', 'count<1.5E+2', { limit: 150 }],
    ['lost', 'count<.5', { limit: 0.5 }],
    ['collateral', 'value>-0.1', { limit: -0.1 }],
    ['collateral', 'value<+5%', { limit: 0.05 }],
    ['wasted_attempts', 'rate<20%', { limit: 0.2 }],
    ['injection_duration', 'med<250ms', { limit: 250 }],
    ['injection_duration', 'p(99) <= 2 s', { limit: 2000 }],
    ['injection_duration', 'avg<1e1ms', { limit: 10 }],
    ['queue_age', 'max<1.5m', { limit: 90_000 }],
    ['queue_age', 'max<1h', { limit: 3_600_000 }],
    ['injection_duration', 'avg<5%', bad("a time can't be a percentage; expected ms, s, m or h")],
    ['lost', 'count<5%', bad('a percentage is of something, and lost is a counter; expected a number')],
    ['lost', 'count<5s', bad('"s" is a unit of time, and lost is not a time')],
    ['injection_duration', 'avg<5sec', bad('unknown unit "sec"; expected ms, s, m, h or %')],
    ['lost', 'count<1.2.3', bad('"1.2.3" is not a number')],
    ['lost', 'count<1,000', bad('"1,000" is not a number')],
    ['lost', 'count<Infinity', bad('"Infinity" is not a number')],
  ]);
});

test('limits are words only where the metric has words, and only equal or not', () => {
  check([
    ['recovery_time{isp:gmail}', 'value!=never', { operator: '!=', limit: 'never' }],
    ['reaction_time', 'value == not-reached', { operator: '==', limit: 'not reached' }],
    ['utilisation', 'value===not-applicable', { operator: '===', limit: 'not applicable' }],
    ['recovery_time', 'value<never', bad('"never" is not a number; expected == or != before it')],
    ['queue_depth', 'value!=never', bad('"never" is not a number, and queue_depth always is one')],
    ['recovery_time', 'value!=nevr', bad('"nevr" is not a number; did you mean never?')],
    ['recovery_time', 'value!=not reached', bad('"not reached" is not a number; did you mean not-reached?')],
    ['recovery_time', 'value!=5*never', bad('"5*never" is not a number')],
  ]);
});

test('limits can be relative to a baseline', () => {
  check([
    ['delivered', 'rate>=0.95*baseline', { limit: { timesBaseline: 0.95 } }],
    ['injection_duration', 'p(99) < 1.1 * baseline', { limit: { timesBaseline: 1.1 } }],
    ['recovery_time', 'value<=baseline', { limit: { timesBaseline: 1 } }],
    [
      'delivered',
      'rate>=0*baseline',
      bad('"0*baseline" has no meaning; expected a factor above 0, such as 0.95*baseline'),
    ],
    [
      'delivered',
      'rate>=-1*baseline',
      bad('"-1*baseline" has no meaning; expected a factor above 0, such as 0.95*baseline'),
    ],
    [
      'delivered',
      'rate>=baseline*0.95',
      bad('"baseline*0.95" is not a limit; expected baseline, or a multiple of it such as 0.95*baseline'),
    ],
    [
      'delivered',
      'rate>=95%*baseline',
      bad('"95%*baseline" is not a limit; expected baseline, or a multiple of it such as 0.95*baseline'),
    ],
    ['delivered', 'rate>=basline', bad('"basline" is not a number; did you mean baseline?')],
  ]);
});

test('selectors narrow a metric by its tags', () => {
  check([
    [
      'delivered{isp:yahoo,phase:incident}',
      'rate>80',
      { metric: 'delivered', selector: { isp: 'yahoo', phase: 'incident' } },
    ],
    [
      ' delivered { isp : yahoo , reply : "Y1" , } ',
      'rate>80',
      { metric: 'delivered', selector: { isp: 'yahoo', reply: 'Y1' } },
    ],
    ['delivered{source:2001:2:0:1::1}', 'rate>80', { selector: { source: '2001:2:0:1::1' } }],
    ["delivered{'isp':'gmail'}", 'rate>80', { selector: { isp: 'gmail' } }],
    ['delivred', 'count>0', badKey('unknown metric "delivred"; did you mean delivered?')],
    [
      '{isp:gmail}',
      'count>0',
      badKey('"{isp:gmail}" is not a metric; expected a name such as delivered or delivered{isp:gmail}'),
    ],
    [
      'delivered{isp:gmail',
      'count>0',
      badKey(
        '"delivered{isp:gmail" is not a metric; expected a name such as delivered or delivered{isp:gmail}',
      ),
    ],
    ['delivered{}', 'count>0', badKey('delivered{} names no tag; expected isp, source, phase, reply')],
    ['delivered{isp}', 'count>0', badKey('unknown isp ""; expected one of gmail, yahoo')],
    ['delivered{isp:gmial}', 'count>0', badKey('unknown isp "gmial"; did you mean gmail?')],
    ['delivered{isp:gmail,isp:yahoo}', 'count>0', badKey('"isp" is named twice')],
    ['recovery_time{incident:1}', 'value<1', badKey('unknown incident "1"; this scenario has none')],
    ['lost{source:198.18.128.1}', 'count<1', badKey('lost can\'t be narrowed by "source"; expected isp')],
    [
      'queue_depth{isp:gmail}',
      'value<1',
      badKey('queue_depth can\'t be narrowed by "isp"; expected no tags'),
    ],
  ]);
});

test('what is wrong with the key and with the expression is said at once', () => {
  check([
    [
      'delivered{isp:gmial,load:x}',
      'med>never',
      {
        inKey: [
          'unknown isp "gmial"; did you mean gmail?',
          'delivered can\'t be narrowed by "load"; expected isp, source, phase, reply',
        ],
        inExpression: [
          'delivered is a counter, which has no med; expected count, rate',
          '"never" is not a number, and delivered always is one',
        ],
      },
    ],
    [
      'delivred',
      'p(101)<5s',
      {
        inKey: ['unknown metric "delivred"; did you mean delivered?'],
        inExpression: [
          '"p(101)" is not an aggregation; expected one of count, rate, value, avg, min, max, med, p(N) with N from 0 to 100',
        ],
      },
    ],
  ]);
});
