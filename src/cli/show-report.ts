import { join, relative } from 'node:path';
import type { Comparison } from '../report/comparison/comparison.ts';
import { renderText } from '../report/comparison/text.ts';
import { renderConsole } from '../report/console.ts';
import { renderGroup } from '../report/group.ts';
import { renderJson } from '../report/json.ts';
import type { Summary } from '../report/summary.ts';
import { ExitCode } from './exit-codes.ts';
import type { CommandIo, OutputStream } from './io.ts';

/** A run's result, once the user has been told what could not be written of it. */
export interface Told {
  readonly exitCode: number;
  readonly summary: Summary;
  /** False if a file is missing from the run's folder. */
  readonly written: boolean;
}

/**
 * Tells on stderr what could not be written. The verdict still holds then, but it must not pass for that of a run that has
 * left its evidence.
 */
export function told(
  { summary, unwritten }: { readonly summary: Summary; readonly unwritten: readonly string[] },
  err: OutputStream,
): Told {
  const { verdict } = summary;
  if (unwritten.length === 0) return { exitCode: verdict.exitCode, summary, written: true };
  for (const sentence of unwritten) err.write(`${sentence}\n`);
  const exitCode = verdict.exitCode === ExitCode.passed ? ExitCode.labFailed : verdict.exitCode;
  const sentence = `${verdict.sentence} Its report could not be written.`;
  return {
    exitCode,
    summary: { ...summary, verdict: { passed: false, exitCode, sentence } },
    written: false,
  };
}

/** Prints a run's result. */
export function showReport({ summary, written }: Told, folder: string, json: boolean, io: CommandIo): void {
  if (json) {
    io.stdout.write(renderJson(summary));
    return;
  }
  io.stdout.write(renderConsole(summary, { color: io.stdout.color, width: io.stdout.columns ?? 100 }));
  if (written) io.stdout.write(`\nreport: ${relative('.', join(folder, 'report.html'))}\n`);
}

/** What there is to say of a group at its end. */
export interface GroupEnd {
  readonly runs: readonly Summary[];
  /** With the baseline, where there is one. */
  readonly comparison?: Comparison;
}

/** Prints what a group's runs have in common. */
export function showGroup(end: GroupEnd, group: string, json: boolean, io: CommandIo): void {
  if (json) {
    io.stdout.write(renderJson({ schema: 1, ...end }));
    return;
  }
  const { color, columns } = io.stdout;
  const { runs, comparison } = end;
  io.stdout.write(renderGroup(runs, color));
  if (comparison) io.stdout.write(renderText(comparison, { color, width: columns ?? 100, all: false }));
  io.stdout.write(`\ngroup: ${relative('.', group)}\n`);
}
