/** Answers what a threshold asks: the value of a metric, narrowed by tags. */

import type { MetricName } from '../gate/metrics.ts';
import type { Measured, Selector } from '../gate/threshold.ts';
import type { Aggregate } from '../record/aggregate.ts';
import {
  ATTEMPT_OUTCOMES,
  type AttemptOutcome,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  type FeedbackKind,
  type FeedbackState,
  NO_ISP,
  NONE16,
  TRANSACTION_OUTCOMES,
} from '../record/attempt-log.ts';
import { type FeedbackCounts, type FeedbackRow, waitingOf } from '../record/feedback-tally.ts';
import { createRecorded, meanOf, merge, type Recorded, record } from '../record/histograms.ts';
import type { InjectionCounts } from '../record/injection-counts.ts';
import type { RetryCounts } from '../record/ledger.ts';
import { BUCKET_MICROS, isGlobal, type Row, type Sample } from '../record/timeline.ts';
import { measureScore } from './adaptation/measure-score.ts';
import type { Adaptation } from './adaptation/scores.ts';
import type { Conservation, OutcomeCounts } from './conservation.ts';
import { DELIVERED_SCALE, type DeliveredMetric, deliveredValue } from './delivered.ts';
import { restartTime } from './faults.ts';
import { PHASES, type PhaseSpan, phaseAt } from './phases.ts';
import { queueAges } from './queue-age.ts';
import { measureSuppression, type Observed, observedRecipients } from './suppression.ts';

/** The names that stand behind the numbers in the records. */
export interface Names {
  /** ISP ids by index. */
  readonly isps: readonly string[];
  /** Source addresses by index. */
  readonly sources: readonly string[];
  /** Virtual MTAs with the numbers of their sources. */
  readonly vmtas: readonly { readonly name: string; readonly sources: readonly number[] }[];
  /** Reply ids by index. */
  readonly replies: readonly string[];
  readonly phases: readonly PhaseSpan[];
  /** Names of the loads by index. */
  readonly loads: readonly string[];
  /** The security checks that were made. */
  readonly checks?: readonly { readonly name: string; readonly passed: boolean }[] | undefined;
  /** The run goes on. */
  readonly running?: boolean | undefined;
}

/** A counter, as thresholds see it. */
type Counted = Extract<Measured, { kind: 'counter' }>;

export type Measure = (metric: MetricName, selector: Selector) => Measured | undefined;

/**
 * Builds the function that measures. Rates are over the load, or over the phase that the selector names.
 * @param outcome undefined while the run goes on: what became of recipients is not known yet
 * @param adaptation undefined while the run goes on, as well
 */
