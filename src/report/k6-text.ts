/** What k6 measured, for people. */
import { k6MetricNamed } from '../gate/k6-metrics.ts';
import type { K6Metric, K6Summary } from './k6-summary.ts';
import { metricParts, plain } from './metric-text.ts';
import { formatBytes, formatMs } from './numbers.ts';

/** How a number of a metric of k6's is written. */
export function k6Format({ contains }: K6Metric): (value: number) => string {
  if (contains === 'time') return formatMs;
  return contains === 'data' ? formatBytes : plain;
}

/** What a metric of k6's is; of one of a script's own only the script knows. */
export function k6Meaning(key: string): string {
  return k6MetricNamed(key.replace(/\{.*/, ''))?.meaning ?? "the script's own";
}

/** A line of text for each metric that tells most; numbers that don't fit into `width` are left out. */
export function k6Lines(k6: Pick<K6Summary, 'metrics'>, width: number): string[] {
  const shown = k6Headlines(k6);
  const name = Math.max(...shown.map(([key]) => key.length));
  return shown.map(([key, metric]) => {
    let line = key.padEnd(name);
    for (const [of, value] of metricParts(metric.value, k6Format(metric))) {
      const longer = `${line}  ${of} ${value}`;
      if (longer.length > width) break;
      line = longer;
    }
    return line;
  });
}

/** The metrics that tell most, for where there is little room: parts of a request's time are left out. */
export function k6Headlines({ metrics }: Pick<K6Summary, 'metrics'>): [key: string, metric: K6Metric][] {
  return Object.entries(metrics).filter(([key]) => !PARTS.has(key));
}

const PARTS: ReadonlySet<string> = new Set([
  'http_req_blocked',
  'http_req_connecting',
  'http_req_tls_handshaking',
  'http_req_sending',
  'http_req_receiving',
  'vus_max',
]);
