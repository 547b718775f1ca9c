import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptationChart } from '../../../../src/report/html/charts/adaptation.ts';
import type { Chart, TimeFrame } from '../../../../src/report/html/charts/chart.ts';
import { deliveryLatencyChart, percentileChart } from '../../../../src/report/html/charts/latency.ts';
import { queueChart } from '../../../../src/report/html/charts/queue.ts';
import { codesChart } from '../../../../src/report/html/charts/replies.ts';
import { deferredChart, throughputChart } from '../../../../src/report/html/charts/throughput.ts';
import type { IspSummary } from '../../../../src/report/summary.ts';
import {
  emptyFixture,
  largeFixture,
  type ReportFixture,
  summaryFixture,
} from '../../../support/summary-fixture.ts';

function frameOf({ summary, series }: ReportFixture): TimeFrame {
  return { series, phases: summary.phases, loadSeconds: summary.run.loadSeconds };
}

const fixture = summaryFixture();
const frame = frameOf(fixture);
const empty = emptyFixture();
const nothing = frameOf(empty);
const [gmail, yahoo, outlook] = fixture.summary.isps as [IspSummary, IspSummary, IspSummary];

test('every chart says in a sentence what it shows', () => {
  const cases: readonly (readonly [Chart | undefined, string | undefined])[] = [
    [
      adaptationChart(frame, gmail, 'isp'),
      '13,930 attempts: 12,259 accepted, 1,485 throttled (10.7%), 186 deferred, rejected or unanswered; the allowance was 40/s to 220/s; in the incident the MTA tried 90/s where 40/s were allowed.',
    ],
    [
      adaptationChart(frame, yahoo, 'isp'),
      '7,690 attempts: 7,604 accepted, 0 throttled (0%), 86 deferred, rejected or unanswered; the allowance was 140/s.',
    ],
    [
      adaptationChart(frame, outlook, 'isp'),
      '5,125 attempts: 5,044 accepted, 0 throttled (0%), 81 deferred, rejected or unanswered; no limit applied.',
    ],
    [adaptationChart(frame, { ...gmail, attempts: 0 }, 'isp'), 'Nothing was tried at Gmail.'],
    [
      throughputChart(frame, fixture.summary),
      'The driver injected 25,630 messages, 285/s on average; the ISPs accepted 24,907 recipients, 239/s on average.',
    ],
    [
      deferredChart(frame, fixture.summary),
      '1,506 recipient attempts were throttled or deferred, 100% of them by Gmail.',
    ],
    [deferredChart(nothing, empty.summary), 'No recipient attempt was throttled or deferred.'],
    [codesChart(frame), '250: 24,907 (93.1%), 421: 1,485 (5.6%), 452: 21 (<0.1%), 550: 332 (1.2%).'],
    [codesChart(nothing), 'The ISPs gave no replies.'],
    [queueChart(frame), 'The queue was longest at 68 s with 4,588, and held 391 at the end.'],
    [
      queueChart({ ...nothing, series: { ...nothing.series, queueDepth: [0] } }),
      'The queue was empty whenever it was looked at.',
    ],
    [queueChart(nothing), undefined],
    [
      deliveryLatencyChart(frame),
      'The 99th percentile of what was delivered in one bucket was highest at 56 s with 27.4 s.',
    ],
    [deliveryLatencyChart(nothing), undefined],
    [
      percentileChart(fixture.summary.latency),
      'injection: 99% within 35.9 ms, all within 77.9 ms; injection service time: 99% within 20.4 ms, all within 42 ms; delivery: 99% within 16 s, all within 38.6 s.',
    ],
    [percentileChart([]), undefined],
  ];
  for (const [chart, sentence] of cases) assert.equal(chart?.sentence, sentence);
});

test('an allowance far above the attempts is said to be above the chart', () => {
  const isps = frame.series.isps.map((isp) => ({ ...isp, allowance: isp.allowance.map(() => 1200) }));
  const { sentence } = adaptationChart({ ...frame, series: { ...frame.series, isps } }, yahoo, 'isp');
  assert.ok(sentence.endsWith('; the allowance was 1,200/s, above the chart.'), sentence);
});

test('more ISPs than colours are summed up, and nothing is left out of the sum', () => {
  const large = largeFixture(104);
  const { spec, columns } = deferredChart(frameOf(large), large.summary);
  assert.equal(spec.series.length, 8);
  assert.equal(spec.series.at(-1)?.label, '5 others');
  const at = 25;
  const shown = spec.series.reduce((sum, { column }) => sum + (columns[column]?.[at] ?? 0), 0);
  assert.equal(
    shown,
    large.series.isps.reduce((sum, isp) => sum + (isp.throttled[at] ?? 0) + (isp.deferred[at] ?? 0), 0),
  );
});

test('the percentile axis is 1/(1-p) and leaves out the maximum', () => {
  const [injection] = fixture.summary.latency;
  assert.ok(injection);
  const chart = percentileChart([
    {
      ...injection,
      curve: [
        [0, 1],
        [50, 2],
        [90, 3],
        [100, 9],
      ],
    },
  ]);
  assert.deepEqual(chart?.columns, { nines: [1, 2, 10.000000000000002], 'percentile injection': [1, 2, 3] });
});

test('codes of one class have shades of one colour', () => {
  const codes = ['250', '421', '450', '451', '452', '550', 'no reply'].map((code) => ({
    code,
    perSecond: [1],
  }));
  const { spec } = codesChart({ ...nothing, series: { ...nothing.series, codes } });
  assert.deepEqual(
    spec.series.map(({ color }) => color),
    ['c-accepted', 'c-4xx-1', 'c-4xx-2', 'c-4xx-3', 'c-4xx-3', 'c-5xx-1', 'c-none'],
  );
});
