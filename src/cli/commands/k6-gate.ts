import { Command } from 'commander';
import { withBaseline } from '../../lab/folder/demand-baseline.ts';
import { gateK6 } from '../../lab/k6/gate.ts';
import { renderK6Verdict } from '../../report/k6-verdict.ts';
import { planRun } from '../../scenario/plan.ts';
import type { CommandIo } from '../io.ts';
import { loadWithOptions, type ScenarioOptions, withChanges } from '../scenario-options.ts';

interface Options extends ScenarioOptions {
  readonly baseline?: string;
  readonly json?: true;
}

/** `windtunnel k6 gate SCENARIO STREAM…` */
export function k6GateCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return withChanges(new Command('gate'))
    .description("judge the thresholds on k6's metrics over what several k6 processes measured together")
    .argument('<scenario>', 'the scenario that was exported')
    .argument(
      '<stream...>',
      'what each process wrote with --out json=FILE; .gz is read too, - is standard input',
    )
    .option('--baseline <folder>', 'what limits such as 0.95*baseline are relative to; none leaves them out')
    .option('--json', 'print the verdict as JSON')
    .action(async (file: string, streams: string[], options: Options) => {
      const result = await gateK6(
        withBaseline(planRun(loadWithOptions(file, options)), options.baseline),
        streams,
      );
      io.stdout.write(
        options.json
          ? `${JSON.stringify(result, null, 2)}\n`
          : renderK6Verdict(result, io.stdout.color, io.stdout.columns),
      );
      setExitCode(result.verdict.exitCode);
    });
}
