/** The scores of a run (DESIGN "Adaptation"): pure functions of what the ISPs saw, defined in the README beside it. */
import { attemptsOf, bestWindowMean, type Flow, type Score, type Span, sumOver } from './flow.ts';
import { oscillationOf } from './oscillation.ts';
import { type Perfect, perfectSender } from './perfect-sender.ts';
import { reactionTo } from './reaction.ts';
import { recoveryFrom } from './recovery.ts';

/** The scores of one ISP, or of one source at it, over the load without its warm-up. */
export interface AdaptationSummary {
  readonly isp: string;
  /** null: all sources together. */
  readonly source: string | null;
  /** The most that the MTA could do at this ISP, transactions a second, for the perfect sender; null: not known. */
  readonly capacityPerSecond: number | null;
  readonly utilisation: Score;
  readonly wastedAttempts: Score;
  /** Transactions tried, and connections refused, while nothing was allowed. */
  readonly blockedAttempts: number;
  readonly penaltySeconds: number;
  readonly oscillation: Score;
  readonly incidents: readonly IncidentScores[];
}

/** How the MTA took one incident at one ISP. */
export interface IncidentScores {
  /** The incident's number in the scenario, from 1. */
  readonly incident: number;
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** Within the incident. */
  readonly utilisation: Score;
  readonly wastedAttempts: Score;
  readonly reactionSeconds: Score;
  readonly firstBackoffSeconds: Score;
  /** Transactions beyond what a greedy sender could have had, until the reaction. */
  readonly overshoot: number;
  /** The most at once, as a ratio; null: into a block, or there was nothing to hold it against. */
  readonly overshootRatio: number | null;
  readonly recoverySeconds: Score;
  readonly drainSeconds: Score;
  /** What the other ISPs lost meanwhile, as a share; of an ISP as a whole only. */
  readonly collateral: Score;
  /** Moments for the chart, seconds since the load began; null: there is none. */
  readonly marks: {
    readonly throttled: number | null;
    readonly settled: number | null;
    readonly recovered: number | null;
    readonly drained: number | null;
  };
}

/** What one ISP saw: over all sources, and of each source that tried. */
export interface IspFlows {
  readonly id: string;
  readonly whole: Flow;
  readonly sources: readonly { readonly source: string; readonly flow: Flow }[];
}

/** An incident in buckets. */
export interface IncidentSpan extends Span {
  /** From 1. */
  readonly number: number;
  readonly isp: string;
  readonly label: string;
  /** The sources that it is about; undefined: all. */
  readonly sources: readonly string[] | undefined;
}

/** What scores are made from. Spans are in buckets. */
export interface AdaptationInput {
  readonly isps: readonly IspFlows[];
  readonly incidents: readonly IncidentSpan[];
  /** Steady stretches before the first incident. */
  readonly baseline: readonly Span[];
  /** The load without warm-up, cut at every change of phase. */
  readonly judged: readonly Span[];
  readonly loadEnd: number;
  readonly runEnd: number;
  /** What the scenario says of the MTA's capacity at an ISP, transactions a second. */
  readonly capacity: number | undefined;
}

/** Scores, with what they were made from where a total over ISPs needs it. */
export interface Adaptation {
  /** An entry for each ISP, each followed by its sources. */
  readonly scores: readonly AdaptationSummary[];
  /** The perfect sender's pace at each ISP, by id. */
  readonly perfect: ReadonlyMap<string, Perfect>;
  /** Accepted, and what a perfect sender would have had, over the judged spans, by ISP. */
  readonly sums: ReadonlyMap<string, { readonly accepted: number; readonly perfect: number }>;
}

/** Scores a run. */
export function scoreAdaptation(input: AdaptationInput): Adaptation {
  const scores: AdaptationSummary[] = [];
  const perfect = new Map<string, Perfect>();
  const sums = new Map<string, { accepted: number; perfect: number }>();
  for (const isp of input.isps) {
    const capacity = capacityAt(isp.whole, input.capacity);
    const sent = perfectSender(isp.whole, input.judged, capacity);
    perfect.set(isp.id, sent);
    if (isp.whole.supply) sums.set(isp.id, compared(isp.whole, sent, input.judged));
    scores.push(scoreOf(input, isp, null, isp.whole, capacity));
    // A single source is the whole.
    const several = isp.sources.length > 1 ? isp.sources : [];
    for (const { source, flow } of several) scores.push(scoreOf(input, isp, source, flow, capacity));
  }
  return { scores, perfect, sums };
}

function scoreOf(
  input: AdaptationInput,
  isp: IspFlows,
  source: string | null,
  flow: Flow,
  capacity: number,
): AdaptationSummary {
  const { judged } = input;
  const incidents = input.incidents.filter(
    (incident) =>
      incident.isp === isp.id && (source === null || (incident.sources?.includes(source) ?? true)),
  );
  const attempts = attemptsOf(flow);
  const seconds = judged.flatMap(({ from, to }) => range(from, Math.min(to, flow.tried.length)));
  return {
    isp: isp.id,
    source,
    capacityPerSecond: flow.supply && Number.isFinite(capacity) ? capacity : null,
    utilisation: utilisation(flow, judged, capacity),
    wastedAttempts: share(flow.throttled, flow.tried, judged),
    blockedAttempts: seconds
      .filter((i) => flow.allowance[i] === 0)
      .reduce((sum, i) => sum + (attempts[i] as number), 0),
    penaltySeconds: seconds.filter((i) => (flow.allowance[i] as number) < (flow.unpunished[i] as number))
      .length,
    oscillation: oscillationOf(flow, judged),
    incidents: incidents.map((incident) => incidentScores(input, isp, source, flow, incident, capacity)),
  };
}

