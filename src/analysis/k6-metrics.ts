/** Judges thresholds on k6's metrics by what all k6 processes of a run measured. Pure. */
import { k6Key } from '../core/k6-key.ts';
import { AGGREGATIONS, mayAsk } from '../gate/expression.ts';
import {
  aggregationName,
  type Judged,
  judge,
  keyTitle,
  type Measured,
  type Threshold,
} from '../gate/threshold.ts';
import type { K6MetricState, K6Value } from '../record/k6-metrics.ts';

/** The trend of k6's metrics: any percentile, interpolated between the values beside it as k6 does. */
type Trend = Extract<K6Value, { kind: 'trend' }>;

/** Answers thresholds on k6's metrics. */
export class MeasuredK6 {
  readonly #states: ReadonlyMap<string, K6MetricState>;
  readonly #seconds: number;

  /**
   * @param states merged over all processes
   * @param seconds what rates of counters are over: the load's length
   */
  constructor(states: readonly K6MetricState[], seconds: number) {
    this.#states = new Map(states.map((state) => [k6Key(state), state]));
    this.#seconds = Math.max(1e-6, seconds);
  }

  /** What was sampled, by key. */
  all(): { readonly key: string; readonly state: K6MetricState; readonly measured: Measured }[] {
    return [...this.#states].map(([key, state]) => ({ key, state, measured: this.#measured(state.value) }));
  }

  /**
   * What a threshold asks of: undefined where nothing was sampled. A counter that was never added to has counted 0.
   */
  measure(threshold: Threshold): Measured | undefined {
    const { metric: name, k6 } = this.known(threshold);
    const state = this.#states.get(k6Key({ name, tags: k6?.tags ?? {} }));
    if (state) return this.#measured(state.value);
    return k6?.kind === 'counter' ? { kind: 'counter', count: 0, rate: 0 } : undefined;
  }

  /** The threshold with the kind and the unit of its metric, which of a script's own only samples tell. */
  known(threshold: Threshold): Threshold {
    const { metric, k6 } = threshold;
    const seen = this.#states.get(metric);
    return k6 && seen ? { ...threshold, k6: { ...k6, kind: seen.kind, time: seen.time } } : threshold;
  }

  /**
   * Judges a threshold.
   * @param baseline what the baseline's runs measured for it
   */
  judge(threshold: Threshold, baseline: readonly number[] = []): Judged {
    const known = this.known(threshold);
    const { key, metric, expression, aggregation } = known;
    const kind = known.k6?.kind;
    if (kind !== undefined && !mayAsk(kind, aggregation)) {
      // The grammar says so before the run, but of a metric of a script's own it can't.
      const asked = aggregationName(aggregation);
      return {
        threshold: known,
        passed: false,
        actual: undefined,
        actualText: `no ${asked}`,
        limitText: undefined,
        sentence: `${keyTitle(key, true)}: ${metric} is a ${kind}, which has no ${asked} (it has ${AGGREGATIONS[kind].join(', ')}), so ${expression} can't hold`,
      };
    }
    return judge(known, this.measure(known), baseline);
  }

  #measured(value: K6Value): Measured {
    switch (value.kind) {
      case 'counter':
        return { kind: 'counter', count: value.count, rate: value.count / this.#seconds };
      case 'rate':
        return { kind: 'rate', rate: value.passes / value.total, total: value.total };
      case 'gauge':
        return { kind: 'gauge', value: value.value, min: value.min, max: value.max };
      case 'trend': {
        const { kind, count, sum, min, max } = value;
        return { kind, count, avg: sum / count, min, max, percentile: (p) => percentile(value, p) };
      }
    }
  }
}

/** Between the ranks 0 and count - 1; the ends are exact, the rest as exact as values are kept. */
function percentile({ values, count, min, max }: Trend, p: number): number {
  const rank = (p / 100) * (count - 1);
  const below = Math.floor(rank);
  const at = (wanted: number): number => {
    if (wanted <= 0) return min;
    if (wanted >= count - 1) return max;
    let seen = 0;
    for (const [value, times] of values) {
      seen += times;
      if (wanted < seen) return Math.min(max, Math.max(min, value));
    }
    return max;
  };
  const low = at(below);
  return low + (at(below + 1) - low) * (rank - below);
}
