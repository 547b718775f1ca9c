/** Makes the Summary and the Series of a run out of what was recorded. Pure: the same records give the same report. */
import type { Conservation, MtaEvidence } from '../analysis/conservation.ts';
import { conservation, OUTCOMES } from '../analysis/conservation.ts';
import { MeasuredK6 } from '../analysis/k6-metrics.ts';
import { createMeasure, type Measure, trend } from '../analysis/measure.ts';
import type { Micros } from '../core/clock.ts';
import { formatDuration } from '../core/units.ts';
import { METRICS, type MetricName } from '../gate/metrics.ts';
import { type Judged, judge } from '../gate/threshold.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { countsBetween, createRecorded, merge, type Recorded, record } from '../record/histograms.ts';
import { BUCKET_MICROS, type Row } from '../record/timeline.ts';
import { adaptationOf } from './adaptation.ts';
import type { Dialogue } from './dialogue.ts';
import { faultPhases, faultSummaries, faultsLeftOut } from './faults.ts';
import { feedbackSummary } from './feedback.ts';
import { harnessLoad } from './harness.ts';
import { harnessFrame, measuredWorkers } from './harness-records.ts';
import { allInjections, injectorSummary } from './injector.ts';
import type { LabEnd, ReportInput } from './input.ts';
import { k6Summary } from './k6-metrics.ts';
import { metricValue } from './metric-value.ts';
import { namesOf } from './names.ts';
import { formatCount } from './numbers.ts';
import { reputationSummary } from './reputation.ts';
import { buildSeries } from './series.ts';
import { countsIn, sourcesSummary } from './sources.ts';
import type {
  CountRange,
  Evidence,
  HarnessLoad,
  IspSummary,
  LatencySummary,
  MetricValue,
  OutcomeCount,
  OwnLogSummary,
  Phase,
  ReplyCount,
  Series,
  Summary,
  Totals,
} from './summary.ts';
import { suppressionSummary } from './suppression.ts';
import { thresholdResult, thresholdsVerdict } from './threshold-result.ts';

/** A report's content, with the histograms for `histograms.hlog`. */
export interface Report {
  readonly summary: Summary;
  readonly series: Series;
  readonly histograms: readonly { readonly tag: string; readonly recorded: Recorded }[];
  readonly dialogues: readonly Dialogue[];
}

/** What the MTA could tell at the end of the run. */
export function mtaEvidence(aggregate: Aggregate, input: ReportInput): MtaEvidence {
  return {
    queueListed: input.evidence.queue === 'list' && aggregate.marks.has('queue_listed'),
    sendsDsn: input.evidence.sendsDsn,
    running: input.run.running === true,
  };
}

/**
 * Builds the report.
 * @param histories where the recipients in question are told of; null while the run goes on
 * @param ownLog what the MTA's own log says; null if it says nothing, and while the run goes on
 */
