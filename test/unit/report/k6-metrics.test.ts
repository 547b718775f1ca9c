import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { modelOf } from '../../../src/lab/folder/report-input.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { type InjectionState, Packer } from '../../../src/record/attempt-log.ts';
import { type K6Kind, K6Metrics } from '../../../src/record/k6-metrics.ts';
import { buildReport } from '../../../src/report/build.ts';
import { renderConsole } from '../../../src/report/console.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import { renderK6 } from '../../../src/report/k6.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import type { Summary } from '../../../src/report/summary.ts';
import { plannedInput } from '../../support/planned-input.ts';
import { assertSummary } from '../../support/summary-schema.ts';

type Sampled = readonly [
  name: string,
  kind: K6Kind,
  time: boolean,
  value: number,
  tags?: Record<string, string>,
];

/** The report of a run of 10 seconds in which windtunnel saw 2 messages taken and 3 never begun, and k6 said this. */
function reportOf(scenario: string, sampled: readonly Sampled[]): ReturnType<typeof buildReport> {
  const text = `mta: { adapter: haraka }\n${scenario}`;
  const { plan, input } = plannedInput(text);
  const metrics = new K6Metrics(plan.thresholds.map(({ key }) => key));
  for (const [name, kind, time, value, tags = {}] of sampled) {
    metrics.define(name, kind, time);
    metrics.add(name, value, tags, 0);
  }
  const aggregate = new Aggregate(modelOf(plan));
  const packer = new Packer();
  const states: InjectionState[] = ['confirmed', 'confirmed', 'dropped', 'dropped', 'dropped'];
  for (const [message, state] of states.entries())
    packer.injection({
      due: 0,
      sentAfter: 0,
      doneAfter: 1000,
      message,
      connection: 0,
      code: 200,
      recipients: 1,
      state,
    });
  packer.mark({ at: 10e6, name: 'load_ended' });
  packer.mark({ at: 11e6, name: 'ended' });
  aggregate.add(packer.take() as Uint8Array);
  const checks = plan.checks && [
    { name: 'relay', passed: false, sentence: 'mail for strangers was taken', evidence: [] },
  ];
  const k6 = plan.loads.some(({ k6 }) => k6) ? { k6: metrics.states() } : {};
  return buildReport(aggregate, { ...input, ...(checks && { checks }), ...k6 });
}

/** A script that is there. */
const SCRIPT = fileURLToPath(import.meta.url);
const K6_LOAD = `load: { engine: k6, api: kumomta, script: ${SCRIPT}, rate: 10/s, duration: 10s }`;
const SMTP_LOAD = 'load: { rate: 10/s, duration: 10s }';

const SAMPLED: readonly Sampled[] = [
  ['checks', 'rate', false, 1],
  ['checks', 'rate', false, 1],
  ['checks', 'rate', false, 0],
  ['checks', 'rate', false, 1],
  ['dropped_iterations', 'counter', false, 7, { scenario: 'default' }],
  ['RTT', 'trend', true, 12.5],
  ['http_req_duration', 'trend', true, 40, { status: '200' }],
  ['http_req_duration', 'trend', true, 60, { status: '500' }],
  ['http_req_blocked', 'trend', true, 1],
  ['data_sent', 'counter', false, 4096],
  ['http_reqs', 'counter', false, 2],
];

test('where a name exists on both sides, a threshold is judged by the side that the scenario means', () => {
  const rows: readonly (readonly [scenario: string, asked: string, found: string, side: string])[] = [
    [SMTP_LOAD, 'dropped_iterations: count<1', '3', 'windtunnel'],
    [K6_LOAD, 'dropped_iterations: count<1', '3', 'windtunnel'],
    [K6_LOAD, 'dropped_iterations{load:default}: count<1', '3', 'windtunnel'],
    [K6_LOAD, 'dropped_iterations{scenario:default}: count<1', '7', 'scenario'],
    [`${SMTP_LOAD}\nchecks: { relay: closed }`, 'checks: rate>0.9', '0 %', 'windtunnel'],
    [`${K6_LOAD}\nchecks: { relay: closed }`, 'checks: rate>0.9', '0 %', 'windtunnel'],
    [`${K6_LOAD}\nchecks: { relay: closed }`, 'checks{check:relay}: rate>0.9', '0 %', 'windtunnel'],
    [`${K6_LOAD}\nchecks: { relay: closed }`, 'checks{scenario:default}: rate>0.9', 'no samples', 'scenario'],
    [K6_LOAD, 'checks: rate>0.9', '75 %', 'scenario'],
    [SMTP_LOAD, 'checks: rate>0.9', 'no samples', 'windtunnel'],
  ];
  for (const [scenario, asked, found, side] of rows) {
    const { summary } = reportOf(`${scenario}\nthresholds: { '${asked.replace(': ', "': '")}' }`, SAMPLED);
    assertSummary(summary);
    const [threshold] = summary.thresholds;
    assert.deepEqual(
      [threshold?.actualText, threshold?.k6 ?? 'windtunnel'],
      [found, side],
      `${scenario}: ${asked}`,
    );
    assert.equal(threshold?.passed, false);
    assert.equal(summary.verdict.exitCode, 99);
  }
});

const report = reportOf(
  `${K6_LOAD}\nthresholds: { checks: 'rate>0.9', dropped_iterations: 'count<1', 'http_req_duration{status:"200"}': 'p(95)<50', RTT: 'max<10', http_req_failed: 'rate<0.01' }`,
  SAMPLED,
);
const { summary } = report;

