import { relative } from 'node:path';
import { Command } from 'commander';
import { ATTEMPTS_FILE, exportAttempts } from '../../lab/folder/export-attempts.ts';
import { rebuildReports } from '../../lab/folder/rebuild.ts';
import { formatCount } from '../../report/numbers.ts';
import type { CommandIo } from '../io.ts';
import { showReport, told } from '../show-report.ts';

/** `windtunnel report RUN` */
export function reportCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('report')
    .description("make every report of a run again from the run's folder")
    .argument('<folder>', "the run's folder")
    .option('--attempts', `also write every recipient attempt, a line of JSON each: ${ATTEMPTS_FILE}`)
    .option('--json', 'print the summary as JSON')
    .action(async (folder: string, options: { attempts?: true; json?: true }) => {
      const report = told(await rebuildReports(folder), io.stderr);
      const exported = options.attempts ? await exportAttempts(folder) : undefined;
      showReport(report, folder, options.json === true, io);
      if (exported)
        io.stderr.write(`${formatCount(exported.attempts)} attempts: ${relative('.', exported.path)}\n`);
      setExitCode(report.exitCode);
    });
}