export function buildReport(
  aggregate: Aggregate,
  input: ReportInput,
  histories: Evidence | null = null,
  ownLog: OwnLogSummary | null = null,
): Report {
  const evidence = mtaEvidence(aggregate, input);
  const { end, loadEnd } = endsOf(aggregate, input.run.running === true);
  const outcome = conservation(aggregate.ledger, input.isps.length, evidence);
  const names = namesOf(input, loadEnd);
  const ended = aggregate.marks.get('ended');
  const adaptation = adaptationOf(aggregate, input, names.phases, end);
  const measure = createMeasure(aggregate, outcome, names, adaptation);
  const k6 = new MeasuredK6(input.k6 ?? [], loadSecondsOf(input, loadEnd));
  const judged = input.thresholds.map((t, index) => {
    const baseline = input.baseline?.values[index];
    if (t.k6) return k6.judge(t, baseline);
    return withFinding(judge(t, measure(t.metric as MetricName, t.selector), baseline), input);
  });
  const latencies = collectLatencies(aggregate, input);
  // A lab that ended after the run did has left nothing out.
  const labEnded = ended === undefined ? input.labEnded : undefined;
  const abortedAt = aggregate.marks.get('aborted');
  const cutOff = (ended ?? abortedAt ?? labEnded) === undefined && histories !== null;
  const interrupted = aggregate.marks.has('interrupted') || cutOff;
  const series = buildSeries(aggregate, input, adaptation, end);
  const harness = harnessLoad(
    measuredWorkers(aggregate, input.workers),
    harnessFrame(aggregate, input, series, loadEnd),
  );
  const suppression = suppressionSummary(aggregate, names.isps);
  const summary: Summary = {
    schema: 1,
    run: {
      ...input.run,
      durationSeconds: end / 1e6,
      interrupted,
      ...(abortedAt !== undefined && { aborted: true as const }),
    },
    verdict: input.run.running
      ? standOf(judged)
      : verdictOf(judged, { interrupted, abortedAt, labEnded, untaken: untakenOf(aggregate) }, input),
    warnings: [...input.warnings, ...warningsOf(aggregate, harness, outcome, input, evidence)],
    thresholds: judged.map(thresholdResult),
    totals: totalsOf(aggregate, outcome, measure, input, loadEnd),
    injector: injectorSummary(aggregate, input),
    conservation: outcomeCounts(outcome),
    evidence: histories,
    isps: input.isps.map((isp, index) => ispSummary(isp, index, aggregate, outcome, input)),
    sources: sourcesSummary(aggregate, input, evidence),
    ownLog,
    feedback: feedbackSummary(aggregate, input),
    adaptation: adaptation.scores,
    reputation: reputationSummary(input, series),
    faults: faultSummaries(aggregate, input, evidence),
    ...(suppression && { suppression }),
    latency: latencies.map(({ name, recorded }) => latencySummary(name, recorded)),
    metrics: metricValues(
      measure,
      input.thresholds.filter(({ k6 }) => !k6),
    ),
    ...(input.k6 && { k6: k6Summary(k6) }),
    ...(input.checks && { checks: input.checks }),
    phases: phasesWithLabels(input, faultPhases(aggregate, input, end / 1e6)),
    harness,
    machine: input.machine,
    mta: { ...input.mta, ...(input.mtaLog && { lastLines: input.mtaLog }) },
  };
  return {
    summary,
    series,
    histograms: latencies.map(({ name, recorded }) => ({ tag: name.replaceAll(' ', '_'), recorded })),
    dialogues: input.dialogues,
  };
}

/**
 * How far run and load have come. Of a run that goes on the second that has just begun is left out: its counts and
 * samples are yet to come. `loadEnd` undefined: the load's end was not recorded.
 */
function endsOf(
  aggregate: Aggregate,
  running: boolean,
): { readonly end: Micros; readonly loadEnd: Micros | undefined } {
  const end = aggregate.marks.get('ended') ?? lastMoment(aggregate);
  const loadEnd = aggregate.marks.get('load_ended');
  if (!running) return { end, loadEnd };
  const whole = Math.max(1, Math.floor((end - 1) / BUCKET_MICROS)) * BUCKET_MICROS;
  return { end: whole, loadEnd: Math.min(whole, loadEnd ?? whole) };
}

/** Messages that were due, if the MTA took none of them, nor answered a NOOP. */
function untakenOf(aggregate: Aggregate): number {
  const all = allInjections(aggregate);
  const taken = all.some(({ messages, probes }) => messages.confirmed + probes.answered > 0);
  return taken
    ? 0
    : all.reduce(
        (sum, { messages: { refused, unconfirmed, dropped } }) => sum + refused + unconfirmed + dropped,
        0,
      );
}

/** A check that failed says what it found rather than that it failed. */
function withFinding(judged: Judged, { checks = [] }: ReportInput): Judged {
  const { key, selector } = judged.threshold;
  const finding = checks.find(({ name }) => name === selector.check);
  return judged.passed || !finding ? judged : { ...judged, sentence: `${key}: ${finding.sentence}` };
}

