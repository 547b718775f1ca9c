/**
 * Thresholds in k6's grammar (k6 documentation, "Thresholds"), with units, words and baselines added; parsed and checked
 * against the metric's kind before anything starts. Blanks may stand between all parts.
 *
 *   key         = metric [ "{" tag ":" value { "," tag ":" value } "}" ]      a value may stand in quotes
 *                 a metric of k6's takes any tag
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
import { k6Selector } from '../core/k6-key.ts';
import { nearest } from '../core/nearest.ts';
import { parseExpression } from './expression.ts';
import { K6_METRICS, k6MetricNamed } from './k6-metrics.ts';
import { parseK6Threshold } from './k6-threshold.ts';
import { METRICS, type MetricDefinition, metricNamed, type TagName } from './metrics.ts';
import type { Selector, Threshold, ThresholdProblems } from './threshold.ts';

/** Names that a selector may use: the scenario's ISPs, sources and replies; phases are fixed. */
export type KnownTags = Readonly<Record<TagName, readonly string[]>>;

/** What of k6 a run has, so that thresholds can name its metrics as well. */
export interface K6Side {
  /** A script of the user's may have metrics of its own, whose names nobody knows before it runs. */
  readonly ownMetrics: boolean;
  /** The scenario asks for security checks of the MTA, so that these are meant by `checks`. */
  readonly securityChecks: boolean;
}

/**
 * Parses one threshold, or says what is wrong with it.
 * @param k6 absent: no load is carried out by k6, so that its metrics can't be named
 */
export function parseThreshold(
  key: string,
  expression: string,
  known: KnownTags,
  k6?: K6Side,
): { readonly threshold: Threshold } | { readonly problems: ThresholdProblems } {
  if (k6 && meansK6(key, k6)) return parseK6Threshold(key, expression, 'scenario');
  const inKey: string[] = [];
  const inExpression: string[] = [];
  const target = parseKey(key, known, k6, inKey);
  const definition = target && metricNamed(target.metric);
  const parsed = parseExpression(target?.metric, definition, expression, inExpression);
  if (!target || !parsed || inKey.length > 0 || inExpression.length > 0)
    return { problems: { inKey, inExpression } };
  return { threshold: { key, ...target, expression, ...parsed } };
}

/** The metrics that can be named, for messages and help. */
export function metricNames(): string[] {
  return Object.keys(METRICS);
}

// --- the key ---

/**
 * Whether a key is of a metric of k6's. A name that both have, `checks` and `dropped_iterations`, is windtunnel's, unless
 * the key is narrowed by a tag that windtunnel's has not, or is `checks` and there are no security checks.
 */
function meansK6(key: string, { ownMetrics, securityChecks }: K6Side): boolean {
  const selector = k6Selector(key);
  if (!selector) return false;
  const { name, tags } = selector;
  const ours = metricNamed(name);
  if (!ours) return ownMetrics || k6MetricNamed(name) !== undefined;
  if (!k6MetricNamed(name)) return false;
  if (name === 'checks' && !securityChecks) return true;
  return Object.keys(tags).some((tag) => !ours.tags.includes(tag as TagName));
}

function parseKey(
  key: string,
  known: KnownTags,
  k6: K6Side | undefined,
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
    problems.push(
      !k6 && k6MetricNamed(metric)
        ? `${metric} is a metric of k6, and no load has engine: k6`
        : `unknown metric "${metric}"${meant(metric, [...metricNames(), ...(k6 ? Object.keys(K6_METRICS) : [])])}`,
    );
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
  // A comma too many does no harm, as in k6's keys (core/k6-key.ts).
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
