/** The driver's side in words, the same in every report. */
import { formatCount } from './numbers.ts';
import type { Summary } from './summary.ts';

/** True if no load of the run sends mail: its sessions are the result. */
export function holdsSessionsOnly({ injector: { loads } }: Summary): boolean {
  return loads.length > 0 && loads.every(({ action }) => action === 'noop');
}

/** True if a word about the injection is enough: one load, and all went well with its connections and messages. */
export function isPlainInjection({ injector: i }: Summary): boolean {
  const troubles = i.refused + i.failed + i.lost + i.deferredInjections + i.noops + i.noopsFailed;
  return i.loads.length <= 1 && troubles === 0 && i.refusals.length === 0;
}

/** The driver's connections: `2,004 opened, 2,000 at once at most, 3 refused, 1 lost`. undefined: it made none, as where k6 does all. */
export function connectionsText({ injector: i }: Summary): string | undefined {
  const troubles: readonly (readonly [number, string])[] = [
    [i.refused, 'refused'],
    [i.failed, 'failed'],
    [i.lost, 'lost'],
  ];
  if (i.opened + i.refused + i.failed + i.lost === 0) return undefined;
  return [
    `${formatCount(i.opened)} opened`,
    `at most ${formatCount(i.peak)} at once`,
    ...troubles.filter(([n]) => n > 0).map(([n, what]) => `${formatCount(n)} ${what}`),
  ].join(', ');
}

/** What else came of the injection, a part for each thing that happened; empty if all was taken at once. */
export function injectionNotes({ injector: i }: Summary): string[] {
  const codes = i.refusals.map(
    ({ code, count }) => `${code === 0 ? 'no reply' : code} × ${formatCount(count)}`,
  );
  return [
    ...(i.noops + i.noopsFailed > 0
      ? [
          `${formatCount(i.noops)} NOOPs answered${i.noopsFailed > 0 ? `, ${formatCount(i.noopsFailed)} not` : ''}`,
        ]
      : []),
    ...(i.deferredInjections > 0
      ? [`messages put off and kept for another try: ${formatCount(i.deferredInjections)}`]
      : []),
    ...(codes.length > 0 ? [`refused with ${codes.join(', ')}`] : []),
  ];
}