export function createMeasure(
  aggregate: Aggregate,
  outcome: Conservation | undefined,
  names: Names,
  adaptation: Adaptation | undefined,
): Measure {
  const loadEnd = names.phases.at(-1)?.to ?? 0;

  /** Rows of ISP, source and phase. */
  function matching<T extends Pick<Row, 'isp' | 'source' | 'bucket'>>(
    rows: Iterable<T>,
    selector: Selector,
  ): T[] {
    const isp = selector.isp === undefined ? undefined : names.isps.indexOf(selector.isp);
    const source = selector.source === undefined ? undefined : names.sources.indexOf(selector.source);
    return [...rows].filter(
      (row) =>
        (isp === undefined || row.isp === isp) &&
        (source === undefined || row.source === source) &&
        (selector.phase === undefined ||
          phaseAt(names.phases, row.bucket * BUCKET_MICROS) === selector.phase),
    );
  }

  function rows(selector: Selector): Row[] {
    const reply = selector.reply;
    return matching(aggregate.timeline.rows(), selector).filter(
      (row) => reply === undefined || names.replies[row.reply] === reply,
    );
  }

  function counter(selector: Selector, value: (row: Row) => number): Counted {
    return counted(rows(selector), selector, value);
  }

  /** A counter: the count is of everything; the rate of what fell into the load (or the phase), over its length. */
  function counted<T extends { readonly bucket: number }>(
    rows: readonly T[],
    selector: Selector,
    value: (row: T) => number,
  ): Counted {
    let count = 0;
    let within = 0;
    for (const row of rows) {
      const n = value(row);
      count += n;
      const at = row.bucket * BUCKET_MICROS;
      if (at >= 0 && at < loadEnd) within += n;
    }
    return { kind: 'counter', count, rate: within / seconds(selector) };
  }

  function seconds(selector: Selector): number {
    const spans = names.phases.filter((s) => selector.phase === undefined || s.name === selector.phase);
    return Math.max(1e-6, spans.reduce((sum, s) => sum + s.to - s.from, 0) / 1e6);
  }

  const byOutcome = (name: AttemptOutcome) => {
    const ordinal = ATTEMPT_OUTCOMES.indexOf(name);
    return (row: Row): number => row.attempts[ordinal] as number;
  };
  const transactions = (row: Row): number => row.transactions.reduce((sum, n) => sum + n, 0);

  /** What came back of one kind, or of all that is sent, that has come so far. */
  function feedback(selector: Selector, state: FeedbackState, kind?: FeedbackKind): Counted {
    const rows = matching(aggregate.feedback.rows(), selector);
    return counted<FeedbackRow>(rows, selector, (row) =>
      (kind ?? row.kind) === row.kind ? row.counts[state] : 0,
    );
  }

  /** Over all kinds that are sent, at one ISP or (with those that the mailroom could not tell) at all. */
  function sentBack({ isp }: Selector, value: (counts: FeedbackCounts) => number): Measured {
    const isps = isp === undefined ? [...names.isps.keys(), NO_ISP] : [names.isps.indexOf(isp)];
    let count = 0;
    for (const kind of FEEDBACK_KINDS) {
      if (kind === 'trap') continue;
      const sum = { due: 0, happened: 0, sent: 0, failed: 0, received: 0 };
      for (const i of isps) {
        const of = aggregate.feedback.of(i, kind);
        for (const state of FEEDBACK_STATES) sum[state] += of[state];
      }
      count += value(sum);
    }
    return { kind: 'counter', count, rate: count / seconds({}) };
  }

  function ratio(selector: Selector, part: (row: Row) => number, whole: (row: Row) => number): Measured {
    const matching = rows(selector);
    const total = matching.reduce((sum, row) => sum + whole(row), 0);
    const passes = matching.reduce((sum, row) => sum + part(row), 0);
    return { kind: 'rate', rate: total === 0 ? 0 : passes / total, total };
  }

  function injections(selector: Selector): InjectionCounts[] {
    return aggregate.injections
      .filter((_, load) => selector.load === undefined || names.loads[load] === selector.load)
      .flatMap((byPhase) => [...byPhase])
      .filter(([phase]) => (selector.phase ?? phase) === phase)
      .map(([, counts]) => counts);
  }

  function injectionCounter(selector: Selector, value: (counts: InjectionCounts) => number): Measured {
    const count = injections(selector).reduce((sum, c) => sum + value(c), 0);
    return { kind: 'counter', count, rate: count / seconds(selector) };
  }

  function injectionRate(
    selector: Selector,
    failed: (counts: InjectionCounts) => number,
    succeeded: (counts: InjectionCounts) => number,
  ): Measured {
    const all = injections(selector);
    const passes = all.reduce((sum, c) => sum + failed(c), 0);
    const total = passes + all.reduce((sum, c) => sum + succeeded(c), 0);
    return { kind: 'rate', rate: total === 0 ? 0 : passes / total, total };
  }

  function fromOutcomes(selector: Selector, value: (counts: OutcomeCounts) => number): Measured | undefined {
    if (outcome === undefined) return undefined;
    const counts =
      selector.isp === undefined ? outcome.total : outcome.byIsp[names.isps.indexOf(selector.isp)];
    const count = counts ? value(counts) : 0;
    return { kind: 'counter', count, rate: count / seconds({}) };
  }

  /** Of a source or a virtual MTA; nothing without either, since all together is everything. */
  function sourceShare({ isp, source, vmta }: Selector): Measured | undefined {
    const ofVmta =
      vmta === undefined ? undefined : (names.vmtas.find(({ name }) => name === vmta)?.sources ?? []);
    if (source === undefined && vmta === undefined) return undefined;
    let part = 0;
    let whole = 0;
    for (const [i, bySource] of aggregate.ledger.firsts) {
      if (isp !== undefined && names.isps[i] !== isp) continue;
      for (const [s, count] of bySource) {
        whole += count;
        if ((source ?? names.sources[s]) === names.sources[s] && (ofVmta?.includes(s) ?? true)) part += count;
      }
    }
    if (whole === 0) return undefined;
    const value = part / whole;
    return { kind: 'gauge', value, min: value, max: value };
  }

  function fromRetries({ isp }: Selector, value: (counts: RetryCounts) => number): Measured {
    let count = 0;
    for (const [i, counts] of aggregate.ledger.retries)
      if (isp === undefined || names.isps[i] === isp) count += value(counts);
    return { kind: 'counter', count, rate: count / seconds({}) };
  }

  /** One pass over the delivered recipients that a selector matches. */
  function deliveredTrend(metric: DeliveredMetric, selector: Selector): Measured {
    const { ledger } = aggregate;
    const valueFor = deliveredValue(metric, selector, names, ledger);
    const into = createRecorded();
    for (const r of ledger.recipients()) {
      if (ledger.accepted(r) === 0 || !ledger.isConfirmed(r)) continue;
      const value = valueFor(r);
      if (value !== undefined) record(into, value);
    }
    return trend(into, DELIVERED_SCALE[metric]);
  }

  let seen: readonly Observed[] | undefined;
  const observed = (): readonly Observed[] => {
    seen ??= observedRecipients(aggregate);
    return seen;
  };

  return (metric, selector) => {
    switch (metric) {
      case 'checks': {
        const made = (names.checks ?? []).filter(({ name }) => name === (selector.check ?? name));
        const passes = made.filter(({ passed }) => passed).length;
        return made.length === 0
          ? undefined
          : { kind: 'rate', rate: passes / made.length, total: made.length };
      }
      case 'injections':
        return injectionCounter(selector, (c) => c.messages.confirmed);
      case 'dropped_iterations':
        return injectionCounter(selector, (c) => c.messages.dropped);
      case 'injections_deferred':
        return injectionCounter(selector, (c) => c.messages.deferred);
      case 'injection_failed':
        return injectionRate(
          selector,
          (c) => c.messages.refused + c.messages.unconfirmed,
          (c) => c.messages.confirmed,
        );
      case 'injection_connect_duration':
        return trend(merge(injections(selector).map((c) => c.connectDuration)), 1e-3);
      case 'injection_connect_failed':
        return injectionRate(
          selector,
          (c) => c.connections.refused + c.connections.failed,
          (c) => c.connections.opened,
        );
      case 'injection_connections_lost':
        return injectionCounter(selector, (c) => c.connections.lost);
      case 'injection_connections': {
        const open = driverConnections(aggregate.timeline.samples);
        if (open.length === 0) return undefined;
        return { kind: 'gauge', value: open.at(-1) as number, ...range(open) };
      }
      case 'noops':
        return injectionCounter(selector, (c) => c.probes.answered);
      case 'noop_duration':
        return trend(merge(injections(selector).map((c) => c.probeDuration)), 1e-3);
      case 'noop_failed':
        return injectionRate(
          selector,
          (c) => c.probes.failed,
          (c) => c.probes.answered,
        );
      case 'injection_duration':
        return trend(merge(injections(selector).map((c) => c.duration)), 1e-3);
      case 'injection_service_time':
        return trend(merge(injections(selector).map((c) => c.serviceTime)), 1e-3);
      case 'connections_opened':
        return counter(selector, (row) => row.connectionsOpened);
      case 'wasted_connections':
        return ratio(
          selector,
          (row) => row.connectionsRefused,
          (row) => row.connectionsOpened,
        );
      case 'transactions':
        return counter(selector, transactions);
      case 'wasted_attempts': {
        const throttled = TRANSACTION_OUTCOMES.indexOf('throttled');
        const recycled = TRANSACTION_OUTCOMES.indexOf('recycled');
        const tried = (row: Row): number => transactions(row) - (row.transactions[recycled] as number);
        return ratio(selector, (row) => row.transactions[throttled] as number, tried);
      }
      case 'delivered':
        return counter(selector, byOutcome('accepted'));
      case 'throttled':
      case 'deferred':
      case 'rejected':
      case 'dropped':
        return counter(selector, byOutcome(metric));
      case 'delivery_latency':
      case 'attempts_per_delivery':
        return deliveredTrend(metric, selector);
      case 'messages_per_connection': {
        const isp = selector.isp === undefined ? undefined : String(names.isps.indexOf(selector.isp));
        const source =
          selector.source === undefined ? undefined : String(names.sources.indexOf(selector.source));
        const parts = [...aggregate.messagesPerConnection].filter(([key]) => {
          const [i, s] = key.split('/');
          return (isp ?? i) === i && (source ?? s) === s;
        });
        return trend(merge(parts.map(([, recorded]) => recorded)), 1);
      }
      case 'source_share':
        return sourceShare(selector);
      case 'source_changes':
        return fromRetries(selector, (counts) => counts.fromOtherSource);
      case 'vmta_changes':
        return fromRetries(selector, (counts) => counts.fromOtherVmta);
      case 'foreign_attempts':
        return counter(selector, (row) =>
          row.source === NONE16 ? row.attempts.reduce((sum, n) => sum + n, 0) : 0,
        );
      case 'queue_depth': {
        const values = aggregate.timeline.samples
          .filter((s) => s.name === 'queue_depth' && isGlobal(s))
          .map((s) => s.value);
        if (values.length === 0) return undefined;
        return { kind: 'gauge', value: values.at(-1) as number, ...range(values) };
      }
      case 'queue_age': {
        const ages = queueAges(aggregate, Math.ceil(loadEnd / BUCKET_MICROS), names.running).map(
          (age) => (age ?? 0) * 1e3,
        );
        if (ages.length === 0) return undefined;
        return { kind: 'gauge', value: ages.at(-1) as number, ...range(ages) };
      }
      case 'utilisation':
      case 'blocked_attempts':
      case 'penalty_time':
      case 'reaction_time':
      case 'first_backoff':
      case 'overshoot':
      case 'recovery_time':
      case 'drain_time':
      case 'collateral':
      case 'oscillation':
        return adaptation && measureScore(adaptation, metric, selector, seconds({}));
      case 'restart_time':
        return restartTime(aggregate.faults, selector.fault);
      case 'bounced':
      case 'expired':
      case 'pending':
      case 'lost':
      case 'unaccounted':
        return fromOutcomes(selector, (counts) => counts.outcomes[metric]);
      case 'duplicated':
        return fromOutcomes(selector, (counts) => counts.duplicated);
      case 'crash_duplicated':
        return fromOutcomes(selector, (counts) => counts.duplicatedAfterCrash);
      case 'missing_dsn':
        return fromOutcomes(selector, (counts) => counts.missingDsns);
      case 'false_bounce':
        return fromOutcomes(selector, (counts) => counts.falseBounces);
      case 'complaints':
        return feedback(selector, 'happened', 'complaint');
      case 'complaint_rate': {
        const { count: total } = counter(selector, byOutcome('accepted'));
        const { count } = feedback(selector, 'happened', 'complaint');
        return { kind: 'rate', rate: total === 0 ? 0 : count / total, total };
      }
      case 'trap_hits':
        return feedback(selector, 'due', 'trap');
      case 'unsubscribes':
        return feedback(selector, 'received', 'unsubscribe');
      case 'malformed_reports':
        return feedback(selector, 'received', 'malformed');
      case 'feedback_sent':
        return feedback(selector, 'sent');
      case 'feedback_failed':
        return sentBack(selector, (counts) => counts.failed + waitingOf(counts));
      case 'feedback_lost':
        return sentBack(selector, ({ sent, received }) => Math.max(0, sent - received));
      case 'async_bounces':
        return fromOutcomes(selector, (counts) => counts.asyncBounces);
      case 'sent_after_bounce':
      case 'sent_after_complaint':
      case 'sent_after_unsubscribe':
      case 'suppression_delay':
      case 'kept_after_withdrawal': {
        const isp = selector.isp === undefined ? undefined : names.isps.indexOf(selector.isp);
        return measureSuppression(observed(), metric, isp, seconds({}));
      }
      case 'mismatched': {
        const isp = selector.isp === undefined ? undefined : names.isps.indexOf(selector.isp);
        let count = 0;
        for (const [i, n] of aggregate.mismatched) if (isp === undefined || i === isp) count += n;
        return { kind: 'counter', count, rate: count / seconds({}) };
      }
    }
  };
}

