import { resolve } from 'node:path';
import { Command } from 'commander';
import { asset } from '../../core/assets.ts';
import { wallClock } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { withBaseline } from '../../lab/folder/demand-baseline.ts';
import { createRunFolder } from '../../lab/folder/run-folder.ts';
import { planRun } from '../../scenario/plan.ts';
import { ExitCode, worstOf } from '../exit-codes.ts';
import { fly, type Prepared, prepare } from '../flight.ts';
import { flyGroup, type GroupOptions } from '../group.ts';
import { Interrupts } from '../interrupts.ts';
import type { CommandIo } from '../io.ts';
import { loadWithOptions, withScenarioOptions } from '../scenario-options.ts';
import { showReport } from '../show-report.ts';
import { livePort } from '../watched.ts';

interface RunOptions extends GroupOptions {
  readonly repeat?: string;
}

/** `windtunnel run SCENARIO…` */
export function runCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return withScenarioOptions(new Command('run'))
    .description('run scenarios and write a report of each')
    .argument('<scenario...>', 'scenario files')
    .option('--out <dir>', 'where run folders are made', asset('reports'))
    .option('--no-seal', 'run on loopback, without network namespaces')
    .option('--repeat <number>', 'run each scenario so often, with the same seed, into one folder')
    .option('--baseline <folder>', 'earlier runs that limits such as 0.95*baseline are relative to, or none')
    .option('--k6-bin <path>', 'the k6 program for loads of engine: k6, instead of K6_BIN or the one in PATH')
    .option('--json', 'print the summary as JSON')
    .option(
      '--ui [port]',
      'show the report in a browser while the run goes on, and serve /metrics, on 127.0.0.1 at a free port or this one',
      livePort,
    )
    .action(async (files: string[], options: RunOptions) => {
      const repeat = options.repeat === undefined ? undefined : repeatOf(options.repeat);
      // All scenarios are validated before the first one starts.
      const planned = files.map((file) => plannedRun(file, options));
      const interrupts = new Interrupts(io);
      const codes: number[] = [];
      for (const each of planned) {
        if (interrupts.count > 0) {
          codes.push(ExitCode.interrupted);
          break;
        }
        const prepared = await prepare(each, options, io.stderr);
        codes.push(
          repeat === undefined
            ? await runOnce(prepared, options, io, interrupts)
            : await flyGroup(prepared, repeat, options, io, interrupts),
        );
      }
      setExitCode(worstOf(codes));
    });
}

function plannedRun(
  file: string,
  { baseline: named, ...options }: RunOptions,
): Omit<Prepared, 'ground' | 'k6'> {
  const loaded = loadWithOptions(file, options);
  return { ...withBaseline(planRun(loaded), named), text: loaded.text };
}

async function runOnce(
  prepared: Prepared,
  options: RunOptions,
  io: CommandIo,
  interrupts: Interrupts,
): Promise<number> {
  const folder = createRunFolder(resolve(options.out), prepared.plan.name, wallClock());
  const flown = await fly(prepared, folder, options, io.stderr, interrupts);
  showReport(flown, folder, options.json === true, io);
  return flown.exitCode;
}

function repeatOf(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new HarnessError('usage', `--repeat ${text}: expected a whole number from 1 to 999`);
}
