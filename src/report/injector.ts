/** The driver's side of a run, from the records. */
import { driverConnections } from '../analysis/measure.ts';
import type { Aggregate } from '../record/aggregate.ts';
import type { InjectionCounts } from '../record/injection-counts.ts';
import type { LoadFacts, ReportInput } from './input.ts';
import type { InjectorSummary, LoadSummary } from './summary.ts';

/** The counts of all loads in all phases. */
export function allInjections({ injections }: Aggregate): InjectionCounts[] {
  return injections.flatMap((byPhase) => [...byPhase.values()]);
}

/** How the driver's connections fared, and with which codes it was refused. */
export function injectorSummary(aggregate: Aggregate, { loads }: ReportInput): InjectorSummary {
  const counts = allInjections(aggregate);
  const sum = (value: (c: InjectionCounts) => number): number => counts.reduce((n, c) => n + value(c), 0);
  const refusals = new Map<number, number>();
  for (const c of counts)
    for (const [code, count] of c.refusals) refusals.set(code, (refusals.get(code) ?? 0) + count);
  return {
    loads: loads.map((load, index) => loadSummary(load, [...(aggregate.injections[index]?.values() ?? [])])),
    opened: sum((c) => c.connections.opened),
    refused: sum((c) => c.connections.refused),
    failed: sum((c) => c.connections.failed),
    lost: sum((c) => c.connections.lost),
    peak: driverConnections(aggregate.timeline.samples).reduce((a, b) => Math.max(a, b), 0),
    deferredInjections: sum((c) => c.messages.deferred),
    noops: sum((c) => c.probes.answered),
    noopsFailed: sum((c) => c.probes.failed),
    refusals: [...refusals]
      .map(([code, count]) => ({ code, count }))
      .sort((a, b) => b.count - a.count || a.code - b.code),
  };
}

function loadSummary({ name, text, action }: LoadFacts, counts: readonly InjectionCounts[]): LoadSummary {
  const sum = (value: (c: InjectionCounts) => number): number => counts.reduce((n, c) => n + value(c), 0);
  return {
    name,
    text,
    action,
    connectionsOpened: sum((c) => c.connections.opened),
    injected: sum((c) => c.messages.confirmed),
    failed: sum((c) => c.messages.refused + c.messages.unconfirmed),
    dropped: sum((c) => c.messages.dropped),
    noops: sum((c) => c.probes.answered),
  };
}
