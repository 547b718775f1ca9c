import type {
  AdaptationSummary,
  IncidentScores,
  IspSeries,
  Score,
  SourceSeries,
} from '../../src/report/summary.ts';

/** One ISP's second-by-second figures, of which the scores are made. */
export interface Flight {
  readonly arrivals: readonly number[];
  readonly backlog: readonly number[];
  readonly series: Pick<IspSeries, 'allowance' | 'attempts' | 'accepted' | 'throttled' | 'perfect'>;
}

/** An incident at the ISP, seconds since the load began. */
export interface FixtureIncident {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** What a perfect sender would have had accepted: what waits, as far as it is allowed. */
export function perfectSender(
  arrivals: readonly number[],
  backlog: readonly number[],
  allowance: readonly (number | null)[],
  phaseStarts: readonly number[],
): number[] {
  let waiting = 0;
  return arrivals.map((arriving, t) => {
    if (phaseStarts.includes(t)) waiting = backlog[t - 1] ?? 0;
    const sent = Math.min(waiting + arriving, allowance[t] ?? Number.POSITIVE_INFINITY);
    waiting += arriving - sent;
    return sent;
  });
}

/** Splits an ISP's series over sources. What does not divide goes to the first. */
export function splitBySource(
  { allowance, attempts, accepted, throttled }: Flight['series'],
  shares: readonly (readonly [source: string, share: number])[],
): SourceSeries[] {
  const rest = (values: readonly number[], i: number): number[] =>
    values.map((value) =>
      i > 0
        ? Math.floor(value * (shares[i]?.[1] ?? 0))
        : value - shares.slice(1).reduce((sum, [, share]) => sum + Math.floor(value * share), 0),
    );
  return shares.map(([source, share], i) => ({
    source,
    allowance: allowance.map((value) => (value === null ? null : value * share)),
    attempts: rest(attempts, i),
    accepted: rest(accepted, i),
    throttled: rest(throttled, i),
  }));
}

/** Scores of an ISP or a source that look like a run's. `words`: what to say in place of a number. */
export function adaptationScores(
  isp: string,
  source: string | null,
  { arrivals, backlog, series }: Flight,
  incidents: readonly FixtureIncident[],
  words: Partial<IncidentScores> = {},
): AdaptationSummary {
  const seconds = arrivals.length;
  const throttledAtAll = total(series.throttled, 0, seconds) > 0;
  return {
    isp,
    source,
    capacityPerSecond: Math.max(...series.accepted),
    utilisation: share(series.accepted, series.perfect, 10, seconds),
    wastedAttempts: share(series.throttled, series.attempts, 10, seconds),
    blockedAttempts: 0,
    penaltySeconds: 0,
    oscillation: throttledAtAll ? 0.31 : 'not applicable',
    incidents: incidents.map((incident, i) => ({
      ...incidentScores(i + 1, incident, { arrivals, backlog, series }),
      ...words,
    })),
  };
}

function incidentScores(
  number: number,
  { from, to, label }: FixtureIncident,
  { arrivals, backlog, series }: Flight,
): IncidentScores {
  const seconds = arrivals.map((_, t) => t);
  const allowed = (t: number): number => series.allowance[t] ?? Number.POSITIVE_INFINITY;
  const within = seconds.slice(from, to);
  const throttled = within.find((t) => (series.throttled[t] ?? 0) > 0);
  const over = within.filter((t) => {
    const since = Math.max(from, t - 9);
    return total(series.attempts, since, t + 1) > 1.1 * (t + 1 - since) * allowed(t) + 1;
  });
  const settled = throttled === undefined ? undefined : 1 + (over.at(-1) ?? throttled);
  const usual = total(series.accepted, 10, from) / (from - 10);
  const recovered = seconds.slice(to).find((t) => {
    const goal = 0.9 * Math.min(allowed(t), arrivals[t] ?? 0, usual);
    return [0, 1, 2, 3, 4].every((i) => (series.accepted[t + i] ?? 0) >= goal);
  });
  const before = backlog[from - 1] ?? 0;
  const drained = seconds.slice(to).find((t) => (backlog[t] ?? 0) <= before);
  const since = (start: number | undefined, at: number | undefined, word: Score): Score =>
    start === undefined ? 'not applicable' : at === undefined ? word : at - start;
  const firstBackoff = within.find(
    (t) => t > from && (series.attempts[t] ?? 0) < (series.attempts[t - 1] ?? 0),
  );
  return {
    incident: number,
    label,
    from,
    to,
    utilisation: share(series.accepted, series.perfect, from, to),
    wastedAttempts: share(series.throttled, series.attempts, from, to),
    reactionSeconds: since(throttled, settled, 'never'),
    firstBackoffSeconds: since(throttled, firstBackoff, 'never'),
    overshoot: over.reduce((sum, t) => sum + (series.attempts[t] ?? 0) - allowed(t), 0),
    overshootRatio: Math.max(0, ...within.map((t) => (series.attempts[t] ?? 0) / allowed(t))),
    recoverySeconds: since(to, recovered, 'never'),
    drainSeconds: since(to, drained, 'not reached'),
    collateral: 0.012,
    marks: {
      throttled: throttled ?? null,
      settled: settled ?? null,
      recovered: recovered ?? null,
      drained: drained ?? null,
    },
  };
}

function total(values: readonly number[], from: number, to: number): number {
  return values.slice(from, to).reduce((a, b) => a + b, 0);
}

function share(part: readonly number[], whole: readonly number[], from: number, to: number): Score {
  const all = total(whole, from, to);
  return all === 0 ? 'not applicable' : total(part, from, to) / all;
}
