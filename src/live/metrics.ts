/** A run as OpenMetrics, for whatever collects those. */
import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';
import type { Standing } from './live-run.ts';
import { FAMILIES, type Family } from './metric-families.ts';

/**
 * The metrics of one run, in a registry of its own.
 * @param read the run as it stands, whenever it is asked for
 */
export function createMetrics(read: () => Standing): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const family of FAMILIES) registry.registerMetric(metricOf(family, read));
  return registry;
}

/**
 * A metric whose values are counted elsewhere, and looked up when they are asked for. The library's own counters and
 * histograms count for themselves, and a histogram of theirs can't be given another one's counts.
 */
function metricOf({ name, type, help, values }: Family, read: () => Standing): Metric {
  const fullName = `windtunnel_${name}`;
  const get = async (): Promise<object> => ({
    name: fullName,
    help,
    type,
    values: values(read()).map(({ suffix = '', labels, value }) => ({
      metricName: `${fullName}${suffix}`,
      labels,
      value,
    })),
  });
  return { name: fullName, get } as unknown as Metric;
}
