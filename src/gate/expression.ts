/** The expression of a threshold, in the grammar that grammar.ts has: what is asked of a metric, and the limit. */
import { nearest } from '../core/nearest.ts';
import type { MetricDefinition, MetricKind } from './metrics.ts';
import type { Aggregation, Limit, Operator } from './threshold.ts';
import { WRITTEN } from './words.ts';

/** What a metric must be known to be for an expression about it to be checked. */
export type Unit = Pick<MetricDefinition, 'kind' | 'unit' | 'words'>;

/** What can be asked of each kind of metric, as thresholds write it. */
export const AGGREGATIONS: Record<MetricKind, readonly string[]> = {
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

/**
 * Parses an expression.
 * @param definition undefined: the metric is not known (yet), so that only the form can be checked
 */
export function parseExpression(
  metric: string | undefined,
  definition: Unit | undefined,
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
  const aggregation = parseAggregation(aggregationText);
  if (!aggregation) {
    problems.push(
      `"${aggregationText}" is not an aggregation; expected one of count, rate, value, avg, min, max, med, p(N) with N from 0 to 100`,
    );
  } else if (definition && !mayAsk(definition.kind, aggregation)) {
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

/** Whether an aggregation can be asked of a metric of a kind. */
export function mayAsk(kind: MetricKind, aggregation: Aggregation): boolean {
  return AGGREGATIONS[kind].includes(aggregation.kind === 'percentile' ? 'p(N)' : aggregation.kind);
}

type ParsedLimit = { readonly limit: Limit } | { readonly problem: string };

function parseLimit(
  text: string,
  operator: Operator,
  metric: string | undefined,
  definition: Unit | undefined,
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
  definition: Unit | undefined,
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
  definition: Unit | undefined,
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
