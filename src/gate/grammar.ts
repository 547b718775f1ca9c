/**
 * Thresholds in k6's grammar (k6 documentation, "Thresholds"), with units, words and baselines added; parsed and checked
 * against the metric's kind before anything starts. Blanks may stand between all parts.
 *
 *   key         = metric [ "{" tag ":" value { "," tag ":" value } "}" ]      a value may stand in quotes
 *   expression  = aggregation operator limit
 *   aggregation = "count" | "rate" | "value" | "avg" | "min" | "max" | "med" | "p(" number ")"
 *   operator    = ">" | ">=" | "<" | "<=" | "==" | "===" | "!="
 *   limit       = number [ "ms" | "s" | "m" | "h" ]     a unit of time only where the metric is one
 *               | number "%"                            not for times and counters
 *               | [ number "*" ] "baseline"
 *               | word                                  with == and != only, where the metric has words
 *   number      = 250 | 0.5 | .5 | -1 | 1e3
 *   word        = "never" | "not-reached" | "not-applicable"
 */
import { nearest } from '../core/nearest.ts';
import { METRICS, type MetricDefinition, type MetricKind, metricNamed, type TagName } from './metrics.ts';
import type { Aggregation, Limit, Operator, Selector, Threshold } from './threshold.ts';
import { WRITTEN } from './words.ts';

/** Names that a selector may use: the scenario's ISPs, sources and replies; phases are fixed. */
export type KnownTags = Readonly<Record<TagName, readonly string[]>>;

/** What is wrong with a threshold, a sentence each, by the part that is. */
export interface ThresholdProblems {
  readonly inKey: readonly string[];
  readonly inExpression: readonly string[];
}

/** Parses one threshold, or says what is wrong with it. */
export function parseThreshold(
  key: string,
  expression: string,
  known: KnownTags,
): { readonly threshold: Threshold } | { readonly problems: ThresholdProblems } {
  const inKey: string[] = [];
  const inExpression: string[] = [];
  const target = parseKey(key, known, inKey);
  const parsed = parseExpression(target?.metric, expression, inExpression);
  if (!target || !parsed || inKey.length > 0 || inExpression.length > 0)
    return { problems: { inKey, inExpression } };
  return { threshold: { key, ...target, expression, ...parsed } };
}

/** The metrics that can be named, for messages and help. */
export function metricNames(): string[] {
  return Object.keys(METRICS);
}

// --- the key ---

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
    problems.push(`unknown metric "${metric}"${meant(metric, metricNames())}`);
    return undefined;
  }
  return { metric, selector: parseSelector(metric, definition, match[2], known, problems) };
}

function parseSelector(
  metric: string,
  { tags }: MetricDefinition,
  text: string | undefined,
  known: KnownTags,
  problems: string[],
): Selector {
  const selector: Selector = {};
  if (text === undefined) return selector;
  const expected = tags.length > 0 ? tags.join(', ') : 'no tags';
  // As in k6, a comma too many does no harm.
  const parts = text.split(',').filter((part) => part.trim() !== '');
  if (parts.length === 0) problems.push(`${metric}{} names no tag; expected ${expected}`);
  for (const part of parts) {
    const colon = part.indexOf(':');
    const tag = unquoted(part.slice(0, colon < 0 ? undefined : colon)) as TagName;
    const value = colon < 0 ? '' : unquoted(part.slice(colon + 1));
    if (!tags.includes(tag)) problems.push(`${metric} can't be narrowed by "${tag}"; expected ${expected}`);
    else if (selector[tag] !== undefined) problems.push(`"${tag}" is named twice`);
    else if (!known[tag].includes(value))
      problems.push(`unknown ${tag} "${value}"${meant(value, known[tag], 'this scenario has none')}`);
    else selector[tag] = value;
  }
  return selector;
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}

function meant(name: string, known: readonly string[], none = ''): string {
  if (known.length === 0) return `; ${none}`;
  const near = nearest(name, known);
  return near === undefined ? `; expected one of ${known.join(', ')}` : `; did you mean ${near}?`;
}

// --- the expression ---

const AGGREGATIONS: Record<MetricKind, readonly string[]> = {
  counter: ['count', 'rate'],
  rate: ['rate'],
  gauge: ['value', 'min', 'max'],
  trend: ['avg', 'min', 'max', 'med', 'p(N)'],
};

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
const QUANTITY = new RegExp(`^(${NUMBER})\\s*([a-zA-Z%]*)$`);
const BASELINE = new RegExp(`^(?:(${NUMBER})\\s*\\*\\s*)?baseline$`);
const PERCENTILE = new RegExp(`^p\\(\\s*(${NUMBER})\\s*\\)$`);

