/**
 * A stand-in for k6, for tests where k6 itself is not: it takes the command lines that windtunnel gives, runs the same
 * scripts, and writes what k6 would write. It is written after k6's public documentation (each file says which page) and
 * is to fail where k6 would fail: at wrong flags, options, imports and calls. What it lacks it refuses in its own name.
 * It measures nothing well, since every virtual user is a thread.
 */
import { readCommandLine } from './command-line.ts';
import { runScript } from './test-run.ts';
import { EXIT, K6Error, log } from './trouble.ts';

const [command, ...args] = process.argv.slice(2);

try {
  if (command === 'version' || command === '--version')
    process.stdout.write(
      `k6 v${process.env.STAND_IN_VERSION ?? '2.3.0'} (stand-in, ${process.platform}/${process.arch})\n`,
    );
  else if (command === 'run') await runScript(readCommandLine(args), process.env);
  else throw new K6Error(EXIT.other, `unknown command "${command ?? ''}" for "k6"`);
  process.exitCode = 0;
} catch (error) {
  log('error', error instanceof Error ? error.message : String(error));
  if (!(error instanceof K6Error)) console.error(error);
  process.exitCode = error instanceof K6Error ? error.code : EXIT.other;
}
// Threads that still wait, and what a script left running, must not keep the program.
process.stdout.write('', () => process.exit());
