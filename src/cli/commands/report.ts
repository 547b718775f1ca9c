import { join, relative } from 'node:path';
import { Command } from 'commander';
import { ATTEMPTS_FILE, exportAttempts } from '../../lab/export-attempts.ts';
import { rebuildReports } from '../../lab/rebuild.ts';
import { renderConsole } from '../../report/console.ts';
import { renderJson } from '../../report/json.ts';
import { formatCount } from '../../report/numbers.ts';
import type { CommandIo } from '../io.ts';

/** `windtunnel report RUN` */
export function reportCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('report')
    .description("make every report of a run again from the run's folder")
    .argument('<folder>', "the run's folder")
    .option('--attempts', `also write every recipient attempt, a line of JSON each: ${ATTEMPTS_FILE}`)
    .option('--json', 'print the summary as JSON')
    .action(async (folder: string, options: { attempts?: true; json?: true }) => {
      const { summary } = rebuildReports(folder);
      const exported = options.attempts ? await exportAttempts(folder) : undefined;
      if (options.json) io.stdout.write(renderJson(summary));
      else {
        io.stdout.write(renderConsole(summary, { color: io.stdout.color, width: io.stdout.columns ?? 100 }));
        io.stdout.write(`\nreport: ${relative('.', join(folder, 'report.html'))}\n`);
      }
      if (exported)
        io.stderr.write(`${formatCount(exported.attempts)} attempts: ${relative('.', exported.path)}\n`);
      setExitCode(summary.verdict.exitCode);
    });
}
