import { flowsOf } from '../analysis/adaptation/flows.ts';
import { type Adaptation, type IncidentSpan, scoreAdaptation } from '../analysis/adaptation/scores.ts';
import type { PhaseSpan } from '../analysis/phases.ts';
import type { Micros } from '../core/clock.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { BUCKET_MICROS } from '../record/timeline.ts';
import { withoutDns } from './faults.ts';
import type { ReportInput } from './input.ts';

/** Scores a run from its records. `phases` and `end`: as they really were. */
export function adaptationOf(
  aggregate: Aggregate,
  input: ReportInput,
  phases: readonly PhaseSpan[],
  end: Micros,
): Adaptation {
  const names = {
    isps: input.isps.map(({ id }) => id),
    sources: input.sources,
    throttles: (reply: number) => input.replies[reply]?.class === 'throttled',
    outages: [...input.incidents.filter(({ stops }) => stops === true), ...withoutDns(aggregate, input, end)],
    storesMail: input.mta.adapter !== 'none',
  };
  const loadEnd = bucket(phases.at(-1)?.to ?? 0);
  const spans = (wanted: (name: PhaseSpan['name']) => boolean): { from: number; to: number }[] =>
    phases.filter(({ name }) => wanted(name)).map(({ from, to }) => ({ from: bucket(from), to: bucket(to) }));
  const incidents = input.incidents
    .map(
      ({ isp, start, end: over, label, sources }, index): IncidentSpan => ({
        number: index + 1,
        isp,
        label,
        sources,
        from: bucket(start),
        to: Math.min(bucket(over), loadEnd),
      }),
    )
    // A run that was cut short may not have come to it.
    .filter(({ from, to }) => from < to);
  return scoreAdaptation({
    isps: flowsOf(aggregate, names, end),
    incidents,
    baseline: spans((name) => name === 'baseline'),
    judged: spans((name) => name !== 'warmup'),
    loadEnd,
    runEnd: Math.max(loadEnd, Math.ceil(end / BUCKET_MICROS)),
    capacity: input.capacity,
  });
}

function bucket(at: Micros): number {
  return Math.round(at / BUCKET_MICROS);
}
