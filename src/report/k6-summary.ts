/** What k6 measured of the loads that it carried out, as part of a Summary. */
import type { MetricValue } from './metric-value.ts';

/** k6's metrics over all its processes. Samples of setup() and teardown() are left out. */
export interface K6Summary {
  /** Those that were sampled, and the parts of them that thresholds name, by key: `http_reqs{status:200}`. */
  readonly metrics: Readonly<Record<string, K6Metric>>;
}

export interface K6Metric {
  /** As k6's own summary says it: times are milliseconds, data bytes. */
  readonly contains: 'time' | 'data' | 'default';
  readonly value: MetricValue;
}
