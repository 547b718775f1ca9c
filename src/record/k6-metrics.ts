/**
 * What k6's own metrics measured (k6 documentation, "Metrics"): its four kinds of metric, each with a state that can be
 * added to, sent as JSON, and merged with those of other k6 processes, in any order and grouping, for one verdict over all.
 *
 * Unlike the times that the harness takes itself, values may be anything: sizes, negative numbers, fractions of a
 * millisecond. Trends therefore count values as they are, each rounded to 11 binary digits (0.05 %; whole numbers up to
 * 2,048 stay as they are), in place of HDR's fixed range. Smallest, largest and sum are exact.
 */

import { HarnessError } from '../core/errors.ts';
import { type K6Selector, k6Key, k6Selector } from '../core/k6-key.ts';

export type K6Kind = 'counter' | 'rate' | 'gauge' | 'trend';

/** What a metric's samples came to. */
export type K6Value =
  | { readonly kind: 'counter'; readonly count: number }
  | { readonly kind: 'rate'; readonly passes: number; readonly total: number }
  | {
      readonly kind: 'gauge';
      readonly value: number;
      readonly min: number;
      readonly max: number;
      /** Unix time in milliseconds at which `value` was sampled: of several processes the last one counts. */
      readonly atMs: number;
    }
  | {
      readonly kind: 'trend';
      readonly count: number;
      readonly sum: number;
      readonly min: number;
      readonly max: number;
      /** Rounded values and how often each was sampled, ascending. */
      readonly values: readonly (readonly [value: number, count: number])[];
    };

/** A metric, or a submetric of it, that has at least one sample. Plain data. */
export interface K6MetricState extends K6Selector {
  readonly kind: K6Kind;
  /** Its values are milliseconds. */
  readonly time: boolean;
  readonly value: K6Value;
}

/** Gauges whose total over all processes is their sum: virtual users are parted among them. */
const PARTED: ReadonlySet<string> = new Set(['vus', 'vus_max']);

/** Groups of what runs before and after the load, such as the script's wait for its begin. */
const AROUND: ReadonlySet<string | undefined> = new Set(['::setup', '::teardown']);

/** The states of one k6 process, filled as its samples come. */
export class K6Metrics {
  readonly #watched = new Map<string, K6Selector>();
  readonly #metrics = new Map<string, Tally[]>();
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;

  /** @param watched see `watch` */
  constructor(watched: readonly string[] = []) {
    this.watch(watched);
  }

