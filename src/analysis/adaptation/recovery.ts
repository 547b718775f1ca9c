/** How a sender comes back after an incident. */
import { type Flow, meanOver, type Score, type Span, sumOver } from './flow.ts';

export interface Recovery {
  /** From the incident's end to the first stretch in which deliveries were back to what was possible. */
  readonly recoverySeconds: Score;
  /** From the incident's end until the backlog was back to what it was before the incident. */
  readonly drainSeconds: Score;
  /** Buckets; undefined: there was none. */
  readonly recoveredAt: number | undefined;
  readonly drainedAt: number | undefined;
}

/** Deliveries are back once they reach this share of what was possible, summed over so many buckets in a row. */
const BACK = { share: 0.9, buckets: 5 };
/** The backlog before an incident is the most that there was in so many buckets. */
const BEFORE = 10;
/** A recovery is called off after the incident's own length, but not before so many buckets. */
const PATIENCE = 10;

const NOTHING: Recovery = {
  recoverySeconds: 'not applicable',
  drainSeconds: 'not applicable',
  recoveredAt: undefined,
  drainedAt: undefined,
};

/**
 * Judges what follows an incident.
 * @param after from the incident's end to the end of the load, or to the next incident at this ISP
 * @param drain the same, but to the end of the run
 * @param baseline the steady stretch before the first incident; empty: there was none
 */
export function recoveryFrom(flow: Flow, incident: Span, after: Span, drain: Span, baseline: Span): Recovery {
  const { supply } = flow;
  if (!supply) return NOTHING;
  const length = incident.to - incident.from;
  const possible = possibleIn(flow, baseline);
  const recovered = firstBack(flow, possible, after);
  const recoverySeconds =
    recovered !== undefined
      ? recovered - incident.to
      : sumOver(possible, after) === 0
        ? 'not applicable'
        : missing(after, length);

  const before = { from: Math.max(0, incident.from - BEFORE), to: incident.from + 1 };
  const usual = Math.max(0, ...supply.backlog.slice(before.from, before.to));
  // The backlog is known at the begin of each bucket.
  let drained: number | undefined;
  for (let i = drain.from; i <= drain.to && drained === undefined; i++)
    if ((supply.backlog[i] ?? Number.POSITIVE_INFINITY) <= usual) drained = i;
  const drainSeconds = drained === undefined ? missing(drain, length) : drained - incident.to;
  return {
    recoverySeconds,
    drainSeconds,
    recoveredAt: recovered,
    drainedAt: drained,
  };
}

/** What could be had in each bucket: what the ISP takes and what arrives, but no more than was usual. */
function possibleIn({ accepted, unpunished, supply }: Flow, baseline: Span): number[] {
  const usual = baseline.to > baseline.from ? meanOver(accepted, baseline) : Number.POSITIVE_INFINITY;
  return accepted.map((_, i) => Math.min(unpunished[i] as number, supply?.arrivals[i] ?? 0, usual));
}

/** The begin of the first stretch in which the ISP accepted what was possible; undefined: there was none. */
function firstBack({ accepted }: Flow, possible: readonly number[], after: Span): number | undefined {
  for (let from = after.from; from + BACK.buckets <= after.to; from++) {
    // A stretch begins with a delivery, so that a flood of what had waited does not count before it came.
    if (accepted[from] === 0) continue;
    const stretch = { from, to: from + BACK.buckets };
    const target = sumOver(possible, stretch);
    if (target > 0 && sumOver(accepted, stretch) >= BACK.share * target) return from;
  }
  return undefined;
}

/** Why it did not come about: there was time enough, or the end came first. */
function missing({ from, to }: Span, incidentLength: number): 'never' | 'not reached' {
  return to - from >= Math.max(PATIENCE, incidentLength) ? 'never' : 'not reached';
}
