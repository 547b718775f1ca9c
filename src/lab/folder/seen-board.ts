/** What the ISPs tell besides their records while a run goes on: collected, and kept in the run's folder. */
import { type Micros, monotonicMicros } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { Dialogue } from '../../report/dialogue.ts';
import type { Plan } from '../../scenario/plan.ts';
import { telling } from '../isps/dialogue-sampler.ts';
import type { SenderStatistics } from '../isps/sender-statistics.ts';
import type { FromIspWorker } from '../messages.ts';
import { writeReputation } from './reputation-input.ts';
import { writeTranscripts } from './run-folder.ts';

/** Spam rates are renewed no more often, and where writing them takes long, so seldom that it takes a fiftieth of the time. */
const EVERY: Micros = 2e6;
const COST_FACTOR = 50;

/** The dialogues that ISPs have kept, and what they have counted of senders. */
export class SeenBoard {
  readonly #folder: string;
  readonly #plan: Pick<Plan, 'isps'>;
  readonly #statistics: SenderStatistics;
  readonly #clock: () => Micros;
  readonly #dialogues: Dialogue[] = [];
  #dialoguesAreNew = false;
  #countsAreNew = false;
  #due: Micros = 0;

  /**
   * @param statistics takes what is counted
   * @param clock tells when a file is due
   */
  constructor(
    folder: string,
    plan: Pick<Plan, 'isps'>,
    statistics: SenderStatistics,
    clock: () => Micros = monotonicMicros,
  ) {
    this.#folder = folder;
    this.#plan = plan;
    this.#statistics = statistics;
    this.#clock = clock;
  }

  /** Takes what the process of an ISP tells, if it is of this kind. */
  take(message: FromIspWorker): void {
    if (message.type === 'dialogue') {
      this.#dialogues.push(message.dialogue);
      this.#dialoguesAreNew = true;
    } else if (message.type === 'statistics') {
      this.#statistics.take(message);
      this.#countsAreNew = true;
    }
  }

  /** Renews the files in which something is new, for a run that is killed. To be called once a second. */
  renew(): void {
    try {
      if (this.#dialoguesAreNew) this.keepDialogues();
      const begin = this.#clock();
      if (!this.#countsAreNew || begin < this.#due) return;
      this.keepReputation();
      this.#due = begin + Math.max(EVERY, (this.#clock() - begin) * COST_FACTOR);
    } catch (error) {
      // What is kept when the run ends says so.
      if (!(error instanceof HarnessError)) throw error;
    }
  }

  /**
   * Writes `transcripts.json`: of each ISP, however many processes serve it, what one listener would have kept.
   * @throws HarnessError if it can't be written
   */
  keepDialogues(): void {
    const kept = this.#plan.isps.flatMap(({ resolved: { id } }) =>
      telling(this.#dialogues.filter(({ isp }) => isp === id)),
    );
    writeTranscripts(this.#folder, kept);
    this.#dialoguesAreNew = false;
  }

  /**
   * Writes the spam rates, and what senders can look up.
   * @throws HarnessError if it can't be written
   */
  keepReputation(): void {
    writeReputation(this.#folder, this.#plan, this.#statistics);
    this.#countsAreNew = false;
  }
}
