/** The metrics of a run of the stand-in: what scripts and k6 itself measure, sample by sample. */

export type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';

/** A metric. */
export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  readonly contains: 'default' | 'time' | 'data';
}

/** A value of a metric. */
export interface Sample {
  readonly metric: string;
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Unix time in milliseconds, with fractions. */
  readonly at: number;
}

const builtin = (type: MetricType, contains: Metric['contains'], ...names: string[]): Metric[] =>
  names.map((name) => ({ name, type, contains }));

/** k6's own (k6 documentation, "Built-in metrics"). */
export const BUILTIN: readonly Metric[] = [
  ...builtin('counter', 'default', 'iterations', 'dropped_iterations', 'http_reqs'),
  ...builtin('counter', 'data', 'data_sent', 'data_received'),
  ...builtin('gauge', 'default', 'vus', 'vus_max'),
  ...builtin('rate', 'default', 'checks', 'http_req_failed'),
  ...builtin(
    'trend',
    'time',
    'iteration_duration',
    'group_duration',
    'http_req_duration',
    'http_req_blocked',
  ),
  ...builtin('trend', 'time', 'http_req_connecting', 'http_req_tls_handshaking', 'http_req_sending'),
  ...builtin('trend', 'time', 'http_req_waiting', 'http_req_receiving'),
];

/** Now, as a sample's time. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** `2026-11-28T19:55:19.123456Z` */
export function timeText(at: number): string {
  const micros = Math.round(at * 1e3);
  const iso = new Date(Math.floor(micros / 1e3)).toISOString().slice(0, -1);
  return `${iso}${String(micros % 1e3).padStart(3, '0')}Z`;
}

/** What samples of a metric came to, by the names that summaries and thresholds have for it. */
export function valuesOf(
  type: MetricType,
  samples: readonly number[],
  seconds: number,
): Record<string, number> {
  const sum = samples.reduce((a, b) => a + b, 0);
  if (type === 'counter') return { count: sum, rate: sum / seconds };
  if (type === 'gauge')
    return { value: samples.at(-1) ?? 0, min: Math.min(...samples), max: Math.max(...samples) };
  if (type === 'rate') {
    const passes = samples.filter((value) => value !== 0).length;
    return { rate: passes / samples.length, passes, fails: samples.length - passes };
  }
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    avg: sum / samples.length,
    min: sorted[0] as number,
    med: percentile(sorted, 50),
    max: sorted.at(-1) as number,
    ...Object.fromEntries([90, 95].map((p) => [`p(${p})`, percentile(sorted, p)])),
  };
}

/** Between the neighbours, in a straight line. */
function percentile(sorted: readonly number[], p: number): number {
  const place = (p / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(place)] as number;
  return low + (place % 1) * ((sorted[Math.ceil(place)] as number) - low);
}
