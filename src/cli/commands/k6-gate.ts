import { Command } from 'commander';
import { gateK6 } from '../../lab/k6/gate.ts';
import { renderK6Verdict } from '../../report/k6-verdict.ts';
import { planRun } from '../../scenario/plan.ts';
import type { CommandIo } from '../io.ts';
import { loadWithOptions, type ScenarioOptions, withChanges } from '../scenario-options.ts';

/** `windtunnel k6 gate SCENARIO STREAM…` */
export function k6GateCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return withChanges(new Command('gate'))
    .description("judge the thresholds on k6's metrics over what several k6 processes measured together")
    .argument('<scenario>', 'the scenario that was exported')
    .argument(
      '<stream...>',
      'what each process wrote with --out json=FILE; .gz is read too, - is standard input',
    )
    .option('--json', 'print the verdict as JSON')
    .action(async (file: string, streams: string[], options: ScenarioOptions & { json?: true }) => {
      const result = await gateK6(planRun(loadWithOptions(file, options)), streams);
      io.stdout.write(
        options.json
          ? `${JSON.stringify(result, null, 2)}\n`
          : renderK6Verdict(result, io.stdout.color, io.stdout.columns),
      );
      setExitCode(result.verdict.exitCode);
    });
}
