/** What of a run can be compared with another: a metric, narrowed by tags, and one number that is asked of it. */

import { k6Key } from '../../core/k6-key.ts';
import type { RunValue } from '../../gate/change.ts';
import { parseThreshold } from '../../gate/grammar.ts';
import { k6MetricNamed } from '../../gate/k6-metrics.ts';
import { parseK6Threshold } from '../../gate/k6-threshold.ts';
import { type MetricDefinition, metricNamed, type TagName } from '../../gate/metrics.ts';
import {
  type Aggregation,
  aggregationName,
  definitionOf,
  keyTitle,
  type Selector,
  type Threshold,
  valueAsked,
} from '../../gate/threshold.ts';
import type {
  AdaptationSummary,
  IncidentScores,
  MetricValue,
  Score,
  Summary,
  ThresholdResult,
} from '../summary.ts';

/** A number that runs have. */
export type Quantity = Pick<Threshold, 'metric' | 'selector' | 'aggregation' | 'k6'>;

/** The one name of a quantity: `delivered{isp:yahoo,phase:incident} rate`. */
export function nameOf(quantity: Quantity): string {
  return `${keyOf(quantity)} ${aggregationName(quantity.aggregation)}`;
}

/** A metric with its selector, the tags in one order. One of k6's whose name windtunnel has too is `k6's checks`. */
export function keyOf({ metric, selector, k6 }: Omit<Quantity, 'aggregation'>): string {
  if (k6) return keyTitle(k6Key({ name: metric, tags: k6.tags }), true);
  const tags = TAGS.filter((tag) => selector[tag] !== undefined).map((tag) => `${tag}:${selector[tag]}`);
  return tags.length === 0 ? metric : `${metric}{${tags.join(',')}}`;
}

/** The thresholds of a run, from its summary; those that this version can't read are left out. */
export function thresholdsOf(summary: Summary): Threshold[] {
  return summary.thresholds.flatMap((result) => thresholdOf(result, summary) ?? []);
}

/** What is known of a quantity's metric. */
export function knownOf({ metric, k6 }: Quantity): Partial<Omit<MetricDefinition, 'tags'>> | undefined {
  return k6 ? { ...k6MetricNamed(metric), ...definitionOf({ metric, k6 }) } : metricNamed(metric);
}

/** Every quantity that a summary tells by itself, by name. */
export function quantitiesIn(summary: Summary): Map<string, { quantity: Quantity; value: RunValue }> {
  const found = new Map<string, { quantity: Quantity; value: RunValue }>();
  const add = (metric: string, selector: Selector, aggregation: Aggregation, value: RunValue): void => {
    const quantity = { metric, selector, aggregation };
    found.set(nameOf(quantity), { quantity, value });
  };
  for (const [metric, value] of Object.entries(summary.metrics))
    for (const aggregation of usual(metric, value))
      add(metric, {}, aggregation, numberOf(value, aggregation));
  for (const [metric, { contains, value }] of Object.entries(summary.k6?.metrics ?? {})) {
    if (metric.includes('{')) continue;
    const k6 = { tags: {}, from: 'scenario', kind: value.kind, time: contains === 'time' } as const;
    for (const aggregation of usualOfK6(value)) {
      const quantity = { metric, selector: {}, aggregation, k6 };
      found.set(nameOf(quantity), { quantity, value: numberOf(value, aggregation) });
    }
  }
  for (const { id, accepted, throttled, deferred, rejected } of summary.isps)
    for (const [metric, count] of Object.entries({ delivered: accepted, throttled, deferred, rejected }))
      add(metric, { isp: id }, COUNT, count);
  for (const { id } of summary.isps) {
    const latency = summary.latency.find(({ name }) => name === `delivery to ${id}`);
    if (!latency) continue;
    add('delivery_latency', { isp: id }, MEDIAN, latency.p50Ms);
    add('delivery_latency', { isp: id }, percentile(99), latency.p99Ms);
  }
  for (const scores of summary.adaptation)
    if (scores.source === null)
      for (const [metric, selector, value] of scoresOf(scores))
        add(metric, selector, metricNamed(metric)?.kind === 'counter' ? COUNT : aggregationOf(metric), value);
  return found;
}

/** Reads quantities from a summary; undefined: it takes the run's records to know. */
export function reader(summary: Summary): (quantity: Quantity) => RunValue {
  const told = quantitiesIn(summary);
  const asked = new Map<string, RunValue>();
  for (const result of summary.thresholds) {
    const threshold = thresholdOf(result, summary);
    if (threshold) asked.set(nameOf(threshold), result.actual ?? (result.actualText as RunValue));
  }
  return (quantity) => {
    const name = nameOf(quantity);
    if (asked.has(name)) return asked.get(name);
    if (told.has(name)) return told.get(name)?.value;
    const value = valueIn(summary, quantity);
    return value && numberOf(value, quantity.aggregation);
  };
}

/** What one message more or less makes of a quantity, or one step of its measuring, in a run. */
export function stepOf(quantity: Quantity, summary: Summary): number {
  const { metric, selector, aggregation, k6 } = quantity;
  const definition = knownOf(quantity);
  if (definition?.kind === 'counter')
    return aggregation.kind === 'count' ? 1 : 1 / secondsOf(selector, summary);
  const value = k6 ? valueIn(summary, quantity) : summary.metrics[metric];
  if (value?.kind === 'rate') return value.total === 0 ? 0 : 1 / value.total;
  return definition?.step ?? 0;
}

// --- internal ---

