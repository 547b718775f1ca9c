/**
 * What k6's own metrics measured (k6 documentation, "Metrics"): its four kinds of metric, each with a state that can be
 * added to, sent as JSON, and merged with those of other k6 processes, in any order and grouping, for one verdict over all.
 *
 * Unlike the times that the harness takes itself, values may be anything: sizes, negative numbers, fractions of a
 * millisecond. Trends therefore count values as they are, each rounded to 11 binary digits (0.05 %; whole numbers up to
 * 2,048 stay as they are), in place of HDR's fixed range. Smallest, largest and sum are exact.
 */

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
export interface K6MetricState {
  readonly name: string;
  readonly kind: K6Kind;
  /** Its values are milliseconds. */
  readonly time: boolean;
  /** What a sample must be tagged with to count; {}: all do. */
  readonly tags: Readonly<Record<string, string>>;
  readonly value: K6Value;
}

/** A metric or submetric by name and tags. */
export type K6Selector = Pick<K6MetricState, 'name' | 'tags'>;

/** Gauges whose total over all processes is their sum: virtual users are parted among them. */
const PARTED: ReadonlySet<string> = new Set(['vus', 'vus_max']);

/** Groups of what runs before and after the load, such as the script's wait for its begin. */
const AROUND: ReadonlySet<string | undefined> = new Set(['::setup', '::teardown']);

/**
 * Reads a threshold's key as k6 does: `http_req_duration{status:200,name:"a b"}`. A value may stand in quotes of either
 * kind, a comma too many does no harm. Undefined if it has no name, unmatched braces, or braces that name no tag.
 */
export function k6Selector(key: string): K6Selector | undefined {
  const match = /^\s*([^\s{}]+)\s*(?:\{(.*)\})?\s*$/.exec(key);
  if (!match) return undefined;
  const [, name = '', text] = match;
  if (text === undefined) return { name, tags: {} };
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const tags = parts.map((part): [string, string] => {
    const colon = part.indexOf(':');
    return colon < 0 ? [bare(part), ''] : [bare(part.slice(0, colon)), bare(part.slice(colon + 1))];
  });
  return tags.length === 0 ? undefined : { name, tags: Object.fromEntries(tags) };
}

/** The key of a metric or submetric, one for all ways to write it: `http_req_duration{name:a b,status:200}`. */
export function k6Key({ name, tags }: K6Selector): string {
  const parts = Object.entries(tags).map(([tag, value]) => `${tag}:${value}`);
  return parts.length === 0 ? name : `${name}{${parts.sort().join(',')}}`;
}

/** The states of one k6 process, filled as its samples come. */
export class K6Metrics {
  readonly #watched: readonly K6Selector[];
  readonly #metrics = new Map<string, readonly Tally[]>();
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;

  /** @param watched keys of the submetrics that are wanted, as thresholds have them; those without tags ask for nothing */
  constructor(watched: readonly string[] = []) {
    const selectors = watched.map(k6Selector).filter((selector) => selector !== undefined);
    const wanted = selectors.filter(({ tags }) => Object.keys(tags).length > 0);
    this.#watched = [...new Map(wanted.map((selector) => [k6Key(selector), selector])).values()];
  }

  /** Tells of a metric that samples follow of (a line of type `Metric` in k6's stream). Telling again does nothing. */
  define(name: string, kind: K6Kind, time: boolean): void {
    if (this.#metrics.has(name)) return;
    const selectors = [{ name, tags: {} }, ...this.#watched.filter((selector) => selector.name === name)];
    this.#metrics.set(
      name,
      selectors.map((selector) => new Tally(selector, kind, time)),
    );
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

/** The states of several processes as if one had measured all. */
export function mergeK6(processes: readonly (readonly K6MetricState[])[]): K6MetricState[] {
  const merged = new Map<string, K6MetricState>();
  for (const state of processes.flat()) {
    const key = k6Key(state);
    const before = merged.get(key);
    merged.set(
      key,
      before ? { ...before, value: mergedValue(state.name, before.value, state.value) } : state,
    );
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
  // One script gives a name to one kind: k6 refuses the second.
  throw new Error(`k6's metric ${name} is a ${a.kind} in one process and a ${b.kind} in another`);
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

function bare(text: string): string {
  return text.trim().replace(/^["']+|["']+$/g, '');
}
