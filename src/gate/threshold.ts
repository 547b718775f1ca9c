/** A threshold as parsed (gate/grammar.ts), what a metric measured, and the verdict of one on the other. */
import { formatDuration, trim } from '../core/units.ts';
import { type MetricDefinition, type MetricKind, metricNamed, type TagName } from './metrics.ts';
import { reasonOf, type Word, written } from './words.ts';

/** Tag values that narrow a metric; absent tags match everything. */
export type Selector = Partial<Record<TagName, string>>;

/** What is asked of a metric. */
export type Aggregation =
  | { readonly kind: 'count' | 'rate' | 'value' | 'avg' | 'min' | 'max' | 'med' }
  | { readonly kind: 'percentile'; readonly percentile: number };

/** How a value is compared with a limit. */
export type Operator = '>' | '>=' | '<' | '<=' | '==' | '===' | '!=';

/** A number in the metric's unit (milliseconds for times), a word, or so many times the baseline's mean. */
export type Limit = number | Word | { readonly timesBaseline: number };

/** A metric of k6's that a threshold is about. */
export interface K6Asked {
  /** What its samples are tagged with; {}: all of them. */
  readonly tags: Readonly<Record<string, string>>;
  /** Who asks: the scenario, or the user's script (`options.thresholds`). */
  readonly from: 'scenario' | 'script';
  /** Its kind, and whether it is a time; absent where a script's own metric has not been seen yet. */
  readonly kind?: MetricKind;
  readonly time?: boolean;
}

/** A parsed threshold. Plain data: it is kept in run.json. */
export interface Threshold {
  readonly key: string;
  readonly metric: string;
  readonly selector: Selector;
  readonly expression: string;
  readonly aggregation: Aggregation;
  readonly operator: Operator;
  readonly limit: Limit;
  /**
   * `abortOnFail`: the run ends when it fails, so many microseconds after the load's begin at the earliest
   * (`delayAbortEval`). Absent: it is judged at the end alone.
   */
  readonly abortAfter?: number;
  /** Absent: the metric is one of windtunnel's (gate/metrics.ts), narrowed by `selector`, which is empty for k6's. */
  readonly k6?: K6Asked;
}

/** What is wrong with a threshold, a sentence each, by the part that is. */
export interface ThresholdProblems {
  readonly inKey: readonly string[];
  readonly inExpression: readonly string[];
}

/** What a metric measured, for one selector. Trends answer any percentile; Infinity is `never`. */
export type Measured =
  | { readonly kind: 'counter'; readonly count: number; readonly rate: number }
  | { readonly kind: 'rate'; readonly rate: number; readonly total: number }
  | {
      readonly kind: 'gauge';
      readonly value: number;
      readonly min: number;
      readonly max: number;
      /** Why there is no number; the numbers are NaN then. */
      readonly word?: Word;
    }
  | {
      readonly kind: 'trend';
      readonly count: number;
      readonly avg: number;
      readonly min: number;
      readonly max: number;
      percentile(p: number): number;
    };

/** The verdict on one threshold. `actual` is undefined where there was no number. */
export interface Judged {
  readonly threshold: Threshold;
  readonly passed: boolean;
  readonly actual: number | undefined;
  readonly actualText: string;
  /** What a relative limit came to: `0.95 × 1,234/s = 1,172/s`. Undefined for other limits. */
  readonly limitText: string | undefined;
  readonly sentence: string;
}

/** The value that a threshold looks at; undefined where nothing was measured. */
export function valueAsked(
  aggregation: Aggregation,
  measured: Measured | undefined,
): number | Word | undefined {
  const value = measured && aggregate(aggregation, measured);
  return typeof value === 'number' && Number.isNaN(value) ? undefined : value;
}

/**
 * Judges a threshold. Nothing measured is a failure: a gate must not pass for want of evidence.
 * @param baseline what the baseline's runs measured for it; needed where the limit is relative
 */
export function judge(
  threshold: Threshold,
  measured: Measured | undefined,
  baseline: readonly number[] = [],
): Judged {
  const { expression, limit } = threshold;
  const key = titled(threshold);
  const value = valueAsked(threshold.aggregation, measured);
  const because = (actualText: string, reason: string): Judged => ({
    threshold,
    passed: false,
    actual: typeof value === 'number' ? value : undefined,
    actualText,
    limitText: undefined,
    sentence: `${key}: ${reason} ${expression} can't hold`,
  });
  if (value === undefined) return because('no samples', 'no samples, so');
  if (typeof value === 'string' && typeof limit !== 'string') {
    const nothing = value === 'not applicable' ? ', so there was nothing to judge and' : ', so';
    return because(value, `${reasonOf(threshold.metric, value)}${nothing}`);
  }
  if (typeof value === 'string' || typeof limit === 'string')
    return judgeWord(threshold, value, limit as Word);
  const resolved = resolve(threshold, baseline);
  const actualText = format(value, threshold);
  if (!resolved) {
    const name = aggregationName(threshold.aggregation);
    return because(
      actualText,
      `${name} is ${actualText}, but the baseline has no value to compare it with, so`,
    );
  }
  return judgeNumber(threshold, value, resolved);
}

/** What a value is of, as far as its unit goes. */
type Asked = Pick<Threshold, 'metric' | 'aggregation' | 'k6'>;

