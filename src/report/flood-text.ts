/** A flood in words: the line that shows it at work, and the table at its end. */
import { trim } from '../core/units.ts';
import type { FloodSummary, Percentiles } from './flood-summary.ts';
import { formatCount, formatMs, formatPerSecond } from './numbers.ts';
import { type Align, table } from './text-table.ts';

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
export function floodProgressLine(progress: FloodProgress): string {
  return [
    `${Math.round(progress.elapsedSeconds)} s`,
    `${formatCount(progress.done)} taken`,
    formatPerSecond(progress.perSecond),
    `${formatCount(progress.failed)} failed`,
    `${formatCount(progress.connections)} connections`,
  ].join('  ');
}

/** The result for a terminal, ending with a newline. */
export function renderFlood(summary: FloodSummary): string {
  const sections = [facts(summary), latencies(summary), warnings(summary)];
  const lines = sections.filter((section) => section.length > 0).map((section) => section.join('\n'));
  return `\n${lines.join('\n\n')}\n\n`;
}

function facts(summary: FloodSummary): string[] {
  const { target, connections, failures, refusals, deferred, recipientsRefused, unfinished } = summary;
  const failed = total(failures);
  const { opened, refused, failed: unanswered, lost } = connections;
  const rows: readonly (readonly [name: string, value: string, shown?: boolean])[] = [
    ['server', target],
    [summary.action === 'noop' ? 'NOOPs' : 'messages', taken(summary)],
    ['failed', failed === 0 ? '0' : `${formatCount(failed)}: ${byCode(failures)}`],
    ['tried again', `${formatCount(deferred)} times`, deferred > 0],
    ['recipients', `${formatCount(recipientsRefused)} refused of messages taken`, recipientsRefused > 0],
    ['cut off', `${formatCount(unfinished)} under way`, unfinished > 0],
    ['schedule', schedule(summary), summary.rate !== null],
    [
      'connections',
      `${formatCount(opened)} opened, ${formatCount(refused)} refused, ${formatCount(unanswered)} failed, ${formatCount(lost)} lost`,
    ],
    ['refusals', byCode(refusals), total(refusals) > failed],
    ["driver's CPU", cpu(summary)],
  ];
  const shown = rows.filter(([, , wanted = true]) => wanted);
  return indented(
    table(
      shown.map(([name, value]) => [name, value]),
      ['left', 'left'],
    ),
  );
}

function taken(summary: FloodSummary): string {
  const done = doneOf(summary);
  if (done === 0) return 'none taken';
  const { action, durationSeconds, megabytesPerSecond } = summary;
  const bytes = action === 'noop' ? [] : [`${trim(megabytesPerSecond)} MB/s`];
  const rate = durationSeconds === 0 ? [] : [formatPerSecond(done / durationSeconds)];
  return [`${formatCount(done)} taken in ${formatMs(durationSeconds * 1e3)}`, ...rate, ...bytes].join(', ');
}

function schedule({ rate, late, dropped }: FloodSummary): string {
  return `${formatPerSecond(rate ?? 0)} due, ${formatCount(late)} begun more than 10 ms late, ${formatCount(dropped)} never begun`;
}

function cpu(summary: FloodSummary): string {
  const { driver, workers } = summary.cpuSeconds;
  const done = doneOf(summary);
  const each = done === 0 ? [] : [`${formatMs((driver / done) * 1e3)} each`];
  const processes = workers.length === 1 ? [] : [`${workers.length} processes`];
  return [formatMs(driver * 1e3), ...each, ...processes].join(', ');
}

function latencies({ action, responseTimeMs, serviceTimeMs, connectTimeMs }: FloodSummary): string[] {
  const named: readonly (readonly [string, Percentiles])[] = [
    ...(action === 'noop'
      ? [['NOOP', responseTimeMs] as const]
      : [['response time', responseTimeMs] as const, ['service time', serviceTimeMs] as const]),
    ['connecting', connectTimeMs],
  ];
  const rows = named
    .filter(([, { max }]) => max !== null)
    .map(([name, { p50, p90, p95, p99, p999, max }]) => [
      name,
      ...[p50, p90, p95, p99, p999, max].map((ms) => formatMs(ms ?? 0)),
    ]);
  if (rows.length === 0) return [];
  const head = ['', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'];
  return indented(
    table(
      [head, ...rows],
      head.map((_, column): Align => (column === 0 ? 'left' : 'right')),
    ),
  );
}

function warnings({ driverSaturated }: FloodSummary): string[] {
  return driverSaturated
    ? indented([
        'The driver was short of CPU, so the server may be faster than this. More --workers take more cores.',
      ])
    : [];
}

function doneOf({ action, messages, noops }: FloodSummary): number {
  return action === 'noop' ? noops : messages;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** `450 × 20, no reply × 3` */
function byCode(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([code, count]) => `${code === 'none' ? 'no reply' : code} × ${formatCount(count)}`)
    .join(', ');
}
