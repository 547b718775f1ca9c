import { Command } from 'commander';
import type { CommandIo } from '../io.ts';
import { mtaConfigCommand } from './mta-config.ts';
import { mtaInstallCommand } from './mta-install.ts';
import { mtaListCommand } from './mta-list.ts';

/** What `windtunnel mta` can do. A new command of it is a file here and a line in this list. */
const SUBCOMMANDS: readonly ((io: CommandIo) => Command)[] = [
  mtaListCommand,
  mtaInstallCommand,
  mtaConfigCommand,
];

/** `windtunnel mta …` */
export function mtaCommand(io: CommandIo): Command {
  const command = new Command('mta').description(
    'the mail servers under test: which are here, how to get them, how each is configured',
  );
  for (const build of SUBCOMMANDS) command.addCommand(build(io));
  return command;
}
