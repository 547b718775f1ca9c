/** Watches the thresholds that end a run when they fail (abortOnFail), while it goes on. */
import { DELIVERED_SCALE, deliveredValue, isDeliveredMetric } from '../analysis/delivered.ts';
import { MeasuredK6 } from '../analysis/k6-metrics.ts';
import { createMeasure, trend } from '../analysis/measure.ts';
import { type Micros, monotonicMicros } from '../core/clock.ts';
import { isRelative } from '../gate/baseline.ts';
import type { MetricName } from '../gate/metrics.ts';
import { judge, type Measured, type Threshold, valueAsked } from '../gate/threshold.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { createRecorded, record } from '../record/histograms.ts';
import type { K6MetricState } from '../record/k6-metrics.ts';
import type { ReportInput } from '../report/input.ts';
import { namesOf } from '../report/names.ts';

/** As long as looking is cheap; else it is done so seldom that it takes a fiftieth of the time. */
const EVERY: Micros = 1e6;
const COST_FACTOR = 50;

/** A threshold that ended the run, and when: microseconds since the load began. */
export interface Aborted {
  readonly at: Micros;
  /** What it said at that moment. */
  readonly sentence: string;
}

interface Watched {
  readonly threshold: Threshold;
  readonly baseline: readonly number[];
}

/** Looks at the thresholds with abortOnFail, on what was recorded until then. */
export class AbortWatch {
  readonly #aggregate: Aggregate;
  readonly #input: ReportInput;
  readonly #k6: () => readonly K6MetricState[];
  readonly #clock: () => Micros;
  readonly #watched: readonly Watched[];
  /** Metrics of delivered recipients, by key: added up as they come, since a walk over all of them takes too long. */
  readonly #delivered: ReadonlyMap<string, () => Measured>;
  #next: Micros = EVERY;
  #aborted: Aborted | undefined;

  /**
   * @param k6 what k6's processes have measured so far
   * @param clock tells how long looking takes
   */
  constructor(
    aggregate: Aggregate,
    input: ReportInput,
    k6: () => readonly K6MetricState[] = () => [],
    clock: () => Micros = monotonicMicros,
  ) {
    this.#aggregate = aggregate;
    this.#input = input;
    this.#k6 = k6;
    this.#clock = clock;
    this.#watched = input.thresholds
      .map((threshold, index) => ({ threshold, baseline: input.baseline?.values[index] ?? [] }))
      .filter(({ threshold, baseline }) => mayAbort(threshold, baseline));
    this.#delivered = watchDelivered(this.#watched, aggregate, input);
  }

  /** What ended the run, if something did. */
  get aborted(): Aborted | undefined {
    return this.#aborted;
  }

  /** Looks, where it is time for it. Once a threshold has failed, that is the answer for good. */
  look(now: Micros): Aborted | undefined {
    if (this.#aborted !== undefined || this.#watched.length === 0 || now < this.#next) return this.#aborted;
    const begin = this.#clock();
    const sentence = this.#failing(now);
    if (sentence !== undefined) this.#aborted = { at: now, sentence };
    this.#next = now + Math.max(EVERY, (this.#clock() - begin) * COST_FACTOR);
    return this.#aborted;
  }

  #failing(now: Micros): string | undefined {
    const loadEnd = this.#aggregate.marks.get('load_ended') ?? now;
    const measure = createMeasure(this.#aggregate, undefined, namesOf(this.#input, loadEnd), undefined);
    const ofK6 = this.#watched.some(({ threshold }) => threshold.k6);
    const k6 = new MeasuredK6(ofK6 ? this.#k6() : [], loadEnd / 1e6);
    const known = new Map<string, Measured | undefined>();
    for (const { threshold, baseline } of this.#watched) {
      const { key, metric, selector, abortAfter = 0 } = threshold;
      if (now < abortAfter) continue;
      if (threshold.k6) {
        const { passed, sentence } = k6.judge(threshold, baseline);
        if (!passed && !isNothing(threshold, k6.measure(threshold))) return sentence;
        continue;
      }
      if (!known.has(key)) {
        const live = this.#delivered.get(key);
        known.set(key, live ? live() : measure(metric as MetricName, selector));
      }
      const measured = known.get(key);
      if (isNothing(threshold, measured)) continue;
      const { passed, sentence } = judge(threshold, measured, baseline);
      if (!passed) return sentence;
    }
    return undefined;
  }
}

/** A limit relative to nothing fails at the end, and is no reason to end a run. */
function mayAbort(threshold: Threshold, baseline: readonly number[]): boolean {
  return threshold.abortAfter !== undefined && (!isRelative(threshold) || baseline.length > 0);
}

/** Nothing was measured yet, which is no reason to end a run; as in k6, a counter that has counted nothing is such. */
function isNothing({ aggregation }: Threshold, measured: Measured | undefined): boolean {
  if (measured?.kind === 'counter') return measured.count === 0;
  return valueAsked(aggregation, measured) === undefined;
}

function watchDelivered(
  watched: readonly Watched[],
  { ledger }: Aggregate,
  input: ReportInput,
): ReadonlyMap<string, () => Measured> {
  const names = namesOf(input, undefined);
  const sinks: ((recipient: number) => void)[] = [];
  const measures = new Map<string, () => Measured>();
  for (const { threshold } of watched) {
    const { key, metric, selector } = threshold;
    if (threshold.k6 || !isDeliveredMetric(metric) || measures.has(key)) continue;
    const recorded = createRecorded();
    const valueFor = deliveredValue(metric, selector, names, ledger);
    measures.set(key, () => trend(recorded, DELIVERED_SCALE[metric]));
    sinks.push((recipient) => {
      const value = valueFor(recipient);
      if (value !== undefined) record(recorded, value);
    });
  }
  if (sinks.length > 0)
    ledger.onDelivered = (recipient) => {
      for (const sink of sinks) sink(recipient);
    };
  return measures;
}
