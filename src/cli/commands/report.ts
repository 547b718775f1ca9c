import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { Command } from 'commander';
import { ATTEMPTS_FILE, exportAttempts } from '../../lab/folder/export-attempts.ts';
import { runsOfGroup, writeGroup } from '../../lab/folder/group-folder.ts';
import { rebuildReports } from '../../lab/folder/rebuild.ts';
import { groupLine } from '../../report/group.ts';
import { formatCount } from '../../report/numbers.ts';
import { worstOf } from '../exit-codes.ts';
import type { CommandIo } from '../io.ts';
import { showGroup, showReport, type Told, told } from '../show-report.ts';

interface ReportOptions {
  readonly attempts?: true;
  readonly json?: true;
}

/** `windtunnel report FOLDER` */
export function reportCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('report')
    .description("make every report of a run, or of a group's runs, again from its folder")
    .argument('<folder>', "the run's folder, or a group's, which holds run-1, run-2 …")
    .option('--attempts', `also write every recipient attempt, a line of JSON each: ${ATTEMPTS_FILE}`)
    .option('--json', 'print the summary as JSON')
    .action(async (folder: string, options: ReportOptions) => {
      const group = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? runsOfGroup(folder) : [];
      setExitCode(
        group.length > 0
          ? await reportGroup(folder, group, options, io)
          : await reportRun(folder, options, io),
      );
    });
}

async function reportRun(folder: string, options: ReportOptions, io: CommandIo): Promise<number> {
  const { report, tellAttempts } = await again(folder, options, io);
  showReport(report, folder, options.json === true, io);
  tellAttempts();
  return report.exitCode;
}

async function reportGroup(
  group: string,
  runs: readonly string[],
  options: ReportOptions,
  io: CommandIo,
): Promise<number> {
  const reports: Told[] = [];
  for (const [index, folder] of runs.entries()) {
    const { report, tellAttempts } = await again(folder, options, io);
    reports.push(report);
    const label = `run ${index + 1} of ${runs.length}`;
    if (!options.json) io.stdout.write(groupLine(label, report.summary, io.stdout.color));
    tellAttempts();
  }
  const summaries = reports.map(({ summary }) => summary);
  writeGroup(group, summaries);
  showGroup({ runs: summaries }, group, options.json === true, io);
  return worstOf(reports.map(({ exitCode }) => exitCode));
}

/** Makes a run's reports again; where its attempts are is told when the caller has said how it went. */
async function again(
  folder: string,
  options: ReportOptions,
  io: CommandIo,
): Promise<{ report: Told; tellAttempts: () => void }> {
  const report = told(await rebuildReports(folder), io.stderr);
  const exported = options.attempts ? await exportAttempts(folder) : undefined;
  const tellAttempts = (): void => {
    if (exported)
      io.stderr.write(`${formatCount(exported.attempts)} attempts: ${relative('.', exported.path)}\n`);
  };
  return { report, tellAttempts };
}
