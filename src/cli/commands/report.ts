import { join, relative } from 'node:path';
import { Command } from 'commander';
import { rebuildReports } from '../../lab/rebuild.ts';
import { renderConsole } from '../../report/console.ts';
import { renderJson } from '../../report/json.ts';
import type { CommandIo } from '../io.ts';

/** `windtunnel report RUN` */
export function reportCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('report')
    .description("make every report of a run again from the run's folder")
    .argument('<folder>', "the run's folder")
    .option('--json', 'print the summary as JSON')
    .action((folder: string, options: { json?: true }) => {
      const { summary } = rebuildReports(folder);
      if (options.json) io.stdout.write(renderJson(summary));
      else {
        io.stdout.write(renderConsole(summary, { color: io.stdout.color, width: io.stdout.columns ?? 100 }));
        io.stdout.write(`\nreport: ${relative('.', join(folder, 'report.html'))}\n`);
      }
      setExitCode(summary.verdict.exitCode);
    });
}
