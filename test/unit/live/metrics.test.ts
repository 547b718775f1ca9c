import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry, register } from 'prom-client';
import type { Standing } from '../../../src/live/live-run.ts';
import { createMetrics } from '../../../src/live/metrics.ts';
import { createRecorded, type Recorded, record } from '../../../src/record/histograms.ts';
import { parsedMetrics } from '../../support/parse-metrics.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

function recorded(...micros: number[]): Recorded {
  const into = createRecorded();
  for (const value of micros) record(into, value);
  return into;
}

function standing(): Standing {
  const { summary, series } = summaryFixture();
  return {
    stage: 'drain',
    report: {
      summary: { ...summary, run: { ...summary.run, scenario: 'a "name"\nof \\ two lines' } },
      series,
      dialogues: [],
      histograms: [
        { tag: 'injection', recorded: recorded(900, 1000, 1001, 40_000, 2_000_000_000) },
        { tag: 'delivery', recorded: recorded(1) },
        { tag: 'delivery_to_gmail', recorded: recorded(990_000, 3_600_000_000) },
        { tag: 'delivery_to_nobody', recorded: recorded(1) },
      ],
    },
    isps: new Map([
      [0, { attempts: 0, accepted: 0, throttled: 0, allowance: 40, connections: 7 }],
      [1, { attempts: 0, accepted: 0, throttled: 0, allowance: Number.POSITIVE_INFINITY, connections: 0 }],
    ]),
  };
}

/** The lines of one metric. */
function linesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => new RegExp(`^(# \\w+ )?${name}[_{ ]`).test(line));
}

