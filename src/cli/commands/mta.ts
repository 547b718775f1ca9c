import { Command } from 'commander';
import type { CommandIo } from '../io.ts';
import { mtaConfigCommand } from './mta-config.ts';
import { mtaInstallCommand } from './mta-install.ts';
import { mtaLintCommand } from './mta-lint.ts';
import { mtaListCommand } from './mta-list.ts';

/** What `windtunnel mta` can do. A new command of it is a file here and a line in this list. */
const SUBCOMMANDS: readonly ((io: CommandIo, setExitCode: (code: number) => void) => Command)[] = [
  mtaListCommand,
  mtaInstallCommand,
  mtaConfigCommand,
  mtaLintCommand,
];

/** `windtunnel mta …` */
export function mtaCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  const command = new Command('mta').description(
    'the mail servers under test: which are here, how to get them, and how they are configured',
  );
  for (const build of SUBCOMMANDS) command.addCommand(build(io, setExitCode));
  return command;
}
