import type { Measured } from '../gate/threshold.ts';

/** A metric's value in a summary. */
export type MetricValue =
  | { readonly kind: 'counter'; readonly count: number; readonly rate: number }
  | { readonly kind: 'rate'; readonly rate: number; readonly passes: number; readonly total: number }
  | {
      readonly kind: 'gauge';
      /** null where `word` says why. */
      readonly value: number | null;
      readonly min: number | null;
      readonly max: number | null;
      readonly word?: 'never' | 'not reached' | 'not applicable';
    }
  | {
      /** null: never. */
      readonly kind: 'trend';
      readonly count: number;
      readonly avg: number | null;
      readonly min: number | null;
      readonly med: number | null;
      readonly max: number | null;
      readonly p90: number | null;
      readonly p95: number | null;
      readonly p99: number | null;
    };

/** What a metric measured, as summaries keep it. */
export function metricValue(measured: Measured): MetricValue {
  switch (measured.kind) {
    case 'counter':
      return measured;
    case 'rate': {
      return {
        kind: 'rate',
        rate: measured.rate,
        passes: Math.round(measured.rate * measured.total),
        total: measured.total,
      };
    }
    case 'gauge': {
      const { word } = measured;
      return word === undefined ? measured : { kind: 'gauge', value: null, min: null, max: null, word };
    }
    case 'trend': {
      const { kind, count, avg, min, max, percentile } = measured;
      return {
        kind,
        count,
        avg: orNever(avg),
        min: orNever(min),
        max: orNever(max),
        med: orNever(percentile(50)),
        p90: orNever(percentile(90)),
        p95: orNever(percentile(95)),
        p99: orNever(percentile(99)),
      };
    }
  }
}

function orNever(value: number): number | null {
  return value === Number.POSITIVE_INFINITY ? null : value;
}
