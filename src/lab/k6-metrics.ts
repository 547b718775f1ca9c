/** What k6's processes measure while a run goes on: put together, and kept in the run's folder. */
import { type Micros, monotonicMicros } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import { k6Key, k6Selector } from '../core/k6-key.ts';
import type { ReadyNote } from '../driver/k6/script-plan.ts';
import { parseScriptThresholds } from '../gate/k6-threshold.ts';
import type { Threshold } from '../gate/threshold.ts';
import { type K6MetricState, mergeK6 } from '../record/k6-metrics.ts';
import type { ReportInput } from '../report/input.ts';
import { writeK6Metrics } from './run-folder.ts';

/** How often the file is renewed while the run goes on: what a run that is killed may lose. */
const KEEP_EVERY: Micros = 2e6;

/** The states of all k6 processes of a run. */
export class K6Board {
  readonly #folder: string;
  readonly #clock: () => Micros;
  readonly #states = new Map<number, readonly K6MetricState[]>();
  #merged: readonly K6MetricState[] | undefined = [];
  #keepAt: Micros = 0;

  /** @param clock tells when the file is due */
  constructor(folder: string, clock: () => Micros = monotonicMicros) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Takes what a process has measured so far, in place of what it said before, and keeps all in `k6-metrics.json` where it is
   * time for it.
   */
  take(process: number, states: readonly K6MetricState[]): void {
    this.#states.set(process, states);
    this.#merged = undefined;
    if (this.#clock() < this.#keepAt) return;
    this.#keepAt = this.#clock() + KEEP_EVERY;
    try {
      this.keep();
    } catch (error) {
      // The last one, which is kept when the run ends, says so.
      if (!(error instanceof HarnessError)) throw error;
    }
  }

  /** What all of them have measured so far. */
  merged(): readonly K6MetricState[] {
    this.#merged ??= mergeK6([...this.#states.values()]);
    return this.#merged;
  }

  /**
   * Writes what there is; nothing if no process has said anything.
   * @throws HarnessError if it can't be written
   */
  keep(): void {
    if (this.#states.size > 0) writeK6Metrics(this.#folder, this.merged());
  }
}

/** Keys of the parts of k6's metrics that thresholds look at, for k6's processes to watch. */
export function watchedByK6(thresholds: readonly Threshold[]): string[] {
  return [...new Set(thresholds.filter(({ k6 }) => k6).map(({ key }) => key))];
}

/**
 * The input of a run's report with the thresholds that the user's scripts have (`options.thresholds`), as k6's processes tell
 * them when they are ready.
 * @throws HarnessError of kind `invalid-scenario` if one can't be read
 */
export function withScriptThresholds(
  input: ReportInput,
  notes: readonly Pick<ReadyNote, 'thresholds'>[],
): ReportInput {
  const wished = notes.map(({ thresholds }) => thresholds);
  return { ...input, thresholds: joinedThresholds(input.thresholds, wished) };
}

/**
 * A scenario's thresholds, and those of scripts after them. One that the scenario has as well, or several processes tell, is
 * judged once.
 * @throws HarnessError of kind `invalid-scenario` if one can't be read
 */
export function joinedThresholds(
  own: readonly Threshold[],
  wished: readonly Readonly<Record<string, unknown>>[],
): Threshold[] {
  const known = new Set(own.filter(({ k6 }) => k6).map(nameOf));
  const joined = [...own];
  for (const one of wished) {
    const { thresholds, problems } = parseScriptThresholds(one);
    if (problems.length > 0)
      throw new HarnessError('invalid-scenario', `thresholds of the k6 script: ${problems.join('; ')}`);
    for (const threshold of thresholds) {
      if (known.has(nameOf(threshold))) continue;
      known.add(nameOf(threshold));
      joined.push(threshold);
    }
  }
  return joined;
}

function nameOf({ key, expression }: Threshold): string {
  const selector = k6Selector(key);
  return `${selector ? k6Key(selector) : key} ${expression.replace(/\s+/g, '')}`;
}
