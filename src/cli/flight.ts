/** Flies one run and shows how it goes on. */
import { relative } from 'node:path';
import { wallClock } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import { shellCommand } from '../core/shell.ts';
import { salvage } from '../lab/folder/rebuild.ts';
import { chooseGround, type Ground } from '../lab/ground/ground.ts';
import { k6For } from '../lab/k6/program.ts';
import type { RunRequest } from '../lab/messages.ts';
import { shortfallsHere } from '../lab/shortfalls.ts';
import { type StopStep, superviseLab } from '../lab/supervisor.ts';
import type { Plan } from '../scenario/plan.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { Interrupts } from './interrupts.ts';
import type { OutputStream } from './io.ts';
import { ProgressDisplay } from './progress.ts';
import type { ScenarioOptions } from './scenario-options.ts';
import { type Told, told } from './show-report.ts';
import { version } from './version.ts';
import { type LivePort, watched } from './watched.ts';

/** The options of `run` that a flight depends on. */
export interface FlightOptions extends ScenarioOptions {
  readonly seal: boolean;
  readonly baseline?: string;
  readonly ui?: LivePort;
  readonly k6Bin?: string;
}

/** A scenario that is ready to be flown, once or more often. */
export interface Prepared {
  readonly plan: Plan;
  /** The scenario's text as resolved. */
  readonly text: string;
  readonly baseline: RunRequest['baseline'] | undefined;
  readonly ground: Ground;
  /** The k6 program, where a load is for it. */
  readonly k6: RunRequest['k6'] | undefined;
  /** What reports say at the top. */
  readonly warnings: readonly string[];
}

/**
 * Chooses the ground, finds k6 where it is needed and looks for what this machine falls short of; tells the user what to
 * know before the run.
 * @throws HarnessError of kind `lab` if the run can't be flown here
 */
export async function prepare(
  planned: Pick<Prepared, 'plan' | 'text' | 'baseline' | 'warnings'>,
  options: FlightOptions,
  out: OutputStream,
): Promise<Prepared> {
  const { plan } = planned;
  const k6 = await k6For(plan, options.k6Bin);
  const ground = await chooseGround(plan, options.seal);
  const warnings = [...ground.warnings, ...(await shortfallsHere(plan)), ...planned.warnings];
  for (const note of [...plan.notes, ...warnings]) out.write(`note: ${note}\n`);
  return { ...planned, ground, k6, warnings };
}

/**
 * Flies a run in a folder of its own.
 * @param label stands before its progress
 * @throws HarnessError if the lab ended before there was anything to report, or was not to start any more
 */
export function fly(
  prepared: Prepared,
  folder: string,
  options: FlightOptions,
  out: OutputStream,
  interrupts: Interrupts,
  label = '',
): Promise<Told> {
  return watched(options.ui, prepared.plan, folder, out, () =>
    flyUnwatched(prepared, folder, options, out, interrupts, label),
  );
}

async function flyUnwatched(
  { plan, text, baseline, ground, k6, warnings }: Prepared,
  folder: string,
  options: FlightOptions,
  out: OutputStream,
  interrupts: Interrupts,
  label: string,
): Promise<Told> {
  if (interrupts.count > 0) throw new HarnessError('interrupted', 'interrupted before the load began');
  const progress = new ProgressDisplay(out, label);
  const before = interrupts.count;
  const result = await superviseLab(
    {
      plan,
      folder,
      lab: ground.lab,
      scenarioText: text,
      command: replayCommand(plan, options),
      version: version(),
      startedAt: wallClock().toISOString(),
      warnings,
      ...(baseline && { baseline }),
      ...(k6 && { k6 }),
    },
    ground.privilege,
    {
      progress: (state) => progress.show(state),
      // Whoever sends SIGTERM will not wait for a queue.
      onStop: (stop) => interrupts.handle((signal) => progress.note(STOPPING[stop(signal === 'SIGTERM')])),
    },
  ).finally(() => progress.end());
  if (result.kind === 'done') return told(result, out);
  const error = result.kind === 'failed' ? result.error : endOf(result, interrupts.count > before);
  const log = result.kind === 'failed' ? '' : `\n${result.log}`;
  const why = error.message.split('\n', 1)[0] as string;
  const report = await salvage(folder, { why, exitCode: exitCodeOf(error.kind) });
  if (report) {
    progress.note(`${error.message}; the report holds what was recorded until then${log}`);
    return told(report, out);
  }
  if (result.kind === 'failed') throw error;
  throw new HarnessError(error.kind, `${error.message} before the load began${log}`);
}

const STOPPING: Readonly<Record<StopStep, string>> = {
  drain: 'stopping: no more mail is injected, waiting for the queue to drain; Ctrl-C again to stop at once',
  now: 'stopping at once',
  kill: 'ending the lab; what was recorded is reported',
};

/** A lab that was killed from outside, perhaps for want of memory, did nothing wrong; one that crashed did. */
function endOf({ how }: { readonly how: string }, stopped: boolean): HarnessError {
  const kind = stopped ? 'interrupted' : how.startsWith('signal') ? 'lab' : 'bug';
  return new HarnessError(kind, `the lab ended with ${how}`);
}

/** The command that runs this plan again, seed included. */
function replayCommand(plan: Plan, options: FlightOptions): string {
  return shellCommand([
    ...['windtunnel', 'run', relative('.', plan.file) || plan.file, '--seed', `${plan.seed}`],
    ...(options.mta === undefined ? [] : ['--mta', options.mta]),
    ...options.set.flatMap((change) => ['--set', change]),
    ...(options.baseline === undefined ? [] : ['--baseline', options.baseline]),
    ...(options.k6Bin === undefined ? [] : ['--k6-bin', options.k6Bin]),
    ...(options.seal ? [] : ['--no-seal']),
  ]);
}
