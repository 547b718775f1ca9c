import { Command } from 'commander';
import { HarnessError } from '../../core/errors.ts';
import { exportK6 } from '../../lab/k6/export.ts';
import { planRun } from '../../scenario/plan.ts';
import type { CommandIo } from '../io.ts';
import { loadWithOptions, type ScenarioOptions, withChanges } from '../scenario-options.ts';

interface Options extends ScenarioOptions {
  readonly out: string;
  readonly url: string;
  readonly key?: string;
  readonly segments: string;
}

/** The most processes that one load may be shared by. */
const MOST_SEGMENTS = 1000;

/** `windtunnel k6 export SCENARIO` */
export function k6ExportCommand(io: CommandIo): Command {
  return withChanges(new Command('export'))
    .description('write a folder that k6 can run by itself: the script and its plan')
    .argument('<scenario>', 'a scenario file with loads of engine: k6')
    .requiredOption('-o, --out <folder>', 'where to; it must be empty or not there')
    .requiredOption('--url <url>', 'where the MTA takes mail in over HTTP, such as http://mta:8000')
    .option('--key <key>', 'an API key that lets in; it is written to plan.json')
    .option('--segments <number>', 'how many k6 processes will share the load', '1')
    .action(async (file: string, options: Options) => {
      const segments = Number(options.segments);
      if (!Number.isInteger(segments) || segments < 1 || segments > MOST_SEGMENTS)
        throw new HarnessError(
          'usage',
          `--segments ${options.segments}: expected a whole number from 1 to ${MOST_SEGMENTS}`,
        );
      const { out, url, key } = options;
      const plan = planRun(loadWithOptions(file, options));
      const scenario = [
        file,
        ...(options.seed === undefined ? [] : ['--seed', options.seed]),
        ...options.set.flatMap((change) => ['--set', change]),
      ];
      const exported = await exportK6(plan, { folder: out, scenario, url, key, segments });
      for (const note of exported.notes) io.stderr.write(`note: ${note}\n`);
      io.stderr.write(`${out}: ${exported.files.length} files\n`);
      io.stdout.write(`${[...exported.commands, exported.gate].join('\n')}\n`);
    });
}
