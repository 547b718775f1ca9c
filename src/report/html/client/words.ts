/** Numbers and moments as the charts write them. */
import type { Unit } from '../chart-spec.ts';
import { page } from './page-data.ts';

/** A moment on the time axis. */
export function moment(seconds: number): string {
  if (page.end <= 180) return `${number(seconds)} s`;
  const whole = Math.floor(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A percentile, given as 1/(1-p). */
export function percentile(nines: number): string {
  return `${Number((100 - 100 / nines).toPrecision(7))}%`;
}

/** A value at an axis. */
export function short(value: number, unit: Unit): string {
  return unit === 'ms' ? duration(value) : unit === 'share' ? `${number(value * 100)}%` : number(value);
}

/** A value in the legend. */
export function long(value: number, unit: Unit): string {
  return unit === 'perSecond' ? `${number(value)}/s` : short(value, unit);
}

function duration(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 1000) return `${number(ms)} ms`;
  return ms < 600_000 ? `${number(ms / 1000)} s` : `${number(ms / 60_000)} min`;
}

function number(value: number): string {
  return value.toLocaleString(
    'en-US',
    value >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  );
}