  /** Wants submetrics, by keys as thresholds have them, of what is sampled from now on. Keys without tags ask for nothing. */
  watch(keys: readonly string[]): void {
    for (const selector of keys.map(k6Selector)) {
      if (!selector || Object.keys(selector.tags).length === 0 || this.#watched.has(k6Key(selector)))
        continue;
      this.#watched.set(k6Key(selector), selector);
      const tallies = this.#metrics.get(selector.name);
      if (tallies) tallies.push((tallies[0] as Tally).of(selector));
    }
  }

  /** Tells of a metric that samples follow of (a line of type `Metric` in k6's stream). Telling again does nothing. */
  define(name: string, kind: K6Kind, time: boolean): void {
    if (this.#metrics.has(name)) return;
    const whole = new Tally({ name, tags: {} }, kind, time);
    const parts = [...this.#watched.values()].filter((selector) => selector.name === name);
    this.#metrics.set(name, [whole, ...parts.map((selector) => whole.of(selector))]);
  }

  /**
   * Adds a sample. Those of setup() and teardown(), which k6 counts in, are left out: setup() waits for the run to begin.
   * @returns false if the metric was not defined before, so that it can't be counted
   */
  add(name: string, value: number, tags: Readonly<Record<string, string>>, atMs: number): boolean {
    if (AROUND.has(tags.group)) return true;
    const tallies = this.#metrics.get(name);
    if (!tallies) return false;
    if (atMs < this.#fromMs) this.#fromMs = atMs;
    if (atMs > this.#toMs) this.#toMs = atMs;
    for (const tally of tallies) if (tally.counts(tags)) tally.add(value, atMs);
    return true;
  }

  /** The states of what was sampled. */
  states(): K6MetricState[] {
    return [...this.#metrics.values()].flat().flatMap((tally) => tally.state() ?? []);
  }

  /** The Unix times in milliseconds of the first sample and the last; undefined if there was none. */
  span(): { readonly fromMs: number; readonly toMs: number } | undefined {
    return this.#fromMs > this.#toMs ? undefined : { fromMs: this.#fromMs, toMs: this.#toMs };
  }
}

/**
 * The states of several processes as if one had measured all.
 * @throws HarnessError of kind `invalid-scenario` if scripts of different processes mean different kinds by one name
 */
export function mergeK6(processes: readonly (readonly K6MetricState[])[]): K6MetricState[] {
  const merged = new Map<string, K6MetricState>();
  for (const state of processes.flat()) {
    const key = k6Key(state);
    const before = merged.get(key);
    const value = before ? mergedValue(state.name, before.value, state.value) : state.value;
    merged.set(key, { ...state, value });
  }
  return [...merged.values()];
}

// --- internal ---

/** Counts the samples of one metric or submetric. */
class Tally {
  readonly #selector: K6Selector;
  readonly #tags: readonly (readonly [string, string])[];
  readonly #kind: K6Kind;
  readonly #time: boolean;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #passes = 0;
  #last = Number.NaN;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #values = new Map<number, number>();

  constructor(selector: K6Selector, kind: K6Kind, time: boolean) {
    this.#selector = selector;
    this.#tags = Object.entries(selector.tags);
    this.#kind = kind;
    this.#time = time;
  }

  /** An empty one of a part of the same metric. */
  of(selector: K6Selector): Tally {
    return new Tally(selector, this.#kind, this.#time);
  }

  counts(tags: Readonly<Record<string, string>>): boolean {
    return this.#tags.every(([tag, value]) => tags[tag] === value);
  }

  add(value: number, atMs: number): void {
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value !== 0) this.#passes++;
    if (atMs >= this.#lastMs) {
      this.#last = value;
      this.#lastMs = atMs;
    }
    if (this.#kind !== 'trend') return;
    const rounded = round(value);
    this.#values.set(rounded, (this.#values.get(rounded) ?? 0) + 1);
  }

  state(): K6MetricState | undefined {
    if (this.#count === 0) return undefined;
    return { ...this.#selector, kind: this.#kind, time: this.#time, value: this.#value() };
  }

  #value(): K6Value {
    const [min, max] = [this.#min, this.#max];
    switch (this.#kind) {
      case 'counter':
        return { kind: 'counter', count: this.#sum };
      case 'rate':
        return { kind: 'rate', passes: this.#passes, total: this.#count };
      case 'gauge':
        return { kind: 'gauge', value: this.#last, min, max, atMs: this.#lastMs };
      case 'trend':
        return {
          kind: 'trend',
          count: this.#count,
          sum: this.#sum,
          min,
          max,
          values: ascending(this.#values),
        };
    }
  }
}

/** Rounds to 11 binary digits. */
function round(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  // Next to nothing has no room for a step.
  return step === 0 ? value : Math.round(value / step) * step;
}

function ascending(values: ReadonlyMap<number, number>): (readonly [number, number])[] {
  return [...values].sort(([a], [b]) => a - b);
}

function mergedValue(name: string, a: K6Value, b: K6Value): K6Value {
  if (a.kind === 'counter' && b.kind === 'counter') return { kind: 'counter', count: a.count + b.count };
  if (a.kind === 'rate' && b.kind === 'rate')
    return { kind: 'rate', passes: a.passes + b.passes, total: a.total + b.total };
  if (a.kind === 'gauge' && b.kind === 'gauge') return PARTED.has(name) ? sumOf(a, b) : laterOf(a, b);
  if (a.kind === 'trend' && b.kind === 'trend') return joined(a, b);
  // k6 refuses that within a process; loads of different APIs are carried out by different ones.
  const found = `k6's metric ${name} is a ${a.kind} in one process and a ${b.kind} in another`;
  throw new HarnessError('invalid-scenario', `${found}; expected one kind in all scripts`);
}

type Gauge = Extract<K6Value, { kind: 'gauge' }>;
type Trend = Extract<K6Value, { kind: 'trend' }>;

function sumOf(a: Gauge, b: Gauge): Gauge {
  return {
    kind: 'gauge',
    value: a.value + b.value,
    min: a.min + b.min,
    max: a.max + b.max,
    atMs: Math.max(a.atMs, b.atMs),
  };
}

/** Of two values of the same moment the higher one, so that the order of the processes doesn't matter. */
function laterOf(a: Gauge, b: Gauge): Gauge {
  const later = a.atMs > b.atMs || (a.atMs === b.atMs && a.value >= b.value) ? a : b;
  return { ...later, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

function joined(a: Trend, b: Trend): Trend {
  const values = new Map(a.values);
  for (const [value, count] of b.values) values.set(value, (values.get(value) ?? 0) + count);
  return {
    kind: 'trend',
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    values: ascending(values),
  };
}
