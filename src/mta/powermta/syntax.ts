/** How PowerMTA's configuration is written: a directive a line, tags around those that belong together. */
import type { Micros } from '../../core/clock.ts';

/** A directive with its value, a tag with what is in it, or a comment. */
export type Entry =
  | { readonly kind: 'directive'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'tag';
      readonly name: string;
      readonly argument: string;
      readonly inside: readonly Entry[];
    }
  | { readonly kind: 'comment'; readonly text: string };

/** A directive. */
export function directive(name: string, value: string | number): Entry {
  return { kind: 'directive', name, value: String(value) };
}

/** A tag, such as `<domain gmail.com>`. */
export function tag(name: string, argument: string, inside: readonly Entry[]): Entry {
  return { kind: 'tag', name, argument, inside };
}

/** A comment on a line of its own. */
export function comment(text: string): Entry {
  return { kind: 'comment', text };
}

/** The text of a configuration file: each tag is a paragraph, and so are directives that follow each other. */
export function write(entries: readonly Entry[]): string {
  const paragraphs: string[][] = [];
  for (const [at, entry] of entries.entries()) {
    const goes = at > 0 && entry.kind !== 'tag' && entries[at - 1]?.kind !== 'tag';
    const last = paragraphs.at(-1);
    if (goes && last) last.push(...lines(entry, ''));
    else paragraphs.push(lines(entry, ''));
  }
  return `${paragraphs.map((paragraph) => paragraph.join('\n')).join('\n\n')}\n`;
}

function lines(entry: Entry, indent: string): string[] {
  if (entry.kind === 'comment') return [`${indent}# ${entry.text}`];
  if (entry.kind === 'directive') return [`${indent}${entry.name} ${entry.value}`.trimEnd()];
  return [
    `${indent}<${`${entry.name} ${entry.argument}`.trim()}>`,
    ...entry.inside.flatMap((inner) => lines(inner, `${indent}    `)),
    `${indent}</${entry.name}>`,
  ];
}

/** `yes` or `no`. */
export function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** A time interval in whole seconds, one at least, in the largest unit that is exact: `90s`, `15m`, `4d`. */
export function interval(micros: Micros): string {
  const seconds = Math.max(1, Math.round(micros / 1e6));
  const [unit, size] = UNITS.find(([, each]) => seconds % each === 0) as (typeof UNITS)[number];
  return `${seconds / size}${unit}`;
}

/** Seconds over which a rate is counted; a short while keeps bursts small. */
const PERIODS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600];

/** How far a rate in whole messages may be from the one that was asked for. */
const NEAR = 0.02;

/** A rate as whole numbers: messages over the shortest period in which they come near it, such as `5/s` or `3/2s`. */
export function rate(perSecond: number): string {
  const period =
    PERIODS.find((seconds) => {
      const count = Math.round(perSecond * seconds);
      return count >= 1 && Math.abs(count / seconds / perSecond - 1) <= NEAR;
    }) ?? 3600;
  const count = Math.max(1, Math.round(perSecond * period));
  const [unit, size] = (period % 60 === 0 ? ['m', 60] : ['s', 1]) as [string, number];
  return `${count}/${period === size ? '' : period / size}${unit}`;
}
