/** k6's own metrics (k6 documentation, "Built-in metrics"), as far as loads over HTTP have them. */
import type { MetricKind } from './metrics.ts';

/** One of them. */
export interface K6MetricDefinition {
  readonly kind: MetricKind;
  /** As k6's summary says it. */
  readonly contains: 'time' | 'data' | 'default';
  /** Which way is good; absent where neither is by itself. */
  readonly better?: 'higher' | 'lower';
  readonly meaning: string;
}

const time = { kind: 'trend', contains: 'time', better: 'lower' } as const;

/** By name, in the order in which reports show them. */
export const K6_METRICS = {
  http_reqs: { kind: 'counter', contains: 'default', better: 'higher', meaning: 'requests' },
  http_req_failed: {
    kind: 'rate',
    contains: 'default',
    better: 'lower',
    meaning: 'share of requests that failed: no answer, or a status of 400 and above',
  },
  http_req_duration: {
    ...time,
    meaning: 'from the first byte of a request sent to the last of its answer received',
  },
  http_req_blocked: { ...time, meaning: 'wait for a free connection' },
  http_req_connecting: { ...time, meaning: 'making the connection' },
  http_req_tls_handshaking: { ...time, meaning: 'the TLS handshake' },
  http_req_sending: { ...time, meaning: 'sending the request' },
  http_req_waiting: { ...time, meaning: 'wait for the first byte of the answer' },
  http_req_receiving: { ...time, meaning: 'receiving the answer' },
  checks: {
    kind: 'rate',
    contains: 'default',
    better: 'higher',
    meaning: "share of the script's check()s that held",
  },
  iterations: {
    kind: 'counter',
    contains: 'default',
    better: 'higher',
    meaning: 'iterations that came to their end',
  },
  iteration_duration: { ...time, meaning: 'a whole iteration, pauses too' },
  dropped_iterations: {
    kind: 'counter',
    contains: 'default',
    better: 'lower',
    meaning: 'iterations that were due and never begun',
  },
  group_duration: { ...time, meaning: "a group of the script's" },
  vus: { kind: 'gauge', contains: 'default', meaning: 'virtual users at work' },
  vus_max: { kind: 'gauge', contains: 'default', meaning: 'virtual users that there are' },
  data_sent: { kind: 'counter', contains: 'data', meaning: 'bytes sent' },
  data_received: { kind: 'counter', contains: 'data', meaning: 'bytes received' },
} as const satisfies Record<string, K6MetricDefinition>;

/** The definition of a built-in metric of k6's by name, or undefined. */
export function k6MetricNamed(name: string): K6MetricDefinition | undefined {
  return Object.hasOwn(K6_METRICS, name) ? K6_METRICS[name as keyof typeof K6_METRICS] : undefined;
}
