import type { AdaptationSummary, IncidentScores, Summary } from '../../src/report/summary.ts';

const MARKS = { throttled: 21.4, settled: 29.9, recovered: null, drained: null };

/** Scores of an incident; a number or a word for each. */
export function incidentScores(incident: number, scores: Partial<IncidentScores> = {}): IncidentScores {
  return {
    incident,
    label: 'ip-rate=20/m',
    from: 20,
    to: 50,
    utilisation: 0.83,
    wastedAttempts: 0.12,
    reactionSeconds: 8.5,
    firstBackoffSeconds: 2,
    overshoot: 41,
    overshootRatio: 3.2,
    recoverySeconds: 'never',
    drainSeconds: 'not reached',
    collateral: 0.004,
    marks: MARKS,
    ...scores,
  };
}

/**
 * A summary with the scores of three ISPs: Gmail with two incidents and two sources, Yahoo with one incident, Outlook with
 * none.
 */
export function withAdaptation(summary: Summary): Summary {
  const scores = (
    isp: string,
    source: string | null,
    incidents: readonly IncidentScores[],
  ): AdaptationSummary => ({
    isp,
    source,
    capacityPerSecond: 180,
    utilisation: 0.912,
    wastedAttempts: 0.05,
    blockedAttempts: 7,
    penaltySeconds: 12,
    oscillation: 'not applicable',
    incidents,
  });
  const gmail = [incidentScores(1), incidentScores(3, { utilisation: 'not applicable', recoverySeconds: 4 })];
  return {
    ...summary,
    adaptation: [
      scores('gmail', null, gmail),
      scores('gmail', '198.18.128.1', gmail),
      scores('gmail', '198.18.128.2', gmail),
      scores('yahoo', null, [incidentScores(2, { label: 'a|b `c`', reactionSeconds: 'not applicable' })]),
      scores('outlook', null, []),
    ],
  };
}
