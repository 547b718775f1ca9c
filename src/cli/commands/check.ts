import { Command } from 'commander';
import { describePlan } from '../../scenario/describe.ts';
import { planRun } from '../../scenario/plan.ts';
import type { CommandIo } from '../io.ts';
import { loadWithOptions, type ScenarioOptions, withScenarioOptions } from '../scenario-options.ts';

/** `windtunnel check SCENARIO…` */
export function checkCommand(io: CommandIo): Command {
  return withScenarioOptions(new Command('check'))
    .description('validate scenarios and print what each would do, without doing it')
    .argument('<scenario...>', 'scenario files')
    .option('--json', 'print the plan as JSON')
    .action((files: string[], options: ScenarioOptions & { json?: true }) => {
      for (const file of files) {
        const plan = planRun(loadWithOptions(file, options));
        io.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : describePlan(plan));
      }
    });
}
