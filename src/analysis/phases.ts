import type { Micros } from '../core/clock.ts';

export const PHASES = ['warmup', 'baseline', 'incident', 'recovery'] as const;
export type PhaseName = (typeof PHASES)[number];

/** A stretch of the run. Stretches do not overlap and cover the time from the load's begin to its end. */
export interface PhaseSpan {
  readonly name: PhaseName;
  readonly from: Micros;
  readonly to: Micros;
}

/**
 * Splits the load into phases. Before the warm-up's end nothing counts as an incident; between incidents it is
 * recovery, not baseline, since an MTA may still carry what the last one left behind.
 */
export function phasesOf(
  load: Micros,
  warmup: Micros,
  incidents: readonly { start: Micros; end: Micros }[],
): PhaseSpan[] {
  const edges = [0, warmup, load, ...incidents.flatMap((i) => [i.start, i.end])];
  const cuts = [...new Set(edges.filter((t) => t >= 0 && t <= load))].sort((a, b) => a - b);
  const spans: PhaseSpan[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const from = cuts[i] as Micros;
    const to = cuts[i + 1] as Micros;
    const name = phaseBetween(from, warmup, incidents);
    const last = spans[spans.length - 1];
    if (last?.name === name) spans[spans.length - 1] = { name, from: last.from, to };
    else spans.push({ name, from, to });
  }
  return spans;
}

/** The phase at a moment; undefined outside the load. */
export function phaseAt(spans: readonly PhaseSpan[], at: Micros): PhaseName | undefined {
  return spans.find((span) => at >= span.from && at < span.to)?.name;
}

function phaseBetween(
  from: Micros,
  warmup: Micros,
  incidents: readonly { start: Micros; end: Micros }[],
): PhaseName {
  if (from < warmup) return 'warmup';
  if (incidents.some((i) => from >= i.start && from < i.end)) return 'incident';
  return incidents.some((i) => from >= i.end) ? 'recovery' : 'baseline';
}