function incidentScores(
  input: AdaptationInput,
  isp: IspFlows,
  source: string | null,
  flow: Flow,
  incident: IncidentSpan,
  capacity: number,
): IncidentScores {
  // Only those whom the incident is about can react to it: the rest may go on as before.
  const concerned = source === null ? flowOf(isp, incident.sources) : flow;
  const reaction = reactionTo(concerned, incident);
  const next = input.incidents
    .filter((other) => other.isp === isp.id && other.from >= incident.to)
    .reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY);
  const after = { from: incident.to, to: Math.min(input.loadEnd, next) };
  const drain = { from: incident.to, to: Math.min(input.runEnd, next) };
  const baseline = input.baseline[0] ?? { from: 0, to: 0 };
  const recovery = recoveryFrom(flow, incident, after, drain, baseline);
  return {
    incident: incident.number,
    label: incident.label,
    from: incident.from,
    to: incident.to,
    utilisation: utilisation(flow, [incident], capacity),
    wastedAttempts: share(flow.throttled, flow.tried, [incident]),
    reactionSeconds: reaction.reactionSeconds,
    firstBackoffSeconds: reaction.firstBackoffSeconds,
    overshoot: reaction.overshoot,
    overshootRatio: reaction.overshootRatio,
    recoverySeconds: recovery.recoverySeconds,
    drainSeconds: recovery.drainSeconds,
    collateral: source === null ? collateral(input, incident) : 'not applicable',
    marks: {
      throttled: reaction.throttledAt ?? null,
      settled: reaction.settledAt ?? null,
      recovered: recovery.recoveredAt ?? null,
      drained: recovery.drainedAt ?? null,
    },
  };
}

/** The ISP's flow from some of its sources; the sum of their credits is what they could have had. */
function flowOf({ whole, sources }: IspFlows, some: readonly string[] | undefined): Flow {
  if (some === undefined) return whole;
  const flows = sources.filter(({ source }) => some.includes(source)).map(({ flow }) => flow);
  const [only] = flows;
  if (flows.length === 1 && only) return only;
  const total = (
    column: 'tried' | 'accepted' | 'throttled' | 'refused' | 'allowance' | 'unpunished' | 'credit',
  ): number[] =>
    whole[column].map((_, i) => flows.reduce((sum, flow) => sum + (flow[column][i] as number), 0));
  return {
    tried: total('tried'),
    accepted: total('accepted'),
    throttled: total('throttled'),
    refused: total('refused'),
    allowance: total('allowance'),
    unpunished: total('unpunished'),
    credit: total('credit'),
    supply: undefined,
  };
}

/** An attempt that is throttled costs the MTA what one that is accepted does, so its best pace is that of attempts. */
function capacityAt({ tried }: Flow, stated: number | undefined): number {
  return stated ?? bestWindowMean(tried);
}

function compared(flow: Flow, sent: Perfect, spans: readonly Span[]): { accepted: number; perfect: number } {
  const total = (column: readonly number[]): number =>
    spans.reduce((sum, span) => sum + sumOver(column, span), 0);
  return { accepted: total(flow.accepted), perfect: total(sent) };
}

function utilisation(flow: Flow, spans: readonly Span[], capacity: number): Score {
  if (!flow.supply) return 'not applicable';
  const { accepted, perfect } = compared(flow, perfectSender(flow, spans, capacity), spans);
  return perfect === 0 ? 'not applicable' : Math.min(1, accepted / perfect);
}

/** 1 - (utilisation of the other ISPs in the incident / the same in the baseline); 0: they did not notice. */
function collateral({ isps, incidents, baseline, capacity }: AdaptationInput, incident: IncidentSpan): Score {
  const others = isps.filter(
    ({ id }) =>
      id !== incident.isp &&
      !incidents.some((i) => i.isp === id && i.from < incident.to && i.to > incident.from),
  );
  const ratio = (spans: readonly Span[]): number => {
    const sums = others.map(({ whole }) =>
      compared(whole, perfectSender(whole, spans, capacityAt(whole, capacity)), spans),
    );
    const accepted = sums.reduce((sum, s) => sum + s.accepted, 0);
    return accepted / sums.reduce((sum, s) => sum + s.perfect, 0);
  };
  const before = ratio(baseline);
  const during = ratio([incident]);
  // Without a baseline, other ISPs or mail to them there is nothing to compare.
  return before > 0 && Number.isFinite(during) ? 1 - during / before : 'not applicable';
}

function share(part: readonly number[], whole: readonly number[], spans: readonly Span[]): Score {
  const total = spans.reduce((sum, span) => sum + sumOver(whole, span), 0);
  return total === 0 ? 'not applicable' : spans.reduce((sum, span) => sum + sumOver(part, span), 0) / total;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