/** The verdict while the run goes on, which none must take for one. */
function standOf(judged: readonly Judged[]): Summary['verdict'] {
  const holding = judged.filter((j) => j.passed).length;
  const sentence =
    judged.length === 0
      ? 'No thresholds, so nothing can fail.'
      : `${holding} of ${judged.length} thresholds hold as they stand.`;
  return { passed: false, exitCode: 0, sentence: `${sentence} Nothing is final yet.` };
}

function verdictOf(
  judged: readonly Judged[],
  {
    interrupted,
    abortedAt,
    labEnded,
    untaken,
  }: {
    readonly interrupted: boolean;
    readonly abortedAt: Micros | undefined;
    readonly labEnded: LabEnd | undefined;
    readonly untaken: number;
  },
  { mtaDied, aborted }: ReportInput,
): Summary['verdict'] {
  if (labEnded !== undefined) {
    const sentence = `The run did not come to its end: ${labEnded.why}`;
    return { passed: false, exitCode: labEnded.exitCode, sentence };
  }
  if (mtaDied !== undefined)
    return { passed: false, exitCode: 106, sentence: `The MTA ended during the run: ${mtaDied}` };
  if (abortedAt !== undefined) {
    // Said as it stood then: what was recorded afterwards may have changed the value.
    const why = aborted ?? 'a threshold with abortOnFail failed.';
    return { passed: false, exitCode: 99, sentence: `Aborted after ${formatDuration(abortedAt)}: ${why}` };
  }
  if (interrupted)
    return { passed: false, exitCode: 105, sentence: 'Interrupted; this is what was recorded until then.' };
  const verdict = thresholdsVerdict(judged, 'No thresholds, so nothing to fail.');
  if (!verdict.passed) return verdict;
  if (untaken > 0) {
    const sentence = `The MTA took none of the ${formatCount(untaken)} messages that were due.`;
    return { passed: false, exitCode: 106, sentence };
  }
  return verdict;
}

function warningsOf(
  aggregate: Aggregate,
  harness: HarnessLoad,
  outcome: Conservation,
  input: ReportInput,
  evidence: MtaEvidence,
): string[] {
  const warnings: string[] = [...harness.limits];
  if (aggregate.marks.has('drain_timeout')) {
    warnings.push(
      aggregate.feedback.waiting > 0
        ? `When the drain timed out, ${aggregate.feedback.waiting} of what was to come back was still to come; what was left in the queue is pending.`
        : 'The queue was not empty when the drain timed out; what was left in it is pending.',
    );
  }
  if (input.evidence.queue === 'list' && !evidence.queueListed && outcome.total.outcomes.unaccounted > 0) {
    warnings.push(
      "The MTA's queue could not be listed at the end, so recipients without an answer are unaccounted for.",
    );
  }
  warnings.push(...faultsLeftOut(aggregate, input));
  const { unconfirmed } = outcome;
  if (unconfirmed.recipients > 0) {
    const twice = unconfirmed.duplicated > 0 ? `, ${unconfirmed.duplicated} more than once` : '';
    warnings.push(
      `Recipients of injections that the MTA never confirmed are left out of the table: ${unconfirmed.recipients}, delivered all the same: ${unconfirmed.delivered}${twice}.`,
    );
  }
  if (aggregate.ledger.strangers > 0)
    warnings.push(`${aggregate.ledger.strangers} records name a message that was never planned.`);
  return warnings;
}

