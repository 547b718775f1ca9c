import type { Series } from '../summary.ts';

/** A timeline short enough to draw. */
export interface DrawnSeries {
  readonly series: Series;
  /** How many buckets became one; 1 where the timeline is drawn as it is. */
  readonly merged: number;
}

/** More buckets than a wide screen has pixels are a waste of space. */
const MOST_BUCKETS = 1200;

/** Merges neighbouring buckets until the timeline is short enough: rates by mean, levels and latencies by maximum. */
export function drawnSeries(series: Series, most: number = MOST_BUCKETS): DrawnSeries {
  const merged = Math.max(1, Math.ceil(series.t.length / most));
  if (merged === 1) return { series, merged };
  const rate = (values: readonly number[]): number[] => merge(values, merged, mean).map((v) => v ?? 0);
  const level = (values: readonly (number | null)[]): (number | null)[] => merge(values, merged, highest);
  return {
    merged,
    series: {
      bucketSeconds: series.bucketSeconds * merged,
      t: series.t.filter((_, i) => i % merged === 0),
      injected: rate(series.injected),
      injectorConnections: level(series.injectorConnections).map((v) => v ?? 0),
      queueDepth: level(series.queueDepth),
      queueAge: level(series.queueAge),
      isps: series.isps.map((isp) => ({
        id: isp.id,
        name: isp.name,
        allowance: merge(isp.allowance, merged, mean),
        allowanceUnpunished: merge(isp.allowanceUnpunished, merged, mean),
        attempts: rate(isp.attempts),
        accepted: rate(isp.accepted),
        throttled: rate(isp.throttled),
        deferred: rate(isp.deferred),
        rejected: rate(isp.rejected),
        connectionsOpen: level(isp.connectionsOpen).map((v) => v ?? 0),
        complaints: rate(isp.complaints),
        perfect: rate(isp.perfect),
        replies: isp.replies.map(({ id, perSecond }) => ({ id, perSecond: rate(perSecond) })),
        sources: isp.sources.map(({ source, allowance, attempts, accepted, throttled }) => ({
          source,
          allowance: merge(allowance, merged, mean),
          attempts: rate(attempts),
          accepted: rate(accepted),
          throttled: rate(throttled),
        })),
        standings: isp.standings.map((one) => ({ ...one, score: merge(one.score, merged, lowest) })),
        spamRates: isp.spamRates.map((one) => ({ ...one, rate: level(one.rate) })),
      })),
      codes: series.codes.map(({ code, perSecond }) => ({ code, perSecond: rate(perSecond) })),
      deliveryP50Ms: level(series.deliveryP50Ms),
      deliveryP99Ms: level(series.deliveryP99Ms),
    },
  };
}

function merge(
  values: readonly (number | null)[],
  size: number,
  combine: (known: readonly number[]) => number,
): (number | null)[] {
  const merged: (number | null)[] = [];
  for (let from = 0; from < values.length; from += size) {
    const known = values.slice(from, from + size).filter((v) => v !== null);
    merged.push(known.length === 0 ? null : combine(known));
  }
  return merged;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function lowest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function highest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
