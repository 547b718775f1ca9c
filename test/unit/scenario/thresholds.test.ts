import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { planRun } from '../../../src/scenario/plan.ts';
import { describeThreshold } from '../../../src/scenario/thresholds.ts';

const FORMS =
  'expected a threshold such as "p(99)<250", or { threshold: "p(99)<250", abortOnFail: true, delayAbortEval: 10s }';
const LIVE =
  'injections, injection_duration, injection_service_time, injection_failed, injections_deferred, injection_connections, ' +
  'injection_connect_duration, injection_connect_failed, injection_connections_lost, noops, noop_duration, noop_failed, ' +
  'connections_opened, wasted_connections, transactions, delivered, throttled, deferred, rejected, dropped, ' +
  'wasted_attempts, delivery_latency, attempts_per_delivery, messages_per_connection, source_share, source_changes, vmta_changes, foreign_attempts, queue_depth, ' +
  'complaints, complaint_rate, trap_hits, unsubscribes, malformed_reports, feedback_sent, mismatched';

/** The thresholds of a scenario as `check` prints them, or what is wrong with them. */
function told(thresholds: string): string[] {
  const text = `load: { rate: 5/s, duration: 1s }\nthresholds:\n  ${thresholds}\n`;
  try {
    return planRun(parseScenario(text, 's.yaml')).thresholds.map(describeThreshold);
  } catch (error) {
    if (error instanceof InvalidScenario) return error.message.split('\n');
    throw error;
  }
}

test('thresholds in their short and long forms, as check prints them', () => {
  const rows: [string, string[]][] = [
    ['lost: count==0', ['lost count==0']],
    ["lost: ['count==0', ' count < 5 ']", ['lost count==0', 'lost count < 5']],
    ['lost: []', []],
    [
      "delivered{isp:gmail}: ['count>1', { threshold: 'rate>2' }]",
      ['delivered{isp:gmail} count>1', 'delivered{isp:gmail} rate>2'],
    ],
    [
      'injection_duration: { threshold: p(99)<250, abortOnFail: true }',
      ['injection_duration p(99)<250; ends the run when it fails'],
    ],
    [
      'injection_duration: [{ threshold: p(99)<250, abortOnFail: true, delayAbortEval: 1m30s }]',
      ['injection_duration p(99)<250; ends the run when it fails, after 1 min 30 s'],
    ],
    ['injection_duration: { threshold: p(99)<250, abortOnFail: false }', ['injection_duration p(99)<250']],
    [
      'delivered: [rate>=0.95*baseline, { threshold: count>=baseline, abortOnFail: true }]',
      [
        'delivered rate>=0.95*baseline; relative to the runs that --baseline names',
        'delivered count>=baseline; relative to the runs that --baseline names; ends the run when it fails',
      ],
    ],
    [
      'complaint_rate{isp:yahoo,phase:baseline}: [rate<0.3%, { threshold: rate<1%, abortOnFail: true }]',
      [
        'complaint_rate{isp:yahoo,phase:baseline} rate<0.3%',
        'complaint_rate{isp:yahoo,phase:baseline} rate<1%; ends the run when it fails',
      ],
    ],
    ['feedback_lost{isp:gmail}: count==0', ['feedback_lost{isp:gmail} count==0']],
    [
      "recovery_time: ['value!=never', 'value<20s']",
      ['recovery_time value!=never; fails if never recovered', 'recovery_time value<20s'],
    ],
    [
      'reaction_time: value==not-applicable',
      ['reaction_time value==not-applicable; fails unless nothing was throttled in the incident'],
    ],
  ];
  for (const [thresholds, expected] of rows) assert.deepEqual(told(thresholds), expected);
});

test('thresholds that are wrong, each where it is and what was expected', () => {
  const known = (metric: string): string =>
    `${metric} is known only when the run has ended, so it can't end it; expected abortOnFail with one of ${LIVE}`;
  /** The thresholds, and of each problem: the text that it points at, its path, and what it says. */
  const rows: [string, ...[string, string, string][]][] = [
    ['lost: 7', ['lost', 'lost', `found 7; ${FORMS}`]],
    ['lost: [count==0, 7]', ['7', 'lost.1', `found 7; ${FORMS}`]],
    ['lost: [[count==0]]', ['[count', 'lost.0', `found ["count==0"]; ${FORMS}`]],
    ['lost: { abortOnFail: true }', ['lost', 'lost.threshold', 'found nothing; expected text']],
    [
      'dropped: { threshold: count<9, abortOnfail: true }',
      ['abortOn', 'dropped.abortOnfail', 'unknown key "abortOnfail"; did you mean abortOnFail?'],
    ],
    [
      'dropped: [{ threshold: count<9, abortOnFail: yes }]',
      ['abortOn', 'dropped.0.abortOnFail', 'found "yes"; expected true or false'],
    ],
    [
      'dropped: { threshold: count<9, abortOnFail: true, delayAbortEval: soon }',
      ['delay', 'dropped.delayAbortEval', 'found "soon"; expected a duration such as 30s, 5m or 1h30m'],
    ],
    [
      'dropped: { threshold: count<9, delayAbortEval: 5s }',
      [
        'delay',
        'dropped.delayAbortEval',
        'found "5s"; expected abortOnFail: true beside it; without that it has no meaning',
      ],
    ],
    ['lost: [{ threshold: count==0, abortOnFail: true }]', ['abortOn', 'lost.0.abortOnFail', known('lost')]],
    [
      'recovery_time: { threshold: value!=never, abortOnFail: true }',
      ['abortOn', 'recovery_time.abortOnFail', known('recovery_time')],
    ],
    [
      'feedback_lost: [{ threshold: count==0, abortOnFail: true }]',
      ['abortOn', 'feedback_lost.0.abortOnFail', known('feedback_lost')],
    ],
    [
      'complaint_rate: [count<1]',
      ['count', 'complaint_rate.0', 'complaint_rate is a rate, which has no count; expected rate'],
    ],
    [
      'delivred: [count>1, count>2]',
      ['delivred', 'delivred', 'unknown metric "delivred"; did you mean delivered?'],
    ],
    [
      'delivered{isp:gmial}: [count>1, med>2]',
      ['delivered', 'delivered{isp:gmial}', 'unknown isp "gmial"; did you mean gmail?'],
      ['med', 'delivered{isp:gmial}.1', 'delivered is a counter, which has no med; expected count, rate'],
    ],
  ];
  for (const [thresholds, ...problems] of rows) {
    const expected = problems.map(
      ([where, path, message]) => `s.yaml:3:${3 + thresholds.indexOf(where)}: thresholds.${path}: ${message}`,
    );
    assert.deepEqual(told(thresholds), expected);
  }
});
