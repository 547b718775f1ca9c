import { formatDuration, trim } from '../core/units.ts';
import type { Score } from './summary.ts';

/** Numbers as people read them, the same in every report. */

/** A whole number with separators: `12,345`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Events a second: `300/s`, `12,345/s`, `0.333/s`. */
export function formatPerSecond(value: number): string {
  return `${Math.abs(value) >= 1000 ? formatCount(value) : trim(value)}/s`;
}

/** Milliseconds in the unit that suits them: `41.2 ms`, `1.2 s`, `2 min 30 s`. */
export function formatMs(ms: number): string {
  return formatDuration(ms * 1e3);
}

/** Seconds in the unit that suits them. */
export function formatSeconds(seconds: number): string {
  return formatMs(seconds * 1e3);
}

/** A share from 0 to 1 in percent: `12.3%`. What is not quite nothing or all says so. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return '<0.1%';
  if (percent < 100 && percent > 99.9) return '>99.9%';
  return `${Number(percent.toFixed(1))}%`;
}

/** A small share from 0 to 1, in percent: `0.12%`. */
export function formatRate(share: number): string {
  return `${Number((share * 100).toPrecision(2))}%`;
}

/** Bytes in binary units: `7.8 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${trim(bytes / 1024 ** power)} ${units[power]}`;
}

/** Seconds on a stopwatch: `1:30`, `1:02:05`. */
export function formatStopwatch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A score that is a share, or the word in its place: `83%`, `not applicable`. */
export function formatShareScore(score: Score): string {
  return typeof score === 'string' ? score : formatShare(score, 1);
}

/** A score that is a time in seconds, or the word in its place: `8.5 s`, `never`. */
export function formatTimeScore(score: Score): string {
  return typeof score === 'string' ? score : formatMs(score * 1e3);
}
