/** Values that were sampled, as columns. */
import { NONE16, type SampleName } from './attempt-log.ts';
import { BUCKET_MICROS, type Sample } from './timeline.ts';

/** What was sampled, in columns of one entry a bucket. */
export class Sampled {
  readonly #buckets: number;
  readonly #columns = new Map<string, (number | null)[]>();

  /** Takes the samples of these names. A sample is taken at the end of the bucket that it is about. */
  constructor(samples: readonly Sample[], names: readonly SampleName[], buckets: number) {
    this.#buckets = buckets;
    for (const { name, isp, source, worker, at, value } of samples) {
      const bucket = Math.floor((at - 1) / BUCKET_MICROS);
      if (bucket < 0 || bucket >= buckets || !names.includes(name)) continue;
      const key = keyOf(name, isp, source, worker);
      const column = this.#columns.get(key) ?? this.#empty();
      this.#columns.set(key, column);
      column[bucket] = value;
    }
    for (const column of this.#columns.values()) hold(column);
  }

  /**
   * A value by bucket; it is what it was until it is sampled again, and null before it was ever sampled.
   * @param source NONE16: of the ISP over all sources
   * @param slot what else a value is about: a domain's place, of its reputation
   */
  column(name: SampleName, isp: number, source: number, slot = NONE16): readonly (number | null)[] {
    return this.#columns.get(keyOf(name, isp, source, slot)) ?? this.#empty();
  }

  #empty(): (number | null)[] {
    return new Array<number | null>(this.#buckets).fill(null);
  }
}

function keyOf(name: SampleName, isp: number, source: number, slot: number): string {
  return `${name} ${isp} ${source} ${slot}`;
}

function hold(column: (number | null)[]): void {
  for (let i = 1; i < column.length; i++) column[i] ??= column[i - 1] as number | null;
}