/** The phases that a selector may name. */
export const phaseNames: readonly string[] = PHASES;

function range(values: readonly number[]): { min: number; max: number } {
  return {
    min: values.reduce((a, b) => Math.min(a, b)),
    max: values.reduce((a, b) => Math.max(a, b)),
  };
}

/** Connections that all workers of the driver hold open together, by second since the load began. */
export function driverConnections(samples: readonly Sample[]): number[] {
  const byWorker = new Map<number, number[]>();
  for (const { name, at, worker, value } of samples) {
    if (name !== 'injection_connections') continue;
    const seconds = byWorker.get(worker) ?? [];
    byWorker.set(worker, seconds);
    // A worker that ends samples once more; the second keeps the most that it had.
    const second = Math.max(0, Math.round(at / BUCKET_MICROS) - 1);
    seconds[second] = Math.max(seconds[second] ?? 0, value);
  }
  const total: number[] = [];
  const length = Math.max(0, ...[...byWorker.values()].map((seconds) => seconds.length));
  for (const seconds of byWorker.values()) {
    let known = 0;
    for (let second = 0; second < length; second++) {
      // A second without a sample has the value before it; a worker that has ended holds none.
      known = second >= seconds.length ? 0 : (seconds[second] ?? known);
      total[second] = (total[second] ?? 0) + known;
    }
  }
  return total;
}

/** A trend over a histogram; `scale` turns what was recorded into the metric's unit. */
export function trend(recorded: Recorded, scale: number): Extract<Measured, { kind: 'trend' }> {
  const { histogram } = recorded;
  const count = histogram.totalCount;
  return {
    kind: 'trend',
    count,
    avg: meanOf(recorded) * scale,
    min: count === 0 ? 0 : histogram.minNonZeroValue * scale,
    max: histogram.maxValue * scale,
    // A bucket reports its upper end, which can lie beyond the largest value seen.
    percentile: (p) => Math.min(histogram.getValueAtPercentile(p), histogram.maxValue) * scale,
  };
}
