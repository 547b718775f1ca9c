/** Flies a scenario several times after each other, shows each run in a line, and judges them together. */
import { join, resolve } from 'node:path';
import { wallClock } from '../core/clock.ts';
import { compareGroup } from '../lab/folder/compared-runs.ts';
import { createRunOfGroup, writeGroup } from '../lab/folder/group-folder.ts';
import { createFolder } from '../lab/folder/run-folder.ts';
import { groupLine } from '../report/group.ts';
import type { Summary } from '../report/summary.ts';
import { keepComparison } from './comparison-file.ts';
import { ExitCode, worstOf } from './exit-codes.ts';
import { type FlightOptions, fly, type Prepared } from './flight.ts';
import type { Interrupts } from './interrupts.ts';
import type { CommandIo } from './io.ts';
import { showGroup } from './show-report.ts';

/** The options of `run` that a group depends on. */
export interface GroupOptions extends FlightOptions {
  readonly out: string;
  readonly json?: true;
}

/** Flies a group of so many runs, or until the user ends it, and returns the worst exit code. */
export async function flyGroup(
  prepared: Prepared,
  repeat: number,
  options: GroupOptions,
  io: CommandIo,
  interrupts: Interrupts,
): Promise<number> {
  const group = createFolder(resolve(options.out), prepared.plan.name, wallClock());
  const codes: number[] = [];
  const summaries: Summary[] = [];
  for (let number = 1; number <= repeat && interrupts.count === 0; number++) {
    const label = `run ${number} of ${repeat}`;
    const folder = createRunOfGroup(group, number);
    const { exitCode, summary } = await fly(prepared, folder, options, io.stderr, interrupts, label);
    codes.push(exitCode);
    summaries.push(summary);
    writeGroup(group, summaries);
    if (!options.json) io.stdout.write(groupLine(label, summary, io.stdout.color));
  }
  if (summaries.length < repeat) codes.push(ExitCode.interrupted);
  const { baseline } = prepared;
  const comparison = baseline && interrupts.count === 0 ? compareGroup(baseline.name, group) : undefined;
  if (comparison) codes.push(keepComparison(join(group, 'junit.xml'), comparison, io.stderr));
  showGroup({ runs: summaries, ...(comparison && { comparison }) }, group, options.json === true, io);
  return worstOf(codes);
}