function totalsOf(
  aggregate: Aggregate,
  outcome: Conservation,
  measure: Measure,
  input: ReportInput,
  loadEnd: Micros | undefined,
): Totals {
  const count = (metric: MetricName): number => {
    const measured = measure(metric, {});
    return measured?.kind === 'counter' ? measured.count : 0;
  };
  const injections = allInjections(aggregate);
  const state = (name: 'refused' | 'unconfirmed'): number =>
    injections.reduce((sum, c) => sum + c.messages[name], 0);
  const confirmed = count('injections');
  const deliveries = acceptedBuckets(aggregate);
  const loadSeconds = loadSecondsOf(input, loadEnd);
  return {
    injectedMessages: confirmed,
    injectedRecipients: outcome.total.recipients,
    refusedInjections: state('refused'),
    unconfirmedInjections: state('unconfirmed'),
    droppedIterations: count('dropped_iterations'),
    delivered: outcome.total.outcomes.delivered,
    throttled: count('throttled'),
    deferred: count('deferred'),
    rejected: count('rejected'),
    connectionsOpened: count('connections_opened'),
    transactions: count('transactions'),
    injectedPerSecond: loadSeconds > 0 ? confirmed / loadSeconds : 0,
    deliveredPerSecond: deliveries.seconds > 0 ? deliveries.count / deliveries.seconds : 0,
  };
}

/** How long the load lasted, or has lasted so far. */
function loadSecondsOf({ run }: ReportInput, loadEnd: Micros | undefined): number {
  return Math.min(run.loadSeconds, (loadEnd ?? Number.POSITIVE_INFINITY) / 1e6);
}

function acceptedBuckets(aggregate: Aggregate): { count: number; seconds: number } {
  let count = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const row of aggregate.timeline.rows()) {
    const accepted = row.attempts[0] as number;
    if (accepted === 0) continue;
    count += accepted;
    first = Math.min(first, row.bucket);
    last = Math.max(last, row.bucket);
  }
  return { count, seconds: count === 0 ? 0 : last - first + 1 };
}

function outcomeCounts({ total }: Conservation): OutcomeCount[] {
  const notes: Record<string, { name: string; count: number }[]> = {
    delivered: [
      { name: 'delivered more than once by the MTA', count: total.duplicated },
      {
        name: 'delivered more than once, since the 250 never reached the MTA',
        count: total.duplicatedUnconfirmed,
      },
      { name: 'delivered again after the MTA was killed', count: total.duplicatedAfterCrash },
      { name: 'reported as failed all the same (false bounce)', count: total.falseBounces },
      { name: 'bounced by the ISP afterwards', count: total.asyncBounces },
    ],
    bounced: [{ name: 'without a DSN', count: total.missingDsns }],
  };
  return OUTCOMES.map((outcome) => ({
    outcome,
    count: total.outcomes[outcome],
    notes: notes[outcome] ?? [],
  }));
}

function ispSummary(
  { id, name }: { id: string; name: string },
  index: number,
  aggregate: Aggregate,
  outcome: Conservation,
  input: ReportInput,
): IspSummary {
  const rows: Row[] = [...aggregate.timeline.rows()].filter((row) => row.isp === index);
  const counts = outcome.byIsp[index];
  const given = new Map<number, number>();
  for (const row of rows) {
    const n = row.attempts.reduce((a, b) => a + b, 0) + row.connectionsRefused;
    given.set(row.reply, (given.get(row.reply) ?? 0) + n);
  }
  const replies: ReplyCount[] = [];
  for (const [reply, count] of given) {
    const facts = input.replies[reply];
    if (!facts || count === 0) continue;
    const { isp: _, ...shown } = facts;
    replies.push({ ...shown, count });
  }
  replies.sort((a, b) => b.count - a.count || a.id.localeCompare(b.id));
  return {
    id,
    name,
    recipients: counts?.recipients ?? 0,
    outcomes: counts?.outcomes ?? {
      delivered: 0,
      bounced: 0,
      expired: 0,
      pending: 0,
      lost: 0,
      unaccounted: 0,
    },
    ...countsIn(rows),
    connectionsRefused: rows.reduce((sum, row) => sum + row.connectionsRefused, 0),
    replies,
    messagesPerConnection: messagesPerConnection(aggregate, index),
    authentication: input.authentication[id] ?? null,
  };
}

/** Upper ends of the ranges in which the messages of connections are counted. */
const PER_CONNECTION = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

