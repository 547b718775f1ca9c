/**
 * Thresholds in k6's grammar, parsed and checked against the metric's kind before anything starts.
 *
 *   key         = metric [ "{" tag ":" value { "," tag ":" value } "}" ]
 *   expression  = aggregation operator limit
 *   aggregation = "count" | "rate" | "value" | "avg" | "min" | "max" | "med" | "p(" number ")"
 *   operator    = ">" | ">=" | "<" | "<=" | "==" | "===" | "!="
 *   limit       = number [ "ms" | "s" | "m" | "h" | "%" ]          a time only where the metric is one
 */
import { nearest } from '../core/nearest.ts';
import { trim } from '../core/units.ts';
import { METRICS, type MetricKind, metricNamed, type TagName } from './metrics.ts';

/** Tag values that narrow a metric; absent tags match everything. */
export type Selector = Partial<Record<TagName, string>>;

export type Aggregation =
  | { readonly kind: 'count' | 'rate' | 'value' | 'avg' | 'min' | 'max' | 'med' }
  | { readonly kind: 'percentile'; readonly percentile: number };

/** A parsed threshold. `limit` is in the metric's unit (milliseconds for times). */
export interface Threshold {
  readonly key: string;
  readonly metric: string;
  readonly selector: Selector;
  readonly expression: string;
  readonly aggregation: Aggregation;
  readonly operator: Operator;
  readonly limit: number;
}

/** What a metric measured, for one selector. Trends answer any percentile. */
export type Measured =
  | { readonly kind: 'counter'; readonly count: number; readonly rate: number }
  | { readonly kind: 'rate'; readonly rate: number; readonly total: number }
  | {
      readonly kind: 'gauge';
      readonly value: number;
      readonly min: number;
      readonly max: number;
      /** Why there is no number; the numbers are NaN then. */
      readonly word?: 'never' | 'not reached' | 'not applicable';
    }
  | {
      readonly kind: 'trend';
      readonly count: number;
      readonly avg: number;
      readonly min: number;
      readonly max: number;
      percentile(p: number): number;
    };

/** The verdict on one threshold. `actual` is undefined where there was nothing to measure. */
export interface Judged {
  readonly threshold: Threshold;
  readonly passed: boolean;
  readonly actual: number | undefined;
  readonly actualText: string;
  readonly sentence: string;
}

const OPERATORS = ['>=', '<=', '===', '==', '!=', '>', '<'] as const;
type Operator = (typeof OPERATORS)[number];

const AGGREGATIONS: Record<MetricKind, readonly string[]> = {
  counter: ['count', 'rate'],
  rate: ['rate'],
  gauge: ['value', 'min', 'max'],
  trend: ['avg', 'min', 'max', 'med', 'p(N)'],
};

const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3 };

/** Names that a selector may use: the scenario's ISPs, sources and replies; phases are fixed. */
export type KnownTags = Readonly<Record<TagName, readonly string[]>>;

/** Parses one threshold, or says in a sentence each what is wrong with it. */
export function parseThreshold(key: string, expression: string, known: KnownTags): Threshold | string[] {
  const problems: string[] = [];
  const target = parseKey(key, known, problems);
  const definition = target && metricNamed(target.metric);

  const match = /^\s*([a-z]+(?:\(\s*[\d.]+\s*\))?)\s*(>=|<=|===|==|!=|>|<)\s*(-?[\d.]+)\s*([a-z%]*)\s*$/.exec(
    expression,
  );
  if (!match) {
    problems.push(
      `"${expression}" is not a threshold; expected an aggregation, an operator and a number, such as "p(99)<250"`,
    );
    return problems;
  }
  const [, aggregationText = '', operator = '', numberText = '', unit = ''] = match;
  const aggregation = parseAggregation(aggregationText);
  if (!aggregation) {
    problems.push(
      `"${aggregationText}" is not an aggregation; expected one of count, rate, value, avg, min, max, med, p(N) with N from 0 to 100`,
    );
  } else if (definition && !allowed(definition.kind, aggregation)) {
    problems.push(
      `${target.metric} is a ${definition.kind}, which has no ${aggregationText}; expected ${AGGREGATIONS[definition.kind].join(', ')}`,
    );
  }
  const limit = parseLimit(numberText, unit, definition?.unit ?? 'ms');
  if (typeof limit === 'string') problems.push(limit);
  if (problems.length > 0 || !target || !aggregation || typeof limit === 'string') return problems;
  return { key, ...target, expression, aggregation, operator: operator as Operator, limit };
}

/** Judges a threshold. Nothing measured is a failure: a gate must not pass for want of evidence. */
export function judge(threshold: Threshold, measured: Measured | undefined): Judged {
  const actual = measured && aggregate(threshold.aggregation, measured);
  const unit = metricNamed(threshold.metric)?.unit ?? '';
  if (actual === undefined || Number.isNaN(actual)) {
    const sentence = `${threshold.key}: no samples, so ${threshold.expression} can't hold`;
    return { threshold, passed: false, actual: undefined, actualText: 'no samples', sentence };
  }
  const passed = compare(actual, threshold.operator, threshold.limit);
  const actualText = format(actual, unit, threshold.aggregation);
  const limitText = format(threshold.limit, unit, threshold.aggregation);
  const name = aggregationName(threshold.aggregation);
  const sentence = passed
    ? `${threshold.key}: ${name} is ${actualText}, as ${threshold.expression} asks`
    : `${threshold.key}: ${name} is ${actualText}, ${distance(actual, threshold, unit)}${threshold.expression} asks (limit ${limitText})`;
  return { threshold, passed, actual, actualText, sentence };
}