test("the summary has k6's metrics apart from windtunnel's, in k6's order", () => {
  assert.deepEqual(Object.keys(summary.k6?.metrics ?? {}), [
    'http_reqs',
    'http_req_duration',
    'http_req_duration{status:200}',
    'http_req_blocked',
    'checks',
    'dropped_iterations',
    'data_sent',
    'RTT',
  ]);
  assert.deepEqual(summary.k6?.metrics.checks, {
    contains: 'default',
    value: { kind: 'rate', rate: 0.75, passes: 3, total: 4 },
  });
  assert.deepEqual(summary.k6?.metrics.dropped_iterations?.value, {
    kind: 'counter',
    count: 7,
    rate: 0.7,
  });
  assert.deepEqual(summary.metrics.dropped_iterations, { kind: 'counter', count: 3, rate: 0.3 });
  assert.equal(summary.metrics.http_reqs, undefined);
  assert.deepEqual(
    summary.thresholds.map(({ passed, actualText, k6 }) => [passed, actualText, k6]),
    [
      [false, '75 %', 'scenario'],
      [false, '3', undefined],
      [true, '40 ms', 'scenario'],
      [false, '12.5 ms', 'scenario'],
      [false, 'no samples', 'scenario'],
    ],
  );
  assert.equal(reportOf(SMTP_LOAD, SAMPLED).summary.k6, undefined);
  assert.deepEqual(reportOf(K6_LOAD, []).summary.k6, { metrics: {} });
});

test("k6-summary.json has k6's metrics as k6 has them, and windtunnel's of the same name under another", () => {
  const { metrics } = JSON.parse(renderK6(summary));
  const shown = (name: string): unknown => metrics[name];
  assert.deepEqual(shown('checks'), {
    type: 'rate',
    contains: 'default',
    values: { rate: 0.75, passes: 3, fails: 1 },
    thresholds: { 'rate>0.9': { ok: false } },
  });
  assert.deepEqual(shown('dropped_iterations'), {
    type: 'counter',
    contains: 'default',
    values: { count: 7, rate: 0.7 },
  });
  assert.deepEqual(shown('windtunnel_dropped_iterations'), {
    type: 'counter',
    contains: 'default',
    values: { count: 3, rate: 0.3 },
    thresholds: { 'count<1': { ok: false } },
  });
  assert.deepEqual(shown('http_req_duration{status:"200"}'), {
    type: 'trend',
    contains: 'time',
    values: { avg: 40, min: 40, med: 40, max: 40, 'p(90)': 40, 'p(95)': 40, 'p(99)': 40, count: 1 },
    thresholds: { 'p(95)<50': { ok: true } },
  });
  assert.equal(shown('http_req_duration{status:200}'), undefined, 'once, as it was written');
  assert.deepEqual(shown('data_sent'), {
    type: 'counter',
    contains: 'data',
    values: { count: 4096, rate: 409.6 },
  });
  assert.deepEqual(shown('http_req_failed'), {
    type: 'rate',
    contains: 'default',
    values: { rate: 0, passes: 0, fails: 0 },
    thresholds: { 'rate<0.01': { ok: false } },
  });
  assert.ok('injections' in metrics && !('windtunnel_injections' in metrics));
});

test('every report says what k6 measured, and which of two metrics of one name a threshold is on', () => {
  const asked: Summary = {
    ...summary,
    thresholds: summary.thresholds.map((one, i) => (i === 3 ? { ...one, k6: 'script' } : one)),
  };
  const console = renderConsole(asked, { color: false });
  assert.match(console, /✗ k6's checks +rate>0\.9 +75 %/);
  assert.match(console, /✗ dropped_iterations +count<1 +3/);
  assert.match(console, /^ {4}http_req_duration{status:200} {2}avg 40 ms/m);
  assert.match(console, /^ {4}RTT +avg 12\.5 ms {2}min 12\.5 ms/m);
  assert.match(console, /^ {4}data_sent +count 4 KiB {2}rate 410 B\/s/m);
  assert.doesNotMatch(console, /http_req_blocked/);
  const markdown = renderMarkdown(asked);
  assert.match(markdown, /\| `k6's checks` \| `rate>0\.9` \| \*\*75 %\*\* \|/);
  assert.match(markdown, /\| `http_reqs` \| count 2, rate 0\.2\/s \|/);
  const junit = renderJunit(asked);
  assert.match(junit, /name="k6's checks: rate&gt;0\.9"/);
  assert.match(junit, /name="dropped_iterations: count&lt;1"/);
  const page = renderHtml(asked, report.series);
  assert.match(page, /<section id="k6"[\s\S]*Thresholds of the script <small>1 of 1 failed<[\s\S]*RTT/);
  assert.match(page, /aria-label="Values of k6(?:'|&#39;)s metrics"[\s\S]*<code>http_req_blocked<\/code>/);
  assert.match(page, /<code>data_sent<\/code>[\s\S]{0,200}4 KiB/);
  const without = reportOf(SMTP_LOAD, []);
  assert.doesNotMatch(renderHtml(without.summary, without.series), /id="k6"/);
  assert.doesNotMatch(renderConsole(without.summary, { color: false }), /^ {2}k6$/m);
  const silent = reportOf(K6_LOAD, []);
  assert.match(renderHtml(silent.summary, silent.series), /k6 told of no sample/);
});