const COUNT: Aggregation = { kind: 'count' };
const RATE: Aggregation = { kind: 'rate' };
const VALUE: Aggregation = { kind: 'value' };
const MEDIAN: Aggregation = { kind: 'med' };
const TAGS: readonly TagName[] = [
  'isp',
  'source',
  'vmta',
  'phase',
  'reply',
  'load',
  'incident',
  'check',
  'fault',
];

function thresholdOf({ metric, expression, k6 }: ThresholdResult, summary: Summary): Threshold | undefined {
  const parsed = k6
    ? parseK6Threshold(metric, expression, k6)
    : parseThreshold(metric, expression, tagsIn(metric));
  if (!('threshold' in parsed)) return undefined;
  const { threshold } = parsed;
  const seen = threshold.k6 && summary.k6?.metrics[threshold.metric];
  if (!threshold.k6 || !seen) return threshold;
  return { ...threshold, k6: { ...threshold.k6, kind: seen.value.kind, time: seen.contains === 'time' } };
}

/** What a summary keeps of a quantity's metric, if it has it. */
function valueIn({ metrics, k6 }: Summary, quantity: Quantity): MetricValue | undefined {
  const { metric, selector } = quantity;
  if (quantity.k6) return k6?.metrics[k6Key({ name: metric, tags: quantity.k6.tags })]?.value;
  return keyOf({ metric, selector }) === metric ? metrics[metric] : undefined;
}

function percentile(p: number): Aggregation {
  return { kind: 'percentile', percentile: p };
}

/** What of a metric is shown unless somebody asks for more: one number, or what tells most about a spread. */
function usual(metric: string, value: MetricValue): Aggregation[] {
  const definition = metricNamed(metric);
  if (!definition) return [];
  switch (value.kind) {
    case 'counter':
      // What happens along the load is a pace; what became of recipients is counted.
      return [(definition.tags as readonly TagName[]).includes('phase') ? RATE : COUNT];
    case 'rate':
      return [RATE];
    case 'gauge':
      return definition.words ? [VALUE] : [VALUE, { kind: 'max' }];
    case 'trend':
      return [MEDIAN, percentile(95), percentile(99)];
  }
}

/** The same of a metric of k6's. */
function usualOfK6({ kind }: MetricValue): Aggregation[] {
  if (kind === 'trend') return [MEDIAN, percentile(95), percentile(99)];
  return kind === 'gauge' ? [{ kind: 'max' }] : [RATE];
}

/** A number of a metric; undefined where a summary doesn't keep it. */
function numberOf(value: MetricValue, aggregation: Aggregation): RunValue {
  switch (value.kind) {
    case 'counter':
    case 'rate':
      return valueAsked(aggregation, value) ?? 'no samples';
    case 'gauge': {
      const { min, max, word } = value;
      if (word !== undefined) return word;
      if (value.value === null || min === null || max === null) return 'no samples';
      return valueAsked(aggregation, { kind: 'gauge', value: value.value, min, max });
    }
    case 'trend': {
      const { kind, count, avg, min, med, max, p90, p95, p99 } = value;
      const never = (number: number | null): number => number ?? Number.POSITIVE_INFINITY;
      const kept = new Map([
        [50, never(med)],
        [90, never(p90)],
        [95, never(p95)],
        [99, never(p99)],
      ]);
      if (count === 0) return 'no samples';
      const percentile = (p: number): number => kept.get(p) ?? Number.NaN;
      const numbers = { avg: never(avg), min: never(min), max: never(max) };
      return valueAsked(aggregation, { kind, count, ...numbers, percentile });
    }
  }
}

/** Scores of an ISP as a whole, with the metric and the selector that ask for each. Times in milliseconds. */
function scoresOf(scores: AdaptationSummary): [string, Selector, RunValue][] {
  const { isp } = scores;
  return [
    ['utilisation', { isp }, scores.utilisation],
    ['wasted_attempts', { isp }, scores.wastedAttempts],
    ['blocked_attempts', { isp }, scores.blockedAttempts],
    ['penalty_time', { isp }, scores.penaltySeconds * 1e3],
    ['oscillation', { isp }, scores.oscillation],
    ...scores.incidents.flatMap((incident) => incidentScores(isp, incident)),
  ];
}

function incidentScores(isp: string, scores: IncidentScores): [string, Selector, RunValue][] {
  const selector = { isp, incident: String(scores.incident) };
  return [
    ['utilisation', selector, scores.utilisation],
    ['reaction_time', selector, milliseconds(scores.reactionSeconds)],
    ['first_backoff', selector, milliseconds(scores.firstBackoffSeconds)],
    ['overshoot', selector, scores.overshoot],
    ['recovery_time', selector, milliseconds(scores.recoverySeconds)],
    ['drain_time', selector, milliseconds(scores.drainSeconds)],
    ['collateral', selector, scores.collateral],
  ];
}

function aggregationOf(metric: string): Aggregation {
  return metricNamed(metric)?.kind === 'rate' ? RATE : VALUE;
}

function milliseconds(score: Score): Score {
  return typeof score === 'number' ? score * 1e3 : score;
}

/** The tag values that a key names. A key in a summary has been checked against its scenario already. */
function tagsIn(key: string): Record<TagName, string[]> {
  const values = [...key.matchAll(/:\s*["']?([^,}"']+?)["']?\s*(?=[,}])/g)].map(
    (match) => match[1] as string,
  );
  return Object.fromEntries(TAGS.map((tag) => [tag, values])) as Record<TagName, string[]>;
}

/** The seconds that a counter's rate is over: see analysis/measure.ts. */
function secondsOf({ phase }: Selector, { phases, run }: Summary): number {
  const spans = phases.filter(({ name }) => name === phase);
  const seconds = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  return seconds > 0 ? seconds : Math.max(1, run.loadSeconds);
}
