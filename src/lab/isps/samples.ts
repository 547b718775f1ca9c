/** What is sampled at an ISP every second, besides what its processes measure of themselves. */
import type { Scores } from '../../../fakes/isp/scores.ts';
import type { Micros } from '../../core/clock.ts';
import { CREDIT_MICROS, NONE16, type Packer, type SampleName } from '../../record/attempt-log.ts';
import { BUCKET_MICROS } from '../../record/timeline.ts';

/** The lines of allowance, by the name under which they are recorded. */
export const LINES = [
  ['allowance', 'allowed'],
  ['allowance_unpunished', 'unpunished'],
] as const;

/**
 * The stretch that a sample of credit at about this moment is for: whole buckets, none of them before the load. It is
 * recorded at its end, so that it can be held against what was counted in the same buckets.
 */
export function creditStretch(at: Micros): { readonly from: Micros; readonly to: Micros } {
  const to = Math.max(0, Math.floor(at / BUCKET_MICROS) * BUCKET_MICROS);
  return { from: Math.max(0, to - CREDIT_MICROS), to };
}

/** Up to so many sources are recorded even where they were never seen. */
const FEW = 16;

/**
 * Records samples of single sources: where there are many, of those that the ISP has seen; and only values that are new,
 * as most stay the same for most of a run (record/sampled.ts fills them in).
 */
export class SourceSamples {
  readonly #events: Packer;
  readonly #isp: number;
  /** By name and source. */
  readonly #last = new Map<SampleName, Map<number, number>>();
  readonly #ofDomains = new Map<number, number>();

  constructor(events: Packer, isp: number) {
    this.#events = events;
    this.#isp = isp;
  }

  /**
   * Records a value of each source at a moment.
   * @param isSeen whether the ISP has seen a source
   */
  record(
    at: Micros,
    name: SampleName,
    sources: readonly number[],
    values: readonly number[],
    isSeen: (source: number) => boolean,
  ): void {
    const last = this.#last.get(name) ?? new Map<number, number>();
    this.#last.set(name, last);
    sources.forEach((source, index) => {
      const value = values[index] as number;
      if (last.get(source) === value || (sources.length > FEW && !isSeen(source))) return;
      last.set(source, value);
      this.#events.sample({ at, name, value, isp: this.#isp, source });
    });
  }

  /** Records what the ISP thinks of those of these sources that it knows. */
  recordReputation(at: Micros, scores: Scores['sources']): void {
    const known = [...scores.keys()].filter((source) => source !== NONE16);
    const values = known.map((source) => scores.get(source) as number);
    this.record(at, 'reputation', known, values, () => true);
  }

  /** The same of the domains of the plan's senders. */
  recordDomains(at: Micros, scores: Scores['domains'], senders: readonly string[]): void {
    for (const [sender, domain] of senders.entries()) {
      const value = scores.get(domain.toLowerCase());
      if (value === undefined || this.#ofDomains.get(sender) === value) continue;
      this.#ofDomains.set(sender, value);
      this.#events.sample({ at, name: 'reputation', value, isp: this.#isp, worker: sender });
    }
  }
}
