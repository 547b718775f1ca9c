import { Command, CommanderError } from 'commander';
import { HarnessError } from '../core/errors.ts';
import { EXIT_CODE_HELP, ExitCode, exitCodeOf } from './exit-codes.ts';
import type { CommandIo } from './io.ts';
import { version } from './version.ts';

/** Sets the exit code of a command that ended as it should. */
type SetExitCode = (code: number) => void;

/** Each command is loaded when it is asked for: what all of them need takes longer to load than most of them to run. */
const COMMANDS: readonly {
  readonly name: string;
  load(io: CommandIo, set: SetExitCode): Promise<Command>;
}[] = [
  { name: 'run', load: async (io, set) => (await import('./commands/run.ts')).runCommand(io, set) },
  { name: 'check', load: async (io) => (await import('./commands/check.ts')).checkCommand(io) },
  {
    name: 'compare',
    load: async (io, set) => (await import('./commands/compare.ts')).compareCommand(io, set),
  },
  { name: 'report', load: async (io, set) => (await import('./commands/report.ts')).reportCommand(io, set) },
  { name: 'isp', load: async (io) => (await import('./commands/isp.ts')).ispCommand(io) },
  { name: 'flood', load: async (io, set) => (await import('./commands/flood.ts')).floodCommand(io, set) },
  { name: 'doctor', load: async (io) => (await import('./commands/doctor.ts')).doctorCommand(io) },
  { name: 'k6', load: async (io, set) => (await import('./commands/k6.ts')).k6Command(io, set) },
  { name: 'mta', load: async (io, set) => (await import('./commands/mta.ts')).mtaCommand(io, set) },
];

/** The whole CLI: parses arguments, runs the command, and returns the exit code. Touches nothing but `io`. */
export async function main(io: CommandIo): Promise<number> {
  let exitCode: number = ExitCode.passed;
  const program = new Command('windtunnel')
    .description(
      'Floods a mail server in a sealed internet with simulated Gmail, Yahoo and Outlook, and judges how it copes.',
    )
    .version(version())
    .addHelpText('after', EXIT_CODE_HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  const set = (code: number): void => {
    exitCode = code;
  };
  const named = COMMANDS.filter(({ name }) => name === io.argv.find((arg) => !arg.startsWith('-')));
  for (const { load } of named.length > 0 ? named : COMMANDS) {
    program.addCommand(adopted(await load(io, set), program));
  }
  try {
    await program.parseAsync([...io.argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return failed(error, io);
  }
}

/** Settings such as exitOverride are not inherited by a command that was built on its own, nor by those below it. */
function adopted(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) adopted(below, command);
  return command;
}

function failed(error: unknown, io: CommandIo): number {
  // Commander has written its message already; help and version end here too, with code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.passed : ExitCode.usage;
  if (error instanceof HarnessError) {
    io.stderr.write(`${error.message}\n`);
    if (error.hint !== undefined) io.stderr.write(`hint: ${error.hint}\n`);
    return exitCodeOf(error.kind);
  }
  io.stderr.write(`windtunnel: a bug: ${error instanceof Error ? error.stack : String(error)}\n`);
  return ExitCode.bug;
}
