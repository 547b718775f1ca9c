import type { Measured, Selector } from '../../gate/threshold.ts';
import type { Score } from './flow.ts';
import type { Adaptation, AdaptationSummary, IncidentScores } from './scores.ts';

/** The metrics that are scores. */
export type ScoreMetric =
  | 'utilisation'
  | 'blocked_attempts'
  | 'penalty_time'
  | 'reaction_time'
  | 'first_backoff'
  | 'overshoot'
  | 'recovery_time'
  | 'drain_time'
  | 'collateral'
  | 'oscillation';

/** Scores of an incident; times in milliseconds, as thresholds have them. */
const OF_INCIDENT: Partial<Record<ScoreMetric, (incident: IncidentScores) => Score>> = {
  reaction_time: ({ reactionSeconds }) => inMs(reactionSeconds),
  first_backoff: ({ firstBackoffSeconds }) => inMs(firstBackoffSeconds),
  recovery_time: ({ recoverySeconds }) => inMs(recoverySeconds),
  drain_time: ({ drainSeconds }) => inMs(drainSeconds),
  collateral: ({ collateral }) => collateral,
};

/**
 * What a threshold on a score asks for. Where several ISPs or incidents match, the value is the worst of them, and
 * `min` and `max` are over all of them.
 * @param loadSeconds what the rate of a counter is over
 */
export function measureScore(
  { scores, sums }: Adaptation,
  metric: ScoreMetric,
  selector: Selector,
  loadSeconds: number,
): Measured | undefined {
  const matching = scores.filter(
    (score) =>
      (selector.isp === undefined || score.isp === selector.isp) &&
      (selector.source ?? null) === score.source,
  );
  const incidents = matching
    .flatMap((score) => score.incidents)
    .filter(({ incident }) => selector.incident === undefined || String(incident) === selector.incident);
  const ofIncident = OF_INCIDENT[metric];
  if (ofIncident) return gauge(incidents.map(ofIncident), 'highest');
  switch (metric) {
    case 'utilisation':
      if (selector.incident !== undefined)
        return gauge(
          incidents.map((i) => i.utilisation),
          'lowest',
        );
      return selector.source === undefined
        ? wholeUtilisation(matching, sums)
        : gauge(of(matching, 'utilisation'), 'lowest');
    case 'oscillation':
      return gauge(of(matching, 'oscillation'), 'highest');
    case 'penalty_time':
      return gauge(
        matching.map(({ penaltySeconds }) => penaltySeconds * 1e3),
        'highest',
      );
    case 'blocked_attempts':
      return counter(
        matching.map(({ blockedAttempts }) => blockedAttempts),
        loadSeconds,
      );
    default:
      return counter(
        incidents.map(({ overshoot }) => overshoot),
        loadSeconds,
      );
  }
}

function of(scores: readonly AdaptationSummary[], name: 'utilisation' | 'oscillation'): Score[] {
  return scores.map((score) => score[name]);
}

/** Over several ISPs the sums count, not the mean of shares. */
function wholeUtilisation(
  scores: readonly AdaptationSummary[],
  sums: Adaptation['sums'],
): Measured | undefined {
  const measured = gauge(of(scores, 'utilisation'), 'lowest');
  if (measured?.kind !== 'gauge' || measured.word !== undefined) return measured;
  let accepted = 0;
  let perfect = 0;
  for (const { isp } of scores) {
    accepted += sums.get(isp)?.accepted ?? 0;
    perfect += sums.get(isp)?.perfect ?? 0;
  }
  return { ...measured, value: Math.min(1, accepted / perfect) };
}

function counter(counts: readonly number[], seconds: number): Measured | undefined {
  if (counts.length === 0) return undefined;
  const count = counts.reduce((a, b) => a + b, 0);
  return { kind: 'counter', count, rate: count / seconds };
}

/** The worst of several scores: never is worse than not known, which is worse than any number; else `worst`. */
function gauge(scores: readonly Score[], worst: 'highest' | 'lowest'): Measured | undefined {
  if (scores.length === 0) return undefined;
  const numbers = scores.filter((score) => typeof score === 'number');
  const word = (['never', 'not reached'] as const).find((w) => scores.includes(w));
  if (word !== undefined || numbers.length === 0) {
    const none = Number.NaN;
    return { kind: 'gauge', value: none, min: none, max: none, word: word ?? 'not applicable' };
  }
  const min = Math.min(...numbers);
  const max = Math.max(...numbers);
  return { kind: 'gauge', value: worst === 'highest' ? max : min, min, max };
}

function inMs(score: Score): Score {
  return typeof score === 'number' ? score * 1e3 : score;
}
