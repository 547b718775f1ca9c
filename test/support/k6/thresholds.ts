/**
 * Thresholds (k6 documentation, "Thresholds"), judged once, at the end of the run: `abortOnFail` is read and does nothing.
 */
import { type Metric, type MetricType, type Sample, valuesOf } from './samples.ts';
import { EXIT, K6Error } from './trouble.ts';

/** One expression about a metric, or about those of its samples that are tagged so. */
export interface Threshold {
  readonly metric: Metric;
  /** As written. */
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly source: string;
}

const METHODS: Record<MetricType, readonly string[]> = {
  counter: ['count', 'rate'],
  gauge: ['value'],
  rate: ['rate'],
  trend: ['avg', 'min', 'max', 'med', 'p'],
};
const EXPRESSION =
  /^\s*(count|rate|value|avg|min|max|med|p\((\d+(?:\.\d+)?)\))\s*(<=|>=|<|>|===|==|!=)\s*(-?\d+(?:\.\d+)?)\s*$/;

/** Reads `options.thresholds`. Throws K6Error: unknown metrics, malformed expressions and methods of other types. */
export function readThresholds(written: unknown, metrics: ReadonlyMap<string, Metric>): Threshold[] {
  return Object.entries((written ?? {}) as Record<string, readonly unknown[]>).flatMap(
    ([key, expressions]) => {
      const [, name = '', text = ''] = /^([^{]+)(?:\{(.*)\})?$/.exec(key) ?? [];
      const metric = metrics.get(name);
      if (!metric)
        throw refused(`invalid threshold defined on ${key}; reason: no metric name "${name}" found`);
      const tags = Object.fromEntries(
        text
          .split(',')
          .filter((part) => part.includes(':'))
          .map((part) => [part.slice(0, part.indexOf(':')).trim(), part.slice(part.indexOf(':') + 1).trim()]),
      );
      return expressions.map((expression) => {
        const source = sourceOf(expression);
        const match = EXPRESSION.exec(source);
        if (!match) throw refused(`failed parsing threshold expression "${source}"`);
        const method = (match[1] as string).replace(/\(.*/, '');
        if (!METHODS[metric.type].includes(method))
          throw refused(`unsupported aggregation method ${method} on metric of type ${metric.type}`);
        return { metric, key, tags, source };
      });
    },
  );
}

/** The expression of a threshold in its short form or its long one. */
export function sourceOf(expression: unknown): string {
  return typeof expression === 'string'
    ? expression
    : String((expression as { threshold?: unknown }).threshold);
}

/** Whether it holds. One about samples that never came does, but for counters, which are 0 then. */
export function holds(threshold: Threshold, samples: readonly Sample[], seconds: number): boolean {
  const { metric, tags, source } = threshold;
  const counted = samples.filter(
    (sample) =>
      sample.metric === metric.name &&
      Object.entries(tags).every(([tag, value]) => sample.tags[tag] === value),
  );
  if (counted.length === 0 && metric.type !== 'counter') return true;
  const [, method = '', p, operator, bound] = EXPRESSION.exec(source) ?? [];
  const values = valuesOf(
    metric.type,
    counted.map(({ value }) => value),
    seconds,
    p === undefined ? [] : [Number(p)],
  );
  const [value, limit] = [values[p === undefined ? method : `p(${Number(p)})`] as number, Number(bound)];
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '!=':
      return value !== limit;
    default:
      return value === limit;
  }
}

function refused(message: string): K6Error {
  return new K6Error(EXIT.config, message);
}
