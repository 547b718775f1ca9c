/** The faults of the MTA as reports show them. */
import type { MtaEvidence } from '../analysis/conservation.ts';
import { faultCosts } from '../analysis/faults.ts';
import type { Aggregate, FaultMoments } from '../record/aggregate.ts';
import type { ReportInput } from './input.ts';
import type { FaultSummary, Phase } from './summary.ts';

type FaultFacts = NonNullable<ReportInput['faults']>[number];

/** What each fault that began was, and what it cost. */
export function faultSummaries(
  aggregate: Aggregate,
  { faults = [] }: ReportInput,
  evidence: MtaEvidence,
): FaultSummary[] {
  const begun = faults.flatMap((facts, index) => {
    const moments = aggregate.faults.get(index);
    return moments ? [{ facts, index, moments }] : [];
  });
  const costs = faultCosts(
    aggregate.ledger,
    evidence,
    begun.map(({ moments, facts }) => ({ ...moments, kills: facts.kind === 'kill' })),
  );
  return begun.flatMap(({ facts, index, moments }, i) => {
    const cost = costs[i];
    if (!cost) return [];
    const { longestDelay, outcomes, ...counts } = cost;
    return [
      {
        fault: index + 1,
        kind: facts.kind,
        label: facts.label,
        from: moments.began / 1e6,
        to: seconds(moments.ended),
        restartSeconds: restartSeconds(moments),
        ...counts,
        ...outcomes,
        longestDelaySeconds: seconds(longestDelay),
      },
    ];
  });
}

/**
 * Faults as stretches behind the charts; of a run that goes on also those that are to come.
 * @param end of the run, seconds
 */
export function faultPhases(aggregate: Aggregate, { faults = [], run }: ReportInput, end: number): Phase[] {
  return faults.flatMap((facts, index) => {
    const moments = aggregate.faults.get(index);
    if (!moments && !run.running) return [];
    const from = (moments?.began ?? facts.start) / 1e6;
    const planned = facts.end === undefined ? undefined : facts.end / 1e6;
    const to = seconds(moments?.ended) ?? (run.running ? (planned ?? run.loadSeconds) : end);
    return [{ name: 'incident', from, to, fault: index + 1, label: facts.label }];
  });
}

/** Faults that the run did not come to, a sentence each. */
export function faultsLeftOut(aggregate: Aggregate, { faults = [], run }: ReportInput): string[] {
  if (run.running) return [];
  return faults
    .map(({ label }, index) => ({ label, index }))
    .filter(({ index }) => !aggregate.faults.has(index))
    .map(({ label, index }) => `Fault ${index + 1} (${label}) did not happen: the load had ended before.`);
}

/** Stretches in which no lookup of the MTA worked, so that nobody could be reached. */
export function withoutDns(
  aggregate: Aggregate,
  { faults = [], isps }: ReportInput,
  end: number,
): { readonly isp: string; readonly start: number; readonly end: number }[] {
  return faults.flatMap((facts: FaultFacts, index) => {
    const moments = aggregate.faults.get(index);
    if (facts.kind !== 'dns' || !moments) return [];
    return isps.map(({ id }) => ({ isp: id, start: moments.began, end: moments.ended ?? end }));
  });
}

function restartSeconds({ starting, ended }: FaultMoments): number | null {
  return starting === undefined || ended === undefined ? null : (ended - starting) / 1e6;
}

function seconds(micros: number | undefined): number | null {
  return micros === undefined ? null : micros / 1e6;
}
