import type { Names } from '../analysis/measure.ts';
import type { PhaseSpan } from '../analysis/phases.ts';
import type { Micros } from '../core/clock.ts';
import type { ReportInput } from './input.ts';

/**
 * The names behind the numbers in the records.
 * @param loadEnd when the load ended, or now if it goes on; undefined: it is not known, so it ran to its longest
 */
export function namesOf(input: ReportInput, loadEnd: Micros | undefined): Names {
  return {
    isps: input.isps.map((isp) => isp.id),
    sources: input.sources,
    vmtas: input.spread?.vmtas ?? [],
    replies: input.replies.map((reply) => reply.id),
    phases: endingAt(input.phases, loadEnd),
    loads: input.loads.map((load) => load.name),
    checks: input.checks,
    running: input.run.running,
  };
}

/** A load can end before its longest time; then its last phase does too, and rates are over the time that there was. */
function endingAt(phases: readonly PhaseSpan[], end: Micros | undefined): readonly PhaseSpan[] {
  if (end === undefined) return phases;
  return phases.filter(({ from }) => from < end).map((span) => ({ ...span, to: Math.min(span.to, end) }));
}
