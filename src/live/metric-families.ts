/** What of a run is told as metrics. Names are those of thresholds, where these have one. */
import { METRICS } from '../gate/metrics.ts';
import { countsBetween, type Recorded } from '../record/histograms.ts';
import type { Report } from '../report/build.ts';
import type { IspSummary } from '../report/summary.ts';
import { STAGES, type Standing } from './live-run.ts';

/** One value with its labels. */
export interface MetricValue {
  /** Of the name: `_bucket`, `_count` and `_sum` of a histogram. */
  readonly suffix?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric with all its values. */
export interface Family {
  /** Without the prefix that all share, and without the `_total` of a counter. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  values(standing: Standing): readonly MetricValue[];
}

type Labels = MetricValue['labels'];
/** Reads labels and values; most need the report, and before the load there is none. */
type Read = (report: Report, standing: Standing) => readonly (readonly [Labels, number])[];

function family(type: 'counter' | 'gauge', name: string, help: string, read: Read): Family {
  const values = (standing: Standing): readonly MetricValue[] =>
    standing.report ? read(standing.report, standing).map(([labels, value]) => ({ labels, value })) : [];
  return { name, type, help, values };
}

/** A value without labels; null: there is none now. */
function single(read: (report: Report) => number | null | undefined): Read {
  return (report) => {
    const value = read(report);
    return value === null || value === undefined ? [] : [[{}, value]];
  };
}

function ofIsp(name: string, help: string, value: (isp: IspSummary) => number): Family {
  return family('counter', name, help, ({ summary }) =>
    summary.isps.map((isp) => [{ isp: isp.id }, value(isp)]),
  );
}

/** Upper ends of a latency's buckets, seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** Latencies, each a histogram of the report. */
function latency(
  name: string,
  help: string,
  histograms: (report: Report) => readonly (readonly [tag: string, labels: Labels])[],
): Family {
  const values = ({ report }: Standing): MetricValue[] =>
    (report ? histograms(report) : []).flatMap(([tag, labels]) => {
      const recorded = report?.histograms.find((h) => h.tag === tag)?.recorded;
      return recorded ? histogramValues(recorded, labels) : [];
    });
  return { name, type: 'histogram', help, values };
}

function histogramValues(recorded: Recorded, labels: Labels): MetricValue[] {
  const { totalCount, mean } = recorded.histogram;
  let sum = 0;
  const counts = countsBetween(
    recorded,
    BUCKETS.map((seconds) => seconds * 1e6),
  ).map((count) => {
    sum += count;
    return sum;
  });
  const bucket = (le: string, value: number): MetricValue => ({
    suffix: '_bucket',
    labels: { ...labels, le },
    value,
  });
  return [
    // OpenMetrics wants whole numbers with a decimal point here.
    ...BUCKETS.map((end, i) => bucket(Number.isInteger(end) ? `${end}.0` : String(end), counts[i] ?? 0)),
    bucket('+Inf', totalCount),
    { suffix: '_sum', labels, value: (mean * totalCount) / 1e6 },
    { suffix: '_count', labels, value: totalCount },
  ];
}

function last(values: readonly (number | null)[]): number | null {
  return values.at(-1) ?? null;
}

/** All that is told. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'run_stage',
    type: 'gauge',
    help: 'what the run is doing: 1 at the stage that it is in',
    values: ({ stage }) => STAGES.map((name) => ({ labels: { stage: name }, value: name === stage ? 1 : 0 })),
  },
  family('gauge', 'run_info', 'what is run', ({ summary: { run, mta } }) => [
    [
      {
        id: run.id,
        scenario: run.scenario,
        seed: String(run.seed),
        mta: mta.adapter,
        lab: run.lab,
        version: run.version,
      },
      1,
    ],
  ]),
  family(
    'gauge',
    'run_elapsed_seconds',
    'time since the load began',
    single(({ summary }) => summary.run.durationSeconds),
  ),
  family(
    'gauge',
    'load_seconds',
    'length of the whole load',
    single(({ summary }) => summary.run.loadSeconds),
  ),

  family('counter', 'injections', METRICS.injections.meaning, ({ summary }) =>
    summary.injector.loads.map((load) => [{ load: load.name }, load.injected]),
  ),
  family(
    'counter',
    'injections_refused',
    'messages that the MTA refused for good',
    single(({ summary }) => summary.totals.refusedInjections),
  ),
  family(
    'counter',
    'injections_unconfirmed',
    'messages sent whose reply was never read',
    single(({ summary }) => summary.totals.unconfirmedInjections),
  ),
  family(
    'counter',
    'injections_deferred',
    METRICS.injections_deferred.meaning,
    single(({ summary }) => summary.injector.deferredInjections),
  ),
  family(
    'counter',
    'dropped_iterations',
    METRICS.dropped_iterations.meaning,
    single(({ summary }) => summary.totals.droppedIterations),
  ),
  family(
    'counter',
    'noops',
    METRICS.noops.meaning,
    single(({ summary }) => summary.injector.noops),
  ),
  family(
    'gauge',
    'injection_connections',
    METRICS.injection_connections.meaning,
    single(({ series }) => last(series.injectorConnections)),
  ),
  latency('injection_duration_seconds', METRICS.injection_duration.meaning, () => [['injection', {}]]),

  ofIsp('attempts', 'recipient attempts', (isp) => isp.attempts),
  ofIsp('delivered', METRICS.delivered.meaning, (isp) => isp.accepted),
  ofIsp('throttled', METRICS.throttled.meaning, (isp) => isp.throttled),
  ofIsp('deferred', METRICS.deferred.meaning, (isp) => isp.deferred),
  ofIsp('rejected', METRICS.rejected.meaning, (isp) => isp.rejected),
  ofIsp('connections_opened', METRICS.connections_opened.meaning, (isp) => isp.connectionsOpened),
  ofIsp('connections_refused', 'connections that the ISP refused at once', (isp) => isp.connectionsRefused),
  family(
    'counter',
    'transactions',
    METRICS.transactions.meaning,
    single(({ summary }) => summary.totals.transactions),
  ),
  family('gauge', 'connections_open', 'connections open at an ISP', ({ summary }, { isps }) =>
    summary.isps.map(({ id }, index) => [{ isp: id }, isps.get(index)?.connections ?? 0]),
  ),
  family(
    'gauge',
    'allowance_per_second',
    'the most that an ISP would take a second, sustained',
    ({ summary }, { isps }) =>
      summary.isps.flatMap(({ id }, index) => {
        const allowance = isps.get(index)?.allowance;
        return allowance === undefined ? [] : [[{ isp: id }, allowance] as const];
      }),
  ),
  latency('delivery_latency_seconds', METRICS.delivery_latency.meaning, ({ summary }) =>
    summary.isps.map(({ id }) => [`delivery_to_${id}`, { isp: id }]),
  ),

  family(
    'gauge',
    'queue_depth',
    "what is in the MTA's queue",
    single(({ series }) => last(series.queueDepth)),
  ),
  family(
    'gauge',
    'queue_age_seconds',
    METRICS.queue_age.meaning,
    single(({ series }) => last(series.queueAge)),
  ),
  family(
    'gauge',
    'recipients',
    'recipients of confirmed injections, by what became of them so far',
    ({ summary }) => summary.conservation.map(({ outcome, count }) => [{ outcome }, count]),
  ),
  family(
    'gauge',
    'threshold_holds',
    '1: the threshold holds as things stand; 0: it does not',
    ({ summary }) =>
      summary.thresholds.map(({ metric, expression, passed }) => [
        { threshold: metric, expression },
        passed ? 1 : 0,
      ]),
  ),
  family('gauge', 'threshold_value', 'what a threshold judges, in its own unit', ({ summary }) =>
    summary.thresholds.flatMap(({ metric, expression, actual }) =>
      actual === null ? [] : [[{ threshold: metric, expression }, actual] as const],
    ),
  ),
];
