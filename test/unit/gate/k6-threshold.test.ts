import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type K6Side, type KnownTags, parseThreshold } from '../../../src/gate/grammar.ts';
import { parseScriptThresholds } from '../../../src/gate/k6-threshold.ts';
import { keyTitle, type Threshold, type ThresholdProblems } from '../../../src/gate/threshold.ts';

const known: KnownTags = {
  isp: ['gmail'],
  source: [],
  vmta: [],
  phase: ['baseline'],
  load: ['default'],
  incident: [],
  check: ['relay'],
  fault: [],
  reply: [],
};

const PLAIN: K6Side = { ownMetrics: false, securityChecks: true };
const OWN: K6Side = { ownMetrics: true, securityChecks: false };

type Outcome = Threshold | ThresholdProblems;

function parsed(key: string, expression: string, k6: K6Side | undefined): Outcome {
  const result = parseThreshold(key, expression, known, k6);
  return 'threshold' in result ? result.threshold : result.problems;
}

/** Of a metric of k6's: its tags and kind; of windtunnel's: its selector. */
function target(key: string, k6: K6Side | undefined): unknown {
  const outcome = parsed(key, 'rate>0', k6);
  if ('inKey' in outcome) return [...outcome.inKey, ...outcome.inExpression];
  const { metric, selector } = outcome;
  return outcome.k6 ? { k6: metric, tags: outcome.k6.tags } : { windtunnel: metric, selector };
}

test('a name that windtunnel and k6 both have means one of them, by what the scenario has', () => {
  const security: K6Side = { ownMetrics: true, securityChecks: true };
  const rows: readonly (readonly [key: string, k6: K6Side | undefined, meant: unknown])[] = [
    ['checks', undefined, { windtunnel: 'checks', selector: {} }],
    ['checks', security, { windtunnel: 'checks', selector: {} }],
    ['checks', OWN, { k6: 'checks', tags: {} }],
    ['checks{check:relay}', security, { windtunnel: 'checks', selector: { check: 'relay' } }],
    ['checks{check:is 200}', OWN, { k6: 'checks', tags: { check: 'is 200' } }],
    ['checks{check:is 200}', security, ['unknown check "is 200"; expected one of relay']],
    ['checks{scenario:default}', security, { k6: 'checks', tags: { scenario: 'default' } }],
    ['checks{scenario:default}', undefined, ['checks can\'t be narrowed by "scenario"; expected check']],
    ['dropped_iterations', undefined, { windtunnel: 'dropped_iterations', selector: {} }],
    ['dropped_iterations', security, { windtunnel: 'dropped_iterations', selector: {} }],
    ['dropped_iterations', OWN, { windtunnel: 'dropped_iterations', selector: {} }],
    [
      'dropped_iterations{load:default}',
      OWN,
      { windtunnel: 'dropped_iterations', selector: { load: 'default' } },
    ],
    [
      'dropped_iterations{scenario:default}',
      OWN,
      { k6: 'dropped_iterations', tags: { scenario: 'default' } },
    ],
    // What k6 has not stays windtunnel's, and the other way round.
    ['delivered', OWN, { windtunnel: 'delivered', selector: {} }],
    [
      'delivered{scenario:default}',
      OWN,
      ['delivered can\'t be narrowed by "scenario"; expected isp, source, phase, reply'],
    ],
    ['http_reqs{status:200}', PLAIN, { k6: 'http_reqs', tags: { status: '200' } }],
    ['http_reqs', undefined, ['http_reqs is a metric of k6, and no load has engine: k6']],
  ];
  for (const [key, k6, meant] of rows)
    assert.deepEqual(target(key, k6), meant, `${key} ${JSON.stringify(k6)}`);
  assert.deepEqual(
    [
      keyTitle('checks', false),
      keyTitle('checks', true),
      keyTitle('checks{a:1}', true),
      keyTitle('http_reqs', true),
    ],
    ['checks', "k6's checks", "k6's checks{a:1}", 'http_reqs'],
  );
});

