import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptationChart } from '../../../../src/report/html/charts/adaptation.ts';
import type { Chart, TimeFrame } from '../../../../src/report/html/charts/chart.ts';
import { ispConnectionsChart } from '../../../../src/report/html/charts/connections.ts';
import { deliveryLatencyChart, percentileChart } from '../../../../src/report/html/charts/latency.ts';
import { queueChart } from '../../../../src/report/html/charts/queue.ts';
import { codesChart, repliesChart } from '../../../../src/report/html/charts/replies.ts';
import { sourceCharts } from '../../../../src/report/html/charts/sources.ts';
import { deferredChart, throughputChart } from '../../../../src/report/html/charts/throughput.ts';
import type { IspSummary, Series } from '../../../../src/report/summary.ts';
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
    [
      queueChart(frame),
      'The queue was longest at 68 s with 4,588, and last held 391. The oldest that could be delivered had waited 28.2 s, at 56 s.',
    ],
    [
      queueChart({ ...nothing, series: { ...nothing.series, queueDepth: [0] } }),
      'The queue was empty whenever it was looked at.',
    ],
    [queueChart(nothing), undefined],
    [
      queueChart({ ...frame, series: { ...frame.series, queueDepth: frame.series.t.map(() => null) } }),
      'The oldest that could be delivered had waited 28.2 s, at 56 s.',
    ],
    [
      repliesChart(frame, gmail),
      '4 different replies, 13,930 in all: 250 2.0.0 ok 88%, 421 4.7.28 ip-rate 10.7%, 550 5.1.1 no-such-user 1.2%, and 1 more. Point at a colour to read what was said.',
    ],
    [repliesChart(nothing, gmail), undefined],
    [
      ispConnectionsChart(frame),
      'At most 19 at Gmail (at 75 s), 8 at Yahoo (at 10 s), 5 at Outlook (at 8 s).',
    ],
    [ispConnectionsChart(nothing), undefined],
    [sourceCharts(frame, gmail).charts[0], '7,045 attempts, 6,198 accepted, 768 throttled (10.9%).'],
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

test('the moments of an incident are marked, those that did not come are not', () => {
  const [scores] = fixture.summary.adaptation;
  assert.ok(scores);
  const { spec } = adaptationChart(frame, gmail, 'isp', scores);
  assert.deepEqual(spec.marks, [
    { at: 20, label: 'throttled', color: 'c-throttled' },
    { at: 48, label: 'settled +28 s', color: 'c-attempts' },
    { at: 68, label: 'recovered +18 s', color: 'c-accepted' },
  ]);
  const later = {
    ...scores.incidents[0],
    marks: { throttled: 5, settled: null, recovered: null, drained: 9 },
  };
  const two = { ...scores, incidents: [...scores.incidents, later] } as typeof scores;
  const marks = adaptationChart(frame, gmail, 'isp', two).spec.marks.map(({ at, label }) => `${at} ${label}`);
  // A word in place of a number is not written beside the line.
  assert.deepEqual(marks, [
    '5 throttled',
    '9 drained',
    '20 throttled',
    '48 settled +28 s',
    '68 recovered +18 s',
  ]);
  assert.deepEqual(adaptationChart(frame, gmail, 'isp').spec.marks, []);
});

test('the perfect sender is drawn where it would have had more accepted', () => {
  const labels = (isp: IspSummary): string[] =>
    adaptationChart(frame, isp, 'isp').spec.series.map(({ label }) => label);
  assert.ok(labels(gmail).includes('a perfect sender'));
  assert.ok(!labels(yahoo).includes('a perfect sender'));
});

test('each reply has the colour of its class, and its wording', () => {
  const { spec } = repliesChart(frame, gmail) as Chart;
  assert.deepEqual(
    spec.series.map(({ label, color }) => `${label}: ${color}`),
    [
      '250 2.0.0 ok: c-accepted',
      '421 4.7.28 ip-rate: c-throttled',
      '550 5.1.1 no-such-user: c-rejected',
      '452 4.2.2 mailbox-full: c-deferred',
    ],
  );
  assert.equal(
    spec.series[3]?.note,
    "mailbox-full: deferred, at rcpt\n452 4.2.2 The recipient's inbox is out of storage space. d9443c01a7336 - gsmtp",
  );
  const ten = Array.from({ length: 10 }, (_, i) => ({ ...gmail.replies[1], id: `t${i}`, count: 10 - i }));
  const isp = { ...gmail, replies: ten } as IspSummary;
  const perSecond = frame.series.t.map(() => 1);
  const isps = [{ ...frame.series.isps[0], replies: ten.map(({ id }) => ({ id, perSecond })) }];
  const many = repliesChart({ ...frame, series: { ...frame.series, isps } as Series }, isp) as Chart;
  assert.deepEqual(many.spec.series.map(({ color }) => color).slice(0, 4), [
    'c-throttled',
    'c-throttled-2',
    'c-throttled-3',
    'c-throttled-3',
  ]);
  const rest = many.spec.series.at(-1);
  assert.deepEqual(
    [rest?.label, rest?.note, many.columns[rest?.column ?? '']?.[0]],
    ['3 others', 't7, t8, t9', 3],
  );
});

test('sources have the same axes, and those beyond twelve are summed up', () => {
  const large = largeFixture(104);
  const [isp] = large.summary.isps as [IspSummary];
  const { charts, others } = sourceCharts(frameOf(large), isp);
  assert.equal(charts.length, 12);
  assert.equal(new Set(charts.map(({ spec }) => spec.reach)).size, 1);
  assert.ok((charts[0]?.spec.reach ?? 0) >= Math.max(...(large.series.isps[0]?.sources[0]?.attempts ?? [])));
  assert.match(others ?? '', /^52 more sources together: [\d,]+ attempts, [\d,]+ accepted, [\d,]+ throttled/);
  assert.deepEqual(sourceCharts(nothing, gmail), { charts: [], others: undefined });
});
