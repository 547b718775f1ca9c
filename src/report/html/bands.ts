import type { Phase } from '../summary.ts';
import type { Band } from './chart-spec.ts';

/**
 * The phases of a run as stretches behind a chart, and what follows the load as `drain`. In an ISP's chart the
 * incidents of other ISPs are shown as `elsewhere`. Stretches that overlap are put in rows of their own.
 */
export function bandsOf(
  phases: readonly Phase[],
  {
    isp,
    loadSeconds,
    end,
  }: { readonly isp: string | undefined; readonly loadSeconds: number; readonly end: number },
): Band[] {
  const stretches: Omit<Band, 'lane'>[] = phases.map((phase) => ({
    from: phase.from,
    to: phase.to,
    kind: kindOf(phase, isp),
    label: labelOf(phase, isp),
  }));
  if (loadSeconds > 0) stretches.push({ from: loadSeconds, to: end, kind: 'drain', label: 'drain' });
  const rowEnds: number[] = [];
  return stretches
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from)
    .map((stretch) => {
      let lane = rowEnds.findIndex((rowEnd) => rowEnd <= stretch.from);
      if (lane === -1) lane = rowEnds.length;
      rowEnds[lane] = stretch.to;
      return { ...stretch, lane };
    });
}

function kindOf(phase: Phase, isp: string | undefined): Band['kind'] {
  const elsewhere = isp !== undefined && phase.isp !== undefined && phase.isp !== isp;
  return phase.name === 'incident' && elsewhere ? 'elsewhere' : phase.name;
}

function labelOf({ name, isp, label, fault }: Phase, here: string | undefined): string {
  if (name === 'warmup') return 'warm-up';
  if (name !== 'incident') return name;
  const what = label ?? 'incident';
  // It concerns every ISP.
  if (fault !== undefined) return `MTA: ${what}`;
  return isp === undefined || isp === here ? what : `${isp}: ${what}`;
}