test('a run in its drain, line by line', async () => {
  const metrics = createMetrics(standing);
  assert.equal(metrics.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  const text = await metrics.metrics();
  const { summary } = summaryFixture();
  const [gmail, yahoo, outlook] = summary.isps;
  const cases: [name: string, lines: string[]][] = [
    [
      'windtunnel_run_stage',
      [
        '# HELP windtunnel_run_stage what the run is doing: 1 at the stage that it is in',
        '# TYPE windtunnel_run_stage gauge',
        'windtunnel_run_stage{stage="starting"} 0',
        'windtunnel_run_stage{stage="load"} 0',
        'windtunnel_run_stage{stage="drain"} 1',
        'windtunnel_run_stage{stage="report"} 0',
      ],
    ],
    [
      'windtunnel_run_info',
      [
        '# HELP windtunnel_run_info what is run',
        '# TYPE windtunnel_run_info gauge',
        `windtunnel_run_info{id="${summary.run.id}",scenario="a \\"name\\"\\nof \\\\ two lines",seed="${summary.run.seed}",mta="haraka",lab="sealed",version="${summary.run.version}"} 1`,
      ],
    ],
    [
      'windtunnel_delivered',
      [
        '# HELP windtunnel_delivered recipient attempts that an ISP accepted',
        '# TYPE windtunnel_delivered counter',
        `windtunnel_delivered_total{isp="gmail"} ${gmail?.accepted}`,
        `windtunnel_delivered_total{isp="yahoo"} ${yahoo?.accepted}`,
        `windtunnel_delivered_total{isp="outlook"} ${outlook?.accepted}`,
      ],
    ],
    [
      'windtunnel_allowance_per_second',
      [
        '# HELP windtunnel_allowance_per_second the most that an ISP would take a second, sustained',
        '# TYPE windtunnel_allowance_per_second gauge',
        'windtunnel_allowance_per_second{isp="gmail"} 40',
        'windtunnel_allowance_per_second{isp="yahoo"} +Inf',
      ],
    ],
    [
      'windtunnel_injection_duration_seconds',
      [
        "# HELP windtunnel_injection_duration_seconds from the moment the schedule named to the MTA's 250",
        '# TYPE windtunnel_injection_duration_seconds histogram',
        'windtunnel_injection_duration_seconds_bucket{le="0.001"} 2',
        ...['0.0025', '0.005', '0.01', '0.025'].map(
          (le) => `windtunnel_injection_duration_seconds_bucket{le="${le}"} 3`,
        ),
        ...[
          ...['0.05', '0.1', '0.25', '0.5', '1.0', '2.5', '5.0', '10.0'],
          ...['30.0', '60.0', '300.0', '1800.0'],
        ].map((le) => `windtunnel_injection_duration_seconds_bucket{le="${le}"} 4`),
        'windtunnel_injection_duration_seconds_bucket{le="+Inf"} 5',
        // Each of them to three digits.
        'windtunnel_injection_duration_seconds_sum 2000.201637',
        'windtunnel_injection_duration_seconds_count 5',
      ],
    ],
  ];
  for (const [name, lines] of cases) assert.deepEqual(linesOf(text, name), lines);
  assert.deepEqual(
    linesOf(text, 'windtunnel_delivery_latency_seconds').filter((line) => /_count|le="1.0"|Inf/.test(line)),
    [
      'windtunnel_delivery_latency_seconds_bucket{isp="gmail",le="1.0"} 1',
      'windtunnel_delivery_latency_seconds_bucket{isp="gmail",le="+Inf"} 2',
      'windtunnel_delivery_latency_seconds_count{isp="gmail"} 2',
    ],
  );
  assert.ok(text.endsWith('\n# EOF\n'));
});

test('every metric has a help, a type and a name of its own, and another program reads them all', async () => {
  const text = await createMetrics(standing).metrics();
  const lines = text.trimEnd().split('\n');
  const names = lines.flatMap(
    (line) => /^# TYPE (windtunnel_[a-z_]+) (?:counter|gauge|histogram)$/.exec(line)?.[1] ?? [],
  );
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    lines.flatMap((line) => /^# HELP (\S+) \S.*[^.]$/.exec(line)?.[1] ?? []),
    names,
  );
  for (const line of lines.slice(0, -1)) assert.match(line, /^(# |windtunnel_[a-z_]+(\{.*\})? \S+$)/);

  const values = parsedMetrics(text);
  const samples = lines.filter((line) => !/^#|_bucket\{|seconds_(sum|count)/.test(line));
  assert.equal(values.size, samples.length);
  const { summary, series } = summaryFixture();
  assert.equal(values.get('windtunnel_injections_total{load=default}'), summary.injector.loads[0]?.injected);
  assert.equal(values.get('windtunnel_queue_depth'), series.queueDepth.at(-1));
  const [threshold] = summary.thresholds;
  const tags = `threshold=${threshold?.metric},expression=${threshold?.expression}`;
  assert.equal(values.get(`windtunnel_threshold_holds{${tags}}`), Number(threshold?.passed));
});

test('before the load there is the stage alone, and what is not known later has no value', async () => {
  const nothing: Standing = { stage: 'starting', report: undefined, isps: new Map() };
  const before = parsedMetrics(await createMetrics(() => nothing).metrics());
  assert.deepEqual(
    [...before],
    [
      ['windtunnel_run_stage{stage=starting}', 1],
      ['windtunnel_run_stage{stage=load}', 0],
      ['windtunnel_run_stage{stage=drain}', 0],
      ['windtunnel_run_stage{stage=report}', 0],
    ],
  );
  const { summary, series } = summaryFixture();
  const blind: Standing = {
    ...nothing,
    stage: 'load',
    report: {
      summary,
      series: { ...series, queueDepth: [null], queueAge: [] },
      histograms: [],
      dialogues: [],
    },
  };
  const text = await createMetrics(() => blind).metrics();
  for (const name of [
    'queue_depth',
    'queue_age_seconds',
    'allowance_per_second',
    'injection_duration_seconds',
  ])
    assert.equal(linesOf(text, `windtunnel_${name}`).length, 2, name);
});

test('two runs do not share their metrics, nor does anybody else in the process', async () => {
  const [one, two] = [createMetrics(standing), createMetrics(standing)];
  assert.ok(one instanceof Registry && one !== two);
  assert.equal(register.getMetricsAsArray().length, 0);
});
