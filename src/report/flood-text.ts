/** A flood in words: the line that shows it at work, and the table at its end. */

import { trim } from '../core/units.ts';
import type { FloodSummary, Percentiles } from './flood-summary.ts';
import { formatCount, formatMs, formatPerSecond } from './numbers.ts';

/** Where a flood is. */
export interface FloodProgress {
  readonly elapsedSeconds: number;
  /** Messages taken, or NOOPs answered, so far and in the last second. */
  readonly done: number;
  readonly perSecond: number;
  readonly failed: number;
  /** Open now. */
  readonly connections: number;
}

/** `3 s  57,310 taken  19,104/s  0 failed  50 connections` */
export function floodProgressLine({
  elapsedSeconds,
  done,
  perSecond,
  failed,
  connections,
}: FloodProgress): string {
  return [
    `${Math.round(elapsedSeconds)} s`,
    `${formatCount(done)} taken`,
    formatPerSecond(perSecond),
    `${formatCount(failed)} failed`,
    `${formatCount(connections)} connections`,
  ].join('  ');
}

/** The result for a terminal, ending with a newline. */
export function renderFlood(summary: FloodSummary): string {
  const { connections, failures, refusals, cpuSeconds } = summary;
  const done = summary.action === 'noop' ? summary.noops : summary.messages;
  const failed = sum(failures);
  const rate = summary.durationSeconds === 0 ? 0 : done / summary.durationSeconds;
  const facts: [string, string][] = [
    [
      summary.action === 'noop' ? 'NOOPs' : 'messages',
      [
        `${formatCount(done)} taken in ${formatMs(summary.durationSeconds * 1e3)}`,
        formatPerSecond(rate),
        ...(summary.action === 'noop' ? [] : [`${trim(summary.megabytesPerSecond)} MB/s`]),
      ].join(', '),
    ],
    ['failed', failed === 0 ? '0' : `${formatCount(failed)}: ${byCode(failures)}`],
    [
      'connections',
      `${formatCount(connections.opened)} opened, ${formatCount(connections.refused)} refused, ${formatCount(connections.failed)} failed, ${formatCount(connections.lost)} lost`,
    ],
    ...(sum(refusals) === failed ? [] : [['refusals', byCode(refusals)] as [string, string]]),
    ...counted('refused of taken messages', summary.recipientsRefused, 'recipients'),
    ...counted('tried again', summary.deferred, 'times'),
    [
      'schedule',
      `${formatCount(summary.late)} late by more than 10 ms, ${formatCount(summary.dropped)} dropped`,
    ],
    ...counted('cut off', summary.unfinished, 'under way'),
    [
      "driver's CPU",
      `${trim(cpuSeconds.driver)} s${done === 0 ? '' : `, ${formatMs((cpuSeconds.driver / done) * 1e3)} each`}${summary.cpuSeconds.workers.length === 1 ? '' : `, ${summary.cpuSeconds.workers.length} processes`}`,
    ],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    '',
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    ...latencies(summary),
    ...(summary.driverSaturated
      ? ['', '  The driver itself was the limit at times: the server may be faster than this says.']
      : []),
    '',
    '',
  ].join('\n');
}

function latencies({ action, responseTimeMs, serviceTimeMs, connectTimeMs }: FloodSummary): string[] {
  const rows: [string, Percentiles][] =
    action === 'noop'
      ? [['NOOP', responseTimeMs]]
      : [
          ['response time', responseTimeMs],
          ['service time', serviceTimeMs],
        ];
  const cells = [
    ['', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'],
    ...[...rows, ['connecting', connectTimeMs] as const].map(([name, { p50, p90, p95, p99, p999, max }]) => [
      name,
      ...[p50, p90, p95, p99, p999, max].map((ms) => (ms === null ? '–' : formatMs(ms))),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5, 6].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? `  ${cell.padEnd(widths[i] ?? 0)}` : cell.padStart(widths[i] ?? 0)))
      .join('  '),
  );
}

function counted(name: string, count: number, unit: string): [string, string][] {
  return count === 0 ? [] : [[name, `${formatCount(count)} ${unit}`]];
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** `450 × 20, no reply × 3` */
function byCode(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([code, count]) => `${code === 'none' ? 'no reply' : code} × ${formatCount(count)}`)
    .join(', ');
}