/** The metrics that can be named, for messages and help. */
export function metricNames(): string[] {
  return Object.keys(METRICS);
}

// --- internal ---

function parseKey(
  key: string,
  known: KnownTags,
  problems: string[],
): { metric: string; selector: Selector } | undefined {
  const match = /^\s*([A-Za-z_]+)\s*(?:\{(.*)\})?\s*$/.exec(key);
  if (!match) {
    problems.push(`"${key}" is not a metric; expected a name such as delivered or delivered{isp:gmail}`);
    return undefined;
  }
  const metric = match[1] as string;
  const definition = metricNamed(metric);
  if (!definition) {
    const near = nearest(metric, metricNames());
    problems.push(
      `unknown metric "${metric}"${near ? `; did you mean ${near}?` : `; expected one of ${metricNames().join(', ')}`}`,
    );
    return undefined;
  }
  const selector: Selector = {};
  for (const part of match[2] === undefined ? [] : match[2].split(',')) {
    const colon = part.indexOf(':');
    const tag = part.slice(0, colon < 0 ? undefined : colon).trim();
    const value = colon < 0 ? '' : part.slice(colon + 1).trim();
    if (!(definition.tags as readonly string[]).includes(tag)) {
      const tags = definition.tags.length > 0 ? definition.tags.join(', ') : 'no tags';
      problems.push(`${metric} can't be narrowed by "${tag}"; expected ${tags}`);
    } else if (!known[tag as TagName].includes(value)) {
      const near = nearest(value, known[tag as TagName]);
      problems.push(
        `unknown ${tag} "${value}"${near ? `; did you mean ${near}?` : `; expected one of ${known[tag as TagName].join(', ')}`}`,
      );
    } else selector[tag as TagName] = value;
  }
  return { metric, selector };
}

function parseAggregation(text: string): Aggregation | undefined {
  const percentile = /^p\(\s*([\d.]+)\s*\)$/.exec(text);
  if (percentile) {
    const p = Number(percentile[1]);
    return p >= 0 && p <= 100 ? { kind: 'percentile', percentile: p } : undefined;
  }
  switch (text) {
    case 'count':
    case 'rate':
    case 'value':
    case 'avg':
    case 'min':
    case 'max':
    case 'med':
      return { kind: text };
    default:
      return undefined;
  }
}

function allowed(kind: MetricKind, aggregation: Aggregation): boolean {
  return AGGREGATIONS[kind].includes(aggregation.kind === 'percentile' ? 'p(N)' : aggregation.kind);
}

function parseLimit(numberText: string, unit: string, metricUnit: 'ms' | ''): number | string {
  const value = Number(numberText);
  if (Number.isNaN(value)) return `"${numberText}" is not a number`;
  if (unit === '') return value;
  if (unit === '%')
    return metricUnit === '' ? value / 100 : `a time can't be a percentage; expected ms, s, m or h`;
  const factor = MS_PER_UNIT[unit];
  if (factor === undefined) return `unknown unit "${unit}"; expected ms, s, m, h or %`;
  return metricUnit === 'ms' ? value * factor : `"${unit}" is a unit of time, and this metric is not a time`;
}

function aggregate(aggregation: Aggregation, measured: Measured): number | undefined {
  switch (measured.kind) {
    case 'counter':
      return aggregation.kind === 'rate' ? measured.rate : measured.count;
    case 'rate':
      return measured.total === 0 ? undefined : measured.rate;
    case 'gauge':
      if (aggregation.kind === 'min') return measured.min;
      return aggregation.kind === 'max' ? measured.max : measured.value;
    case 'trend':
      if (measured.count === 0) return undefined;
      if (aggregation.kind === 'percentile') return measured.percentile(aggregation.percentile);
      if (aggregation.kind === 'med') return measured.percentile(50);
      if (aggregation.kind === 'min') return measured.min;
      return aggregation.kind === 'max' ? measured.max : measured.avg;
  }
}

function compare(actual: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '>':
      return actual > limit;
    case '>=':
      return actual >= limit;
    case '<':
      return actual < limit;
    case '<=':
      return actual <= limit;
    case '==':
    case '===':
      return actual === limit;
    case '!=':
      return actual !== limit;
  }
}

function distance(actual: number, threshold: Threshold, unit: 'ms' | ''): string {
  const gap = Math.abs(actual - threshold.limit);
  if (gap === 0) return 'not what ';
  const percent = threshold.limit === 0 ? '' : ` (${trim((gap / Math.abs(threshold.limit)) * 100)} %)`;
  return `${format(gap, unit, threshold.aggregation)}${percent} ${actual > threshold.limit ? 'above' : 'below'} what `;
}

function aggregationName(aggregation: Aggregation): string {
  return aggregation.kind === 'percentile' ? `p(${aggregation.percentile})` : aggregation.kind;
}

function format(value: number, unit: 'ms' | '', aggregation: Aggregation): string {
  if (unit === 'ms') return value >= 1e4 ? `${trim(value / 1e3)} s` : `${trim(value)} ms`;
  return aggregation.kind === 'count' ? value.toLocaleString('en') : trim(value);
}