const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3 };

/** Parses an expression; `metric` undefined: its key is wrong, so that only the form can be checked. */
function parseExpression(
  metric: string | undefined,
  expression: string,
  problems: string[],
): { aggregation: Aggregation; operator: Operator; limit: Limit } | undefined {
  const match = /^\s*([^<>=!]+?)\s*(>=|<=|===|==|!=|>|<)\s*(.+?)\s*$/.exec(expression);
  if (!match) {
    problems.push(
      `"${expression}" is not a threshold; expected an aggregation, an operator and a number, such as "p(99)<250"`,
    );
    return undefined;
  }
  const [, aggregationText = '', operator = '', limitText = ''] = match;
  const definition = metric === undefined ? undefined : metricNamed(metric);
  const aggregation = parseAggregation(aggregationText);
  if (!aggregation) {
    problems.push(
      `"${aggregationText}" is not an aggregation; expected one of count, rate, value, avg, min, max, med, p(N) with N from 0 to 100`,
    );
  } else if (definition && !allowed(definition.kind, aggregation)) {
    problems.push(
      `${metric} is a ${definition.kind}, which has no ${aggregationText}; expected ${AGGREGATIONS[definition.kind].join(', ')}`,
    );
  }
  const limit = parseLimit(limitText, operator as Operator, metric, definition);
  if ('problem' in limit) problems.push(limit.problem);
  if (!aggregation || 'problem' in limit) return undefined;
  return { aggregation, operator: operator as Operator, limit: limit.limit };
}

function parseAggregation(text: string): Aggregation | undefined {
  const percentile = PERCENTILE.exec(text);
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

type ParsedLimit = { readonly limit: Limit } | { readonly problem: string };

function parseLimit(
  text: string,
  operator: Operator,
  metric: string | undefined,
  definition: MetricDefinition | undefined,
): ParsedLimit {
  const quantity = QUANTITY.exec(text);
  if (quantity) return parseQuantity(Number(quantity[1]), quantity[2] as string, metric, definition);
  const relative = BASELINE.exec(text);
  if (relative) {
    const factor = relative[1] === undefined ? 1 : Number(relative[1]);
    if (factor > 0) return { limit: { timesBaseline: factor } };
    return { problem: `"${text}" has no meaning; expected a factor above 0, such as 0.95*baseline` };
  }
  if (Object.hasOwn(WRITTEN, text))
    return parseWord(text as keyof typeof WRITTEN, operator, metric, definition);
  if (text.includes('baseline'))
    return {
      problem: `"${text}" is not a limit; expected baseline, or a multiple of it such as 0.95*baseline`,
    };
  const near = /^[a-z]/i.test(text) ? nearest(text, [...Object.keys(WRITTEN), 'baseline']) : undefined;
  return { problem: `"${text}" is not a number${near === undefined ? '' : `; did you mean ${near}?`}` };
}

function parseWord(
  word: keyof typeof WRITTEN,
  operator: Operator,
  metric: string | undefined,
  definition: MetricDefinition | undefined,
): ParsedLimit {
  if (definition && !definition.words)
    return { problem: `"${word}" is not a number, and ${metric} always is one` };
  if (!['==', '===', '!='].includes(operator))
    return { problem: `"${word}" is not a number; expected == or != before it` };
  return { limit: WRITTEN[word] };
}

function parseQuantity(
  value: number,
  unit: string,
  metric: string | undefined,
  definition: MetricDefinition | undefined,
): ParsedLimit {
  if (unit === '') return { limit: value };
  const isTime = definition?.unit === 'ms';
  if (unit === '%') {
    if (isTime) return { problem: "a time can't be a percentage; expected ms, s, m or h" };
    if (definition?.kind === 'counter')
      return { problem: `a percentage is of something, and ${metric} is a counter; expected a number` };
    return { limit: value / 100 };
  }
  const factor = MS_PER_UNIT[unit];
  if (factor === undefined) return { problem: `unknown unit "${unit}"; expected ms, s, m, h or %` };
  if (definition && !isTime) return { problem: `"${unit}" is a unit of time, and ${metric} is not a time` };
  return { limit: value * factor };
}