function messagesPerConnection(aggregate: Aggregate, isp: number): CountRange[] {
  const parts = [...aggregate.messagesPerConnection].filter(([key]) => key.startsWith(`${isp}/`));
  const counts = countsBetween(merge(parts.map(([, recorded]) => recorded)), PER_CONNECTION);
  const last = counts.findLastIndex((count) => count > 0);
  return counts.slice(0, last + 1).map((count, i) => ({
    from: (PER_CONNECTION[i - 1] ?? 0) + 1,
    to: PER_CONNECTION[i] ?? null,
    count,
  }));
}

function collectLatencies(aggregate: Aggregate, input: ReportInput): { name: string; recorded: Recorded }[] {
  const { ledger } = aggregate;
  const all = createRecorded();
  const byIsp = input.isps.map(() => createRecorded());
  for (const r of ledger.recipients()) {
    if (ledger.accepted(r) === 0 || !ledger.isConfirmed(r)) continue;
    const latency = ledger.acceptedAt(r) - ledger.due(r);
    record(all, latency);
    const isp = byIsp[ledger.isp(r)];
    if (isp) record(isp, latency);
  }
  const injections = allInjections(aggregate);
  return [
    { name: 'injection', recorded: merge(injections.map((c) => c.duration)) },
    { name: 'injection service time', recorded: merge(injections.map((c) => c.serviceTime)) },
    { name: 'connect', recorded: merge(injections.map((c) => c.connectDuration)) },
    { name: 'NOOP', recorded: merge(injections.map((c) => c.probeDuration)) },
    { name: 'delivery', recorded: all },
    ...input.isps.map((isp, index) => ({
      name: `delivery to ${isp.id}`,
      recorded: byIsp[index] as Recorded,
    })),
  ].filter(({ recorded }) => recorded.histogram.totalCount > 0);
}

/** Percentiles of the curve: closer and closer to 100, where the interesting part is. */
const CURVE = [
  0, 10, 25, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99,
  99.999,
];

function latencySummary(name: string, recorded: Recorded): LatencySummary {
  const t = trend(recorded, 1e-3);
  // A percentile finer than one sample says nothing that the maximum does not.
  const curve = CURVE.filter((p) => p === 0 || (100 - p) / 100 >= 1 / t.count).map(
    (p) => [p, t.percentile(p)] as const,
  );
  return {
    name,
    count: t.count,
    meanMs: t.avg,
    p50Ms: t.percentile(50),
    p90Ms: t.percentile(90),
    p99Ms: t.percentile(99),
    p999Ms: t.percentile(99.9),
    maxMs: t.max,
    curve,
  };
}

function metricValues(measure: Measure, thresholds: ReportInput['thresholds']): Record<string, MetricValue> {
  const values: Record<string, MetricValue> = {};
  const all = Object.keys(METRICS).map((name) => ({ key: name, metric: name, selector: {} }));
  for (const { key, metric, selector } of [...all, ...thresholds]) {
    const measured = measure(metric as MetricName, selector);
    if (measured) values[key] = metricValue(measured);
  }
  return values;
}

function phasesWithLabels({ phases, incidents }: ReportInput, faults: readonly Phase[]): Phase[] {
  const shown: Phase[] = phases
    .filter((span) => span.name !== 'incident')
    .map(({ name, from, to }) => ({ name, from: from / 1e6, to: to / 1e6 }));
  incidents.forEach(({ isp, start, end, label }, index) => {
    shown.push({ name: 'incident', from: start / 1e6, to: end / 1e6, incident: index + 1, isp, label });
  });
  return [...shown, ...faults].sort((a, b) => a.from - b.from);
}

function lastMoment(aggregate: Aggregate): Micros {
  let last = 0;
  for (const row of aggregate.timeline.rows()) last = Math.max(last, (row.bucket + 1) * 1e6);
  for (const sample of aggregate.timeline.samples) last = Math.max(last, sample.at);
  return last;
}
