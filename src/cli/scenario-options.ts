import type { Command } from 'commander';
import { type LoadedScenario, loadScenario } from '../scenario/load.ts';
import { repeatable } from './repeatable.ts';

/** Options that change a scenario before it is validated; `run` and `check` share them. */
export interface ScenarioOptions {
  readonly mta?: string;
  readonly seed?: string;
  readonly set: readonly string[];
}

/** Adds the shared options to a command. */
export function withScenarioOptions(command: Command): Command {
  return withChanges(
    command.option('--mta <name>', 'test this MTA instead of the one that the scenario names'),
  );
}

/** Adds those that leave the MTA as it is. */
export function withChanges(command: Command): Command {
  return command
    .option('--seed <number>', 'use this seed instead of the one in the scenario')
    .addOption(repeatable('--set <path=value>', 'change a value, such as load.rate=100/s'));
}

/** Loads a scenario with the options applied. */
export function loadWithOptions(file: string, options: ScenarioOptions): LoadedScenario {
  const overrides = [...options.set];
  if (options.mta !== undefined) overrides.push(`mta.adapter=${options.mta}`);
  if (options.seed !== undefined) overrides.push(`seed=${options.seed}`);
  return loadScenario(file, overrides);
}
