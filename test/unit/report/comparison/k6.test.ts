import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRuns } from '../../../../src/report/comparison/compare.ts';
import type { ComparedRun } from '../../../../src/report/comparison/comparison.ts';
import { quantitiesIn } from '../../../../src/report/comparison/quantities.ts';
import { renderText } from '../../../../src/report/comparison/text.ts';
import type { Summary, ThresholdResult } from '../../../../src/report/summary.ts';
import { comparedRun } from '../../../support/compared-runs.ts';

/** A run in which k6 measured this. */
function run(duration: number, passes: number, own: number): ComparedRun {
  const trend = { kind: 'trend', count: 100, avg: duration, min: 1, med: duration, max: 900 } as const;
  const k6: Summary['k6'] = {
    metrics: {
      http_req_duration: { contains: 'time', value: { ...trend, p90: 90, p95: duration * 2, p99: 99 } },
      'http_req_duration{status:200}': { contains: 'time', value: { ...trend, p90: 90, p95: 5, p99: 99 } },
      checks: { contains: 'default', value: { kind: 'rate', rate: passes / 100, passes, total: 100 } },
      RTT: { contains: 'time', value: { ...trend, avg: own, p90: 90, p95: 95, p99: 99 } },
    },
  };
  const asked = (metric: string, expression: string, actual: number, from?: 'script'): ThresholdResult => {
    return { metric, expression, passed: true, actual, actualText: '', sentence: '', k6: from ?? 'scenario' };
  };
  const { k6: _, ...security } = asked('checks', 'rate==1', 1);
  const thresholds = [
    asked('http_req_duration', 'p(95)<500', duration * 2),
    asked('http_req_duration{ status:"200" }', 'p(95)<500', 5),
    asked('checks', 'rate>0.9', passes / 100, 'script'),
    asked('RTT', 'avg<1', own, 'script'),
    security,
  ];
  const checks = { kind: 'rate', rate: 1, passes: 3, total: 3 } as const;
  return comparedRun({ metrics: { checks }, summary: { k6, thresholds } });
}

test("thresholds on k6's metrics gate a comparison like any other", () => {
  const before = [run(100, 95, 40), run(102, 96, 41), run(98, 95, 39)];
  const now = [run(200, 50, 20), run(201, 51, 21), run(199, 50, 19)];
  const comparison = compareRuns(before, now);
  assert.deepEqual(
    comparison.gates.map(({ metric, aggregation, unit, better, verdict }) => [
      metric,
      aggregation,
      unit,
      better,
      verdict,
    ]),
    [
      ['http_req_duration', 'p(95)', 'ms', 'lower', 'worse'],
      ['http_req_duration{status:200}', 'p(95)', 'ms', 'lower', 'no change'],
      ["k6's checks", 'rate', '', 'higher', 'worse'],
      ['RTT', 'avg', 'ms', 'lower', 'better'],
      ['checks', 'rate', '', 'higher', 'no change'],
    ],
  );
  const text = renderText(comparison, { color: false, all: false });
  assert.match(text, /✗ http_req_duration p\(95\) +200 ms +400 ms/);
  assert.match(text, /✗ k6's checks rate +95\.3 % +50\.3 %/);
  assert.match(text, /RTT avg +40 ms +20 ms/);
});

test('what k6 measured is compared where nobody asked for it, parts of metrics left out', () => {
  const names = [...quantitiesIn(run(100, 95, 40).summary).keys()];
  assert.deepEqual(names, [
    'checks rate',
    'http_req_duration med',
    'http_req_duration p(95)',
    'http_req_duration p(99)',
    "k6's checks rate",
    'RTT med',
    'RTT p(95)',
    'RTT p(99)',
  ]);
});