test('thresholds as k6 writes them are taken unchanged', () => {
  const rows: readonly (readonly [
    key: string,
    expression: string,
    k6: K6Side,
    outcome: Partial<Threshold> | string[],
  ])[] = [
    [
      'http_req_duration',
      'p(95) < 200',
      PLAIN,
      {
        key: 'http_req_duration',
        metric: 'http_req_duration',
        selector: {},
        expression: 'p(95) < 200',
        aggregation: { kind: 'percentile', percentile: 95 },
        operator: '<',
        limit: 200,
        k6: { tags: {}, from: 'scenario', kind: 'trend', time: true },
      },
    ],
    ['http_req_duration', 'max<2s', PLAIN, { limit: 2000 }],
    [
      'http_req_failed',
      'rate<0.01',
      PLAIN,
      { k6: { tags: {}, from: 'scenario', kind: 'rate', time: false } },
    ],
    ['iterations', 'count>=100', PLAIN, { limit: 100 }],
    ['vus', 'value>1', PLAIN, { aggregation: { kind: 'value' } }],
    ['http_req_duration', 'p(95)<1.1*baseline', PLAIN, { limit: { timesBaseline: 1.1 } }],
    [
      'group_duration{group:::first, expected:"a b"}',
      'avg<400',
      PLAIN,
      { k6: { tags: { group: '::first', expected: 'a b' }, from: 'scenario', kind: 'trend', time: true } },
    ],
    ['RTT', 'p(99)<300', OWN, { metric: 'RTT', k6: { tags: {}, from: 'scenario' } }],
    ['Errors{a:1}', 'count<100', OWN, { metric: 'Errors', k6: { tags: { a: '1' }, from: 'scenario' } }],
    ['RTT', 'p(99)<300', PLAIN, ['unknown metric "RTT"; expected one of']],
    [
      'http_req_durations',
      'p(99)<300',
      PLAIN,
      ['unknown metric "http_req_durations"; did you mean http_req_duration?'],
    ],
    ['http_reqs', 'p(95)<1', PLAIN, ['http_reqs is a counter, which has no p(95); expected count, rate']],
    ['http_reqs', 'count<1s', PLAIN, ['"s" is a unit of time, and http_reqs is not a time']],
    ['http_req_duration', 'p(101)<1', PLAIN, ['"p(101)" is not an aggregation']],
    [
      'http_req_duration',
      'avg!=never',
      PLAIN,
      ['"never" is not a number, and http_req_duration always is one'],
    ],
    [
      '9lives',
      'count<1',
      OWN,
      ['"9lives" is not a metric of k6; expected a name such as http_reqs or http_reqs{status:200}'],
    ],
    ['http_reqs{status:200', 'count<1', OWN, ['"http_reqs{status:200" is not a metric']],
  ];
  for (const [key, expression, k6, expected] of rows) {
    const outcome = parsed(key, expression, k6);
    if (Array.isArray(expected)) {
      assert.ok('inKey' in outcome, `${key} ${expression}`);
      const problems = [...outcome.inKey, ...outcome.inExpression];
      assert.equal(problems.length, 1, problems.join());
      assert.ok(problems[0]?.startsWith(expected[0] as string), problems[0]);
      continue;
    }
    const asked = Object.keys(expected).map((field) => [field, outcome[field as keyof Outcome]]);
    assert.deepEqual(Object.fromEntries(asked), expected, `${key} ${expression}`);
  }
});

test("a script's thresholds are read in both of k6's forms", () => {
  const FORMS =
    'expected a threshold such as "p(95)<200", or { threshold: "p(95)<200", abortOnFail: true, delayAbortEval: "10s" }';
  const long = (threshold: unknown, more: object = {}): unknown => [{ threshold, ...more }];
  const rows: readonly (readonly [wished: Record<string, unknown>, read: unknown[], problems?: string[]])[] =
    [
      [{}, []],
      [{ http_reqs: [] }, []],
      [
        { http_reqs: ['count>1', 'rate>2'], checks: ['rate>0.9'] },
        [
          ['http_reqs', 'count>1'],
          ['http_reqs', 'rate>2'],
          ['checks', 'rate>0.9'],
        ],
      ],
      [{ dropped_iterations: 'count<1' }, [['dropped_iterations', 'count<1']]],
      [{ RTT: long('avg<1') }, [['RTT', 'avg<1']]],
      [{ RTT: long('avg<1', { abortOnFail: false, delayAbortEval: '10s' }) }, [['RTT', 'avg<1']]],
      [{ RTT: long('avg<1', { abortOnFail: true }) }, [['RTT', 'avg<1', 0]]],
      [{ RTT: long('avg<1', { abortOnFail: true, delayAbortEval: null }) }, [['RTT', 'avg<1', 0]]],
      [{ RTT: long('avg<1', { abortOnFail: true, delayAbortEval: '1m30s' }) }, [['RTT', 'avg<1', 90e6]]],
      [{ RTT: long('avg<1', { abortOnFail: true, delayAbortEval: 1500 }) }, [['RTT', 'avg<1', 1.5e6]]],
      [
        { RTT: long('avg<1', { abortOnFail: true, delayAbortEval: 'soon' }) },
        [],
        [`RTT: found {"threshold":"avg<1","abortOnFail":true,"delayAbortEval":"soon"}; ${FORMS}`],
      ],
      [{ RTT: [5] }, [], [`RTT: found 5; ${FORMS}`]],
      [{ RTT: [null] }, [], [`RTT: found null; ${FORMS}`]],
      [{ RTT: [{}] }, [], [`RTT: found {}; ${FORMS}`]],
      [
        { 'a b': ['count<1', 'count<2'] },
        [],
        ['"a b" is not a metric of k6; expected a name such as http_reqs or http_reqs{status:200}'],
      ],
      [
        { http_reqs: ['count>1', 'p(9)<2', 'count>0.9*baseline'] },
        [['http_reqs', 'count>1']],
        [
          'http_reqs: http_reqs is a counter, which has no p(9); expected count, rate',
          "http_reqs: a script's limit is a number; found count>0.9*baseline",
        ],
      ],
    ];
  for (const [wished, read, problems = []] of rows) {
    const found = parseScriptThresholds(wished);
    assert.deepEqual(
      found.thresholds.map(({ key, expression, abortAfter, k6 }) => {
        assert.equal(k6?.from, 'script');
        return abortAfter === undefined ? [key, expression] : [key, expression, abortAfter];
      }),
      read,
    );
    assert.deepEqual(found.problems, problems);
  }
});
