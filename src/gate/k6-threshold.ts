/** Thresholds on k6's metrics: those that a scenario has, and those of a user's script. */
import { k6Selector } from '../core/k6-key.ts';
import { parseDuration } from '../core/units.ts';
import { parseExpression } from './expression.ts';
import { k6MetricNamed } from './k6-metrics.ts';
import type { K6Asked, Threshold, ThresholdProblems } from './threshold.ts';

/**
 * Parses a threshold on a metric of k6's, built in or a script's own, narrowed by any tags; or says what is wrong with it.
 */
export function parseK6Threshold(
  key: string,
  expression: string,
  from: K6Asked['from'],
): { readonly threshold: Threshold } | { readonly problems: ThresholdProblems } {
  const selector = k6Selector(key);
  const inKey =
    selector && NAME.test(selector.name)
      ? []
      : [`"${key}" is not a metric of k6; expected a name such as http_reqs or http_reqs{status:200}`];
  const known = selector && k6MetricNamed(selector.name);
  const unit = known && ({ kind: known.kind, unit: known.contains === 'time' ? 'ms' : '' } as const);
  const inExpression: string[] = [];
  const parsed = parseExpression(selector?.name, unit, expression, inExpression);
  if (!selector || !parsed || inKey.length > 0 || inExpression.length > 0)
    return { problems: { inKey, inExpression } };
  const seen = known && { kind: known.kind, time: known.contains === 'time' };
  const k6 = { tags: selector.tags, from, ...seen };
  return { threshold: { key: key.trim(), metric: selector.name, selector: {}, k6, expression, ...parsed } };
}

/**
 * Parses `options.thresholds` of a user's script (k6 documentation, "Thresholds"): for each key a list of expressions, or of
 * `{ threshold, abortOnFail, delayAbortEval }`.
 * @returns also what is wrong with them, a sentence each
 */
export function parseScriptThresholds(wished: Readonly<Record<string, unknown>>): {
  readonly thresholds: readonly Threshold[];
  readonly problems: readonly string[];
} {
  const thresholds: Threshold[] = [];
  const problems = new Set<string>();
  for (const [key, list] of Object.entries(wished)) {
    for (const one of Array.isArray(list) ? list : [list]) {
      const form = formOf(one);
      if (!form) {
        problems.add(`${key}: found ${JSON.stringify(one)}; ${FORMS}`);
        continue;
      }
      const parsed = parseK6Threshold(key, form.threshold, 'script');
      if ('problems' in parsed) {
        const { inKey, inExpression } = parsed.problems;
        for (const problem of inKey) problems.add(problem);
        for (const problem of inExpression) problems.add(`${key}: ${problem}`);
      } else if (typeof parsed.threshold.limit !== 'number')
        problems.add(`${key}: a script's limit is a number; found ${form.threshold}`);
      else {
        const { abortAfter } = form;
        thresholds.push({ ...parsed.threshold, ...(abortAfter !== undefined && { abortAfter }) });
      }
    }
  }
  return { thresholds, problems: [...problems] };
}

// --- internal ---

/** What k6 takes for the name of a metric. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const FORMS =
  'expected a threshold such as "p(95)<200", or { threshold: "p(95)<200", abortOnFail: true, delayAbortEval: "10s" }';

/** A threshold in either form; `abortAfter` in microseconds, as Threshold has it. Undefined: it is something else. */
function formOf(one: unknown): { readonly threshold: string; readonly abortAfter?: number } | undefined {
  if (typeof one === 'string') return { threshold: one };
  const { threshold, abortOnFail, delayAbortEval } = (one ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof threshold !== 'string') return undefined;
  if (abortOnFail !== true) return { threshold };
  const abortAfter = delayOf(delayAbortEval);
  return abortAfter === undefined ? undefined : { threshold, abortAfter };
}

/** k6 takes a text such as `1m30s`, or a number of milliseconds. */
function delayOf(delay: unknown): number | undefined {
  if (delay === undefined || delay === null) return 0;
  if (typeof delay === 'number' && delay >= 0) return delay * 1e3;
  return typeof delay === 'string' ? parseDuration(delay)?.value : undefined;
}
