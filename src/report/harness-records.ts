/** What the judgement of the harness needs, from the records. */
import type { Micros } from '../core/clock.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { isGlobal } from '../record/timeline.ts';
import type { HarnessFrame, MeasuredWorker, WorkerMeasure } from './harness.ts';
import { allInjections } from './injector.ts';
import type { ReportInput } from './input.ts';
import type { Series } from './summary.ts';

/** The workers with what they measured of themselves. */
export function measuredWorkers(aggregate: Aggregate, names: readonly string[]): MeasuredWorker[] {
  return names.map((name, worker) => ({ name, measures: measuresOf(aggregate, worker) }));
}

/**
 * The harness is judged from the end of the warm-up (or of the first second, if there is none) to the load's end. While
 * connections are being closed afterwards, nothing is measured that a busy worker could spoil.
 */
export function harnessFrame(
  aggregate: Aggregate,
  input: ReportInput,
  series: Series,
  loadEnd: Micros | undefined,
): HarnessFrame {
  const warmup = input.phases.find(({ name }) => name === 'warmup')?.to ?? 0;
  const iterations = allInjections(aggregate).reduce(
    (sum, { messages: m, probes }) =>
      sum +
      m.confirmed +
      m.unconfirmed +
      m.refused +
      m.dropped +
      m.deferred +
      probes.answered +
      probes.failed,
    0,
  );
  const atIsps = series.t.map((_, i) =>
    series.isps.reduce((sum, isp) => sum + (isp.connectionsOpen[i] ?? 0), 0),
  );
  return {
    from: Math.max(1e6, warmup),
    to: Math.min(loadEnd ?? Number.POSITIVE_INFINITY, input.run.loadSeconds * 1e6),
    mta: input.mta.adapter !== 'none',
    iterations,
    sessions: { driver: highest(series.injectorConnections), isps: highest(atIsps) },
  };
}

/** What a worker measured of itself; its samples of one moment come one after the other. */
function measuresOf({ timeline }: Aggregate, worker: number): WorkerMeasure[] {
  const byMoment = new Map<Micros, WorkerMeasure>();
  const none = { cpu: 0, loopUse: 0, loopDelayMs: 0, residentBytes: 0, late: 0 };
  for (const sample of timeline.samples) {
    if (sample.worker !== worker || !isGlobal(sample)) continue;
    const { at, value } = sample;
    const measure = byMoment.get(at) ?? { ...none, at };
    if (sample.name === 'cpu') byMoment.set(at, { ...measure, cpu: value });
    else if (sample.name === 'loop_use') byMoment.set(at, { ...measure, loopUse: value });
    else if (sample.name === 'loop_delay') byMoment.set(at, { ...measure, loopDelayMs: value / 1e3 });
    else if (sample.name === 'resident') byMoment.set(at, { ...measure, residentBytes: value });
    else if (sample.name === 'late') byMoment.set(at, { ...measure, late: value });
  }
  return [...byMoment.values()].sort((a, b) => a.at - b.at);
}

function highest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
