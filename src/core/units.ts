import type { Micros } from './clock.ts';

/** Which clock a quantity is written in; undefined where the place decides. */
export type ClockName = 'real' | 'sim';

/** A value with the clock that its suffix named, if it had one. */
export interface Quantity {
  readonly value: number;
  readonly clock: ClockName | undefined;
}

const DURATION_UNITS: Record<string, number> = {
  us: 1,
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  h: 3600e6,
  d: 86400e6,
};
const PER_UNITS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86400 };
const SIZE_UNITS: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, KiB: 1024, MiB: 1024 ** 2 };

/** Parses `30s`, `1h30m`, `10m@sim` into microseconds; undefined if it is not a duration. */
export function parseDuration(text: string): Quantity | undefined {
  const { body, clock } = splitClock(text);
  if (!/^(\d+(\.\d+)?(us|ms|s|m|h|d))+$/.test(body)) return undefined;
  let micros: Micros = 0;
  for (const part of body.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g)) {
    micros += Number(part[1]) * (DURATION_UNITS[part[2] as string] as number);
  }
  return { value: micros, clock };
}

/** Parses `50/s`, `20/m`, `5000/d@real` into events a second; undefined if it is not a rate. */
export function parseRate(text: string): Quantity | undefined {
  const { body, clock } = splitClock(text);
  const match = /^(\d+(?:\.\d+)?)\/(s|m|min|h|d)$/.exec(body);
  if (!match) return undefined;
  return { value: Number(match[1]) / (PER_UNITS[match[2] as string] as number), clock };
}

/** Parses `2KB`, `1.5MB`, `512` into bytes; undefined if it is not a size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|KB|MB|KiB|MiB)?$/.exec(text);
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (SIZE_UNITS[match[2] ?? 'B'] as number));
}

/** Parses `20%` or `0.2` into a share from 0 to 1; undefined if it is not one. */
export function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  if (!match) return undefined;
  const share = Number(match[1]) / (match[2] ? 100 : 1);
  return share <= 1 ? share : undefined;
}

/** A duration for people: `250 ms`, `1.5 s`, `2 min 30 s`, `3 h`. */
export function formatDuration(micros: Micros): string {
  if (micros === 0) return '0 s';
  if (micros < 1e3) return `${Math.round(micros)} µs`;
  if (micros < 1e6) return `${trim(micros / 1e3)} ms`;
  if (micros < 60e6) return `${trim(micros / 1e6)} s`;
  const seconds = Math.round(micros / 1e6);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  return parts
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
}

/** A rate for people, in the unit that keeps the number readable: `300/s`, `20/min`. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return 'unlimited';
  if (perSecond === 0) return '0/s';
  if (perSecond >= 1) return `${trim(perSecond)}/s`;
  if (perSecond * 60 >= 1) return `${trim(perSecond * 60)}/min`;
  if (perSecond * 3600 >= 1) return `${trim(perSecond * 3600)}/h`;
  return `${trim(perSecond * 86400)}/d`;
}

/** A number with at most three significant decimals and no trailing zeros. */
export function trim(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 3)));
}

function splitClock(text: string): { body: string; clock: ClockName | undefined } {
  const match = /^(.*)@(real|sim)$/.exec(text);
  return match
    ? { body: match[1] as string, clock: match[2] as ClockName }
    : { body: text, clock: undefined };
}
