import { Command } from 'commander';
import { HarnessError } from '../../core/errors.ts';
import { diagnose } from '../../lab/machine/diagnosis.ts';
import { readMachine } from '../../lab/machine/machine.ts';
import { describeMachine } from '../doctor-text.ts';
import type { CommandIo } from '../io.ts';

/** What is judged if no number is asked for: what the scenario hundred-thousand-connections holds. */
const USUAL_SESSIONS = 100_000;

/** `windtunnel doctor` */
export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .description('print what this machine can hold, and what to change so that it holds more')
    .option('--connections <number>', 'sessions to hold at once; it fails if they can not be held')
    .option('--json', 'print facts and judgements as JSON')
    .action(async (options: { connections?: string; json?: true }) => {
      const wanted = options.connections === undefined ? undefined : sessionsOf(options.connections);
      const facts = await readMachine();
      const sessions = wanted ?? USUAL_SESSIONS;
      const judgements = diagnose(facts, sessions);
      io.stdout.write(
        options.json
          ? `${JSON.stringify({ sessions, facts, judgements }, plainly, 2)}\n`
          : describeMachine(facts, judgements, sessions),
      );
      const short = judgements.filter(({ state }) => state === 'short');
      if (wanted === undefined || short.length === 0) return;
      const named = short.map(({ name, finding }) => `${name}: ${finding}`).join('\n');
      throw new HarnessError(
        'lab',
        `this machine can't hold ${wanted.toLocaleString('en')} sessions\n${named}`,
      );
    });
}

/** JSON has no word for what is not known, nor for what has no limit. */
function plainly(_key: string, value: unknown): unknown {
  if (value === undefined) return null;
  return value === Number.POSITIVE_INFINITY ? 'unlimited' : value;
}

function sessionsOf(text: string): number {
  const sessions = Number(text);
  if (/^\d{1,8}$/.test(text) && sessions > 0) return sessions;
  throw new HarnessError('usage', `--connections ${text}: expected a whole number, such as 100000`);
}