/** What is known of a threshold's metric; of k6's only kind and unit. */
export function definitionOf({
  metric,
  k6,
}: Pick<Threshold, 'metric' | 'k6'>): Partial<Omit<MetricDefinition, 'tags'>> | undefined {
  if (!k6) return metricNamed(metric);
  return { ...(k6.kind && { kind: k6.kind }), unit: k6.time ? 'ms' : '' };
}

/** A value that a threshold asks for, with its unit. */
export function valueText(value: number, asked: Asked): string {
  return format(value, asked);
}

/** A threshold's key for people: `k6's checks` where k6's metric is meant and windtunnel has one of that name too. */
export function keyTitle(key: string, ofK6: boolean): string {
  return ofK6 && metricNamed(key.replace(/\{.*/, '').trim()) ? `k6's ${key}` : key;
}

/** How an aggregation is written: `p(99)`. */
export function aggregationName(aggregation: Aggregation): string {
  return aggregation.kind === 'percentile' ? `p(${aggregation.percentile})` : aggregation.kind;
}

// --- internal ---

function titled({ key, k6 }: Threshold): string {
  return keyTitle(key, k6 !== undefined);
}

interface Resolved {
  readonly limit: number;
  /** How a relative limit came about. */
  readonly text: string | undefined;
}

function resolve(threshold: Threshold, baseline: readonly number[]): Resolved | undefined {
  const { limit } = threshold;
  if (typeof limit === 'number') return { limit, text: undefined };
  if (typeof limit === 'string' || baseline.length === 0) return undefined;
  const mean = baseline.reduce((sum, value) => sum + value, 0) / baseline.length;
  const factor = limit.timesBaseline;
  const product = format(factor * mean, threshold);
  return {
    limit: factor * mean,
    text: factor === 1 ? product : `${factor} × ${format(mean, threshold)} = ${product}`,
  };
}

function judgeNumber(threshold: Threshold, actual: number, { limit, text }: Resolved): Judged {
  const { expression, operator, aggregation } = threshold;
  const key = titled(threshold);
  const passed = compare(actual, operator, limit);
  const actualText = format(actual, threshold);
  const begin = `${key}: ${aggregationName(aggregation)} is ${actualText}`;
  const sentence = passed
    ? `${begin}, as ${expression} asks${text === undefined ? '' : ` (limit ${text})`}`
    : `${begin}, ${distance(actual, limit, threshold)}${expression} asks (limit ${text ?? format(limit, threshold)})`;
  return { threshold, passed, actual, actualText, limitText: text, sentence };
}

/** The limit is a word: only whether it is the one that was measured counts. */
function judgeWord(threshold: Threshold, value: number | Word, limit: Word): Judged {
  const { expression, operator, aggregation } = threshold;
  const key = titled(threshold);
  const passed = (value === limit) === (operator !== '!=');
  const actualText = typeof value === 'string' ? value : format(value, threshold);
  const begin =
    typeof value === 'string' && !passed
      ? reasonOf(threshold.metric, value)
      : `${aggregationName(aggregation)} is ${actualText}`;
  const wanted = operator === '!=' ? `anything but ${written(limit)}` : written(limit);
  const end = passed ? `as ${expression} asks` : `and ${expression} asks for ${wanted}`;
  return {
    threshold,
    passed,
    actual: typeof value === 'number' ? value : undefined,
    actualText,
    limitText: undefined,
    sentence: `${key}: ${begin}, ${end}`,
  };
}

function aggregate(aggregation: Aggregation, measured: Measured): number | Word | undefined {
  switch (measured.kind) {
    case 'counter':
      return aggregation.kind === 'rate' ? measured.rate : measured.count;
    case 'rate':
      return measured.total === 0 ? undefined : measured.rate;
    case 'gauge':
      if (measured.word !== undefined) return measured.word;
      if (aggregation.kind === 'min') return measured.min;
      return aggregation.kind === 'max' ? measured.max : measured.value;
    case 'trend': {
      if (measured.count === 0) return undefined;
      const value = ofTrend(aggregation, measured);
      return value === Number.POSITIVE_INFINITY ? 'never' : value;
    }
  }
}

function ofTrend(aggregation: Aggregation, measured: Extract<Measured, { kind: 'trend' }>): number {
  if (aggregation.kind === 'percentile') return measured.percentile(aggregation.percentile);
  if (aggregation.kind === 'med') return measured.percentile(50);
  if (aggregation.kind === 'min') return measured.min;
  return aggregation.kind === 'max' ? measured.max : measured.avg;
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

function distance(actual: number, limit: number, threshold: Threshold): string {
  const gap = Math.abs(actual - limit);
  if (gap === 0) return 'not what ';
  const side = actual > limit ? 'above' : 'below';
  if (isShare(threshold)) return `${trim(gap * 100)} points ${side} what `;
  const percent = limit === 0 ? '' : ` (${trim((gap / Math.abs(limit)) * 100)} %)`;
  return `${format(gap, threshold)}${percent} ${side} what `;
}

function isShare(asked: Asked): boolean {
  return definitionOf(asked)?.kind === 'rate';
}

function format(value: number, threshold: Asked): string {
  const { aggregation } = threshold;
  const definition = definitionOf(threshold);
  if (definition?.unit === 'ms') return value < 1 ? `${trim(value)} ms` : formatDuration(value * 1e3);
  if (aggregation.kind === 'count') return value.toLocaleString('en');
  if (isShare(threshold)) return `${trim(value * 100)} %`;
  const perSecond = definition?.kind === 'counter' ? '/s' : '';
  return `${Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : trim(value)}${perSecond}`;
}
