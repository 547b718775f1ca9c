import { Command, CommanderError } from 'commander';
import { HarnessError } from '../core/errors.ts';
import { checkCommand } from './commands/check.ts';
import { doctorCommand } from './commands/doctor.ts';
import { floodCommand } from './commands/flood.ts';
import { ispCommand } from './commands/isp.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { EXIT_CODE_HELP, ExitCode, exitCodeOf } from './exit-codes.ts';
import type { CommandIo } from './io.ts';
import { version } from './version.ts';

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
  for (const command of [
    runCommand(io, set),
    checkCommand(io),
    reportCommand(io, set),
    ispCommand(io),
    floodCommand(io, set),
    doctorCommand(io),
  ]) {
    // Settings such as exitOverride are not inherited by a command that was built on its own.
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync([...io.argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return failed(error, io);
  }
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
