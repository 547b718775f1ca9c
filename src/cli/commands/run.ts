import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { asset } from '../../core/assets.ts';
import { wallClock } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { demandBaseline } from '../../lab/demand-baseline.ts';
import { chooseGround, type Ground } from '../../lab/ground.ts';
import { rebuildReports } from '../../lab/rebuild.ts';
import { createRunFolder } from '../../lab/run-folder.ts';
import { shortfallsHere } from '../../lab/shortfalls.ts';
import { superviseLab } from '../../lab/supervisor.ts';
import { renderConsole } from '../../report/console.ts';
import { renderJson } from '../../report/json.ts';
import { readSummary } from '../../report/read.ts';
import { type Plan, planRun } from '../../scenario/plan.ts';
import { ExitCode } from '../exit-codes.ts';
import type { CommandIo } from '../io.ts';
import { ProgressDisplay } from '../progress.ts';
import { loadWithOptions, type ScenarioOptions, withScenarioOptions } from '../scenario-options.ts';
import { version } from '../version.ts';

interface RunOptions extends ScenarioOptions {
  readonly out: string;
  readonly seal: boolean;
  readonly json?: true;
}

/** `windtunnel run SCENARIO…` */
export function runCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return withScenarioOptions(new Command('run'))
    .description('run scenarios and write a report of each')
    .argument('<scenario...>', 'scenario files')
    .option('--out <dir>', 'where run folders are made', asset('reports'))
    .option('--no-seal', 'run on loopback, without network namespaces')
    .option('--json', 'print the summary as JSON')
    .action(async (files: string[], options: RunOptions) => {
      // All scenarios are validated before the first one starts.
      const planned = files.map((file) => {
        const loaded = loadWithOptions(file, options);
        return { ...demandBaseline(planRun(loaded), undefined), text: loaded.text };
      });
      const codes: number[] = [];
      for (const each of planned) codes.push(await runOne(each, options, io));
      setExitCode(codes.find((code) => code !== ExitCode.passed) ?? ExitCode.passed);
    });
}

/** A scenario that is ready to be flown. */
interface Planned {
  readonly plan: Plan;
  readonly text: string;
  /** What its report says at the top. */
  readonly warnings: readonly string[];
}

async function runOne(
  { plan, text, warnings }: Planned,
  options: RunOptions,
  io: CommandIo,
): Promise<number> {
  const progress = new ProgressDisplay(io.stderr);
  const ground: Ground = await chooseGround(plan, options.seal);
  const short = await shortfallsHere(plan);
  const said = [...ground.warnings, ...short, ...warnings];
  for (const note of [...plan.notes, ...said]) progress.note(`note: ${note}`);
  const startedAt = wallClock();
  const folder = createRunFolder(resolve(options.out), plan.name, startedAt);
  let interrupts = 0;
  const result = await superviseLab(
    {
      plan,
      folder,
      lab: ground.lab,
      scenarioText: text,
      command: replayCommand(plan, options),
      version: version(),
      startedAt: startedAt.toISOString(),
      warnings: said,
    },
    ground.privilege,
    {
      progress: (state) => progress.show(state),
      onStop: (stop) =>
        io.onInterrupt(() => {
          interrupts++;
          progress.note(
            interrupts === 1
              ? 'stopping: no more mail is injected, waiting for the queue to drain; Ctrl-C again to stop at once'
              : 'stopping at once',
          );
          stop();
        }),
    },
  ).finally(() => progress.end());

  if (result.kind === 'vanished') {
    if (!existsSync(join(folder, 'run.json'))) {
      throw new HarnessError('bug', `the lab ended with ${result.how} before the load began\n${result.log}`);
    }
    rebuildReports(folder);
    progress.note(
      `the lab ended with ${result.how}; the report holds what was recorded until then\n${result.log}`,
    );
  }
  const summary = readSummary(folder);
  if (options.json) io.stdout.write(renderJson(summary));
  else {
    io.stdout.write(renderConsole(summary, { color: io.stdout.color, width: io.stdout.columns ?? 100 }));
    io.stdout.write(`\nreport: ${relative('.', join(folder, 'report.html'))}\n`);
  }
  if (result.kind === 'done') return result.exitCode;
  return interrupts > 0 ? ExitCode.interrupted : ExitCode.bug;
}

/** The command that runs this plan again, seed included. */
function replayCommand(plan: Plan, options: RunOptions): string {
  const parts = ['windtunnel run', relative('.', plan.file) || plan.file, `--seed ${plan.seed}`];
  if (options.mta !== undefined) parts.push(`--mta ${options.mta}`);
  for (const override of options.set) parts.push(`--set '${override}'`);
  if (!options.seal) parts.push('--no-seal');
  return parts.join(' ');
}
