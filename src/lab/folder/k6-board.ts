/** What k6's processes measure while a run goes on: put together, and kept in the run's folder. */
import { type Micros, monotonicMicros } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { type K6MetricState, mergeK6 } from '../../record/k6-metrics.ts';
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
