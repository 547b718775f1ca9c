import { formatDuration } from '../core/units.ts';
import { type K6Side, type KnownTags, parseThreshold } from '../gate/grammar.ts';
import { METRICS, type MetricDefinition, metricNamed } from '../gate/metrics.ts';
import type { Threshold } from '../gate/threshold.ts';
import { reasonOf } from '../gate/words.ts';
import type { Fault } from './load-plan.ts';
import type { Scenario } from './schema.ts';

/**
 * Parses a scenario's thresholds; tells `fault` what is wrong with each, once.
 * @param k6 undefined: k6 carries out no load
 */
export function plannedThresholds(
  wished: Scenario['thresholds'],
  known: KnownTags,
  k6: K6Side | undefined,
  fault: Fault,
): Threshold[] {
  const thresholds: Threshold[] = [];
  for (const [key, list] of Object.entries(wished)) {
    const said = new Set<string>();
    for (const { threshold, abortOnFail, delayAbortEval = 0, place } of list) {
      const parsed = parseThreshold(key, threshold, known, k6);
      if ('problems' in parsed) {
        const { inKey, inExpression } = parsed.problems;
        // The key is the same for all of them.
        for (const message of inKey) if (!said.has(message)) fault(['thresholds', key], message);
        for (const message of inKey) said.add(message);
        for (const message of inExpression) fault(['thresholds', key, ...place], message);
      } else if (!abortOnFail) thresholds.push(parsed.threshold);
      else {
        const { metric, k6: isOfK6 } = parsed.threshold;
        if (isOfK6 || metricNamed(metric)?.live)
          thresholds.push({ ...parsed.threshold, abortAfter: delayAbortEval });
        else fault(['thresholds', key, ...place, 'abortOnFail'], notLive(metric));
      }
    }
  }
  return thresholds;
}

/** A threshold for people, with what its limit means and when it ends the run. */
export function describeThreshold(threshold: Threshold): string {
  const { key, metric, expression, operator, limit, abortAfter, k6 } = threshold;
  const notes: string[] = [];
  if (k6) notes.push(k6.kind ? "k6's own metric" : "a metric of the script's own");
  if (typeof limit === 'object') notes.push('relative to the runs that --baseline names');
  if (typeof limit === 'string')
    notes.push(`${operator === '!=' ? 'fails if' : 'fails unless'} ${reasonOf(metric, limit)}`);
  if (abortAfter !== undefined)
    notes.push(`ends the run when it fails${abortAfter > 0 ? `, after ${formatDuration(abortAfter)}` : ''}`);
  return [`${key} ${expression.trim()}`, ...notes].join('; ');
}

function notLive(metric: string): string {
  const live = Object.entries<MetricDefinition>(METRICS).flatMap(([name, { live }]) => (live ? [name] : []));
  return `${metric} is known only when the run has ended, so it can't end it; expected abortOnFail with one of ${live.join(', ')}`;
}
