import { Command } from 'commander';
import { shortfallsHere } from '../../lab/shortfalls.ts';
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
    .action(async (files: string[], options: ScenarioOptions & { json?: true }) => {
      for (const file of files) {
        const planned = planRun(loadWithOptions(file, options));
        const plan = { ...planned, notes: [...planned.notes, ...(await shortfallsHere(planned))] };
        io.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : describePlan(plan));
      }
    });
}
