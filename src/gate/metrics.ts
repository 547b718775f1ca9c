/** k6's four kinds of metric, and what a threshold may ask of each. */
export type MetricKind = 'counter' | 'rate' | 'gauge' | 'trend';

/** Tags by which a metric can be narrowed: `delivered{isp:yahoo,phase:incident}`. */
export type TagName = 'isp' | 'source' | 'vmta' | 'phase' | 'reply' | 'load' | 'incident' | 'check' | 'fault';

/** One metric that thresholds and reports know. */
export interface MetricDefinition {
  readonly kind: MetricKind;
  /** `ms` for times (thresholds may write `250`, `250ms` or `2s`), `` for plain numbers. */
  readonly unit: 'ms' | '';
  /** It may have a word in place of a number: `never`, `not-reached`, `not-applicable`. */
  readonly words?: true;
  /** It means something while the run goes on, so a threshold on it may end the run (abortOnFail). */
  readonly live?: true;
  readonly tags: readonly TagName[];
  /** Which way is good; absent where neither is by itself. */
  readonly better?: 'higher' | 'lower';
  /** One step of its measuring, in its unit: a change of no more is none. Absent: as fine as it comes. */
  readonly step?: number;
  /** One sentence for `windtunnel check` and the README. */
  readonly meaning: string;
}

/** Scores and ages are told by buckets of one second. */
const BUCKET_MS = 1000;
/** Shares that are near 0 where all is well: nobody looks behind the second digit. */
const ONE_POINT = 0.01;

const attempts = ['isp', 'source', 'phase', 'reply'] as const;
const scored = ['isp', 'source', 'incident'] as const;
const injections = ['phase', 'load'] as const;

/** Every metric of a run. Names and kinds are k6's style; the order is the order in reports. */
export const METRICS = {
  checks: {
    kind: 'rate',
    unit: '',
    tags: ['check'],
    better: 'higher',
    meaning: 'share of the security checks that the MTA passed',
  },
  injections: {
    kind: 'counter',
    unit: '',
    tags: injections,
    live: true,
    better: 'higher',
    meaning: 'messages that the MTA took with a 250 that the driver read',
  },
  injection_duration: {
    kind: 'trend',
    unit: 'ms',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: "from the moment the schedule named to the MTA's 250",
  },
  injection_service_time: {
    kind: 'trend',
    unit: 'ms',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: "from the first byte sent to the MTA's 250",
  },
  injection_failed: {
    kind: 'rate',
    unit: '',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: 'share of begun injections that were refused or not confirmed',
  },
  injections_deferred: {
    kind: 'counter',
    unit: '',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: 'times that the MTA refused a message for now (4xx) and the driver kept it for another try',
  },
  dropped_iterations: {
    kind: 'counter',
    unit: '',
    tags: injections,
    better: 'lower',
    meaning: 'messages that were due and never begun, since no connection became free before the load ended',
  },
  injection_connections: {
    kind: 'gauge',
    unit: '',
    tags: [],
    live: true,
    step: 1,
    meaning: 'connections that the driver holds open, to the MTA or (without one) to the ISPs',
  },
  injection_connect_duration: {
    kind: 'trend',
    unit: 'ms',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: 'from the begin of a connection of the driver until it is ready for mail',
  },
  injection_connect_failed: {
    kind: 'rate',
    unit: '',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: "share of the driver's connections that were refused or failed before they were ready for mail",
  },
  injection_connections_lost: {
    kind: 'counter',
    unit: '',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: 'connections of the driver that were ready for mail and that the other side ended',
  },
  noops: {
    kind: 'counter',
    unit: '',
    tags: injections,
    live: true,
    better: 'higher',
    meaning: 'NOOPs of loads with `action: noop` that were answered with 250',
  },
  noop_duration: {
    kind: 'trend',
    unit: 'ms',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: 'from NOOP to its 250',
  },
  noop_failed: {
    kind: 'rate',
    unit: '',
    tags: injections,
    live: true,
    better: 'lower',
    meaning: 'share of NOOPs that were answered otherwise, or not at all',
  },
  connections_opened: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    meaning: 'connections to the ISPs, refused ones too',
  },
  wasted_connections: {
    kind: 'rate',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'share of connections that the ISP refused at once',
  },
  transactions: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    meaning: 'mail transactions begun at the ISPs (MAIL received)',
  },
  delivered: {
    kind: 'counter',
    unit: '',
    tags: attempts,
    live: true,
    better: 'higher',
    meaning: 'recipient attempts that an ISP accepted',
  },
  throttled: {
    kind: 'counter',
    unit: '',
    tags: attempts,
    live: true,
    better: 'lower',
    meaning: "recipient attempts answered 4xx for the sender's rate, connections or reputation",
  },
  deferred: {
    kind: 'counter',
    unit: '',
    tags: attempts,
    live: true,
    better: 'lower',
    meaning: 'recipient attempts answered with any other 4xx',
  },
  rejected: {
    kind: 'counter',
    unit: '',
    tags: attempts,
    live: true,
    better: 'lower',
    meaning: 'recipient attempts answered 5xx',
  },
  dropped: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'recipient attempts that the ISP ended without a reply',
  },
  wasted_attempts: {
    kind: 'rate',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'share of transactions that ended throttled',
  },
  delivery_latency: {
    kind: 'trend',
    unit: 'ms',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: "from the injection's intended moment to the ISP's first 250 for the recipient",
  },
  attempts_per_delivery: {
    kind: 'trend',
    unit: '',
    tags: ['isp', 'source'],
    live: true,
    better: 'lower',
    meaning: 'attempts that a delivered recipient took',
  },
  messages_per_connection: {
    kind: 'trend',
    unit: '',
    tags: ['isp', 'source'],
    live: true,
    meaning: 'transactions on each connection to an ISP',
  },
  source_share: {
    kind: 'gauge',
    unit: '',
    tags: ['isp', 'source', 'vmta'],
    live: true,
    step: ONE_POINT,
    meaning: "share of recipients' first attempts that left from a source, or from a virtual MTA",
  },
  source_changes: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    live: true,
    better: 'lower',
    meaning: "retries that left from another address than the recipient's first attempt",
  },
  vmta_changes: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    live: true,
    better: 'lower',
    meaning: "retries that left from another virtual MTA than the recipient's first attempt",
  },
  foreign_attempts: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'recipient attempts from an address that no virtual MTA has',
  },
  queue_depth: {
    kind: 'gauge',
    unit: '',
    tags: [],
    live: true,
    better: 'lower',
    step: 1,
    meaning: "the MTA's queue: the last value, lowest, highest",
  },
  queue_age: {
    kind: 'gauge',
    unit: 'ms',
    tags: [],
    better: 'lower',
    step: BUCKET_MS,
    meaning: 'time since the oldest deliverable message that waits was due',
  },
  utilisation: {
    kind: 'gauge',
    unit: '',
    tags: scored,
    words: true,
    better: 'higher',
    meaning: 'what the ISP accepted, as a share of what it would have accepted from a perfect sender',
  },
  blocked_attempts: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'source'],
    better: 'lower',
    meaning: 'transactions tried while nothing at all was allowed',
  },
  penalty_time: {
    kind: 'gauge',
    unit: 'ms',
    tags: ['isp', 'source'],
    better: 'lower',
    step: BUCKET_MS,
    meaning: 'time in which the sender was allowed less than one that had never earned a penalty',
  },
  reaction_time: {
    kind: 'gauge',
    unit: 'ms',
    tags: scored,
    words: true,
    better: 'lower',
    step: BUCKET_MS,
    meaning: "from an incident's first throttled reply until the pace stayed within what was allowed",
  },
  first_backoff: {
    kind: 'gauge',
    unit: 'ms',
    tags: scored,
    words: true,
    better: 'lower',
    step: BUCKET_MS,
    meaning:
      "from an incident's first throttled reply to the first three seconds with at most half the attempts of before",
  },
  overshoot: {
    kind: 'counter',
    unit: '',
    tags: scored,
    better: 'lower',
    meaning: 'transactions beyond what a greedy sender could have had, until the reaction',
  },
  recovery_time: {
    kind: 'gauge',
    unit: 'ms',
    tags: scored,
    words: true,
    better: 'lower',
    step: BUCKET_MS,
    meaning: "from an incident's end until deliveries were back at nine tenths of what was possible",
  },
  drain_time: {
    kind: 'gauge',
    unit: 'ms',
    tags: scored,
    words: true,
    better: 'lower',
    step: BUCKET_MS,
    meaning: "from an incident's end until the backlog was back to what it was before",
  },
  collateral: {
    kind: 'gauge',
    unit: '',
    tags: ['isp', 'incident'],
    words: true,
    better: 'lower',
    step: ONE_POINT,
    meaning: 'share of their utilisation that the other ISPs lost during the incident',
  },
  oscillation: {
    kind: 'gauge',
    unit: '',
    tags: ['isp', 'source'],
    words: true,
    better: 'lower',
    step: ONE_POINT,
    meaning: 'how much the pace swings, beyond what chance explains: 0 is steady',
  },
  restart_time: {
    kind: 'gauge',
    unit: 'ms',
    tags: ['fault'],
    words: true,
    better: 'lower',
    meaning: 'from the moment a killed MTA was started again until it took mail',
  },
  bounced: { kind: 'counter', unit: '', tags: ['isp'], meaning: 'recipients: 5xx, and reported or gone' },
  expired: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'recipients: never a 250 or 5xx, given up with a DSN',
  },
  pending: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: "recipients still in the MTA's queue at the end",
  },
  lost: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'recipients gone from the queue without a word',
  },
  duplicated: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'recipients delivered more than once, for which the MTA is to blame',
  },
  crash_duplicated: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'recipients delivered before the MTA was killed, and again after it was started again',
  },
  unaccounted: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: "recipients whose end can't be known",
  },
  missing_dsn: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'bounced recipients for whom no DSN came',
  },
  false_bounce: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'delivered recipients reported as failed',
  },
  complaints: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'recipients that called a delivered message spam, whether that is reported or not',
  },
  complaint_rate: {
    kind: 'rate',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'complaints as a share of the recipients that the ISP accepted',
  },
  async_bounces: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'recipients that the ISP accepted, and bounced afterwards',
  },
  trap_hits: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'source', 'phase'],
    live: true,
    better: 'lower',
    meaning: 'messages to an address that nobody ever gave away',
  },
  unsubscribes: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'phase'],
    live: true,
    meaning: 'unsubscribes that the mailroom received, by one click (RFC 8058) or by mail',
  },
  malformed_reports: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'phase'],
    live: true,
    meaning:
      'mails to the feedback or bounce address that the mailroom received and could not read as a report',
  },
  feedback_sent: {
    kind: 'counter',
    unit: '',
    tags: ['isp', 'phase'],
    live: true,
    meaning: 'what ISPs sent back (mails, and clicks) that was taken from them',
  },
  feedback_failed: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'what ISPs had to send back that was refused, given up, or still waited at the end',
  },
  feedback_lost: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning:
      'what was taken from ISPs and never came to the mailroom; an MTA that processes reports may keep them',
  },
  sent_after_bounce: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'recipient attempts at the ISP for messages injected after the recipient had bounced for good',
  },
  sent_after_complaint: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'the same after the recipient had complained, and until it took that back',
  },
  sent_after_unsubscribe: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning: 'the same after the recipient had unsubscribed',
  },
  suppression_delay: {
    kind: 'trend',
    unit: 'ms',
    tags: ['isp'],
    words: true,
    better: 'lower',
    meaning:
      'from bad news about a recipient to the last attempt for a message injected after it; 0 if there was none',
  },
  kept_after_withdrawal: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    better: 'lower',
    meaning:
      'messages to recipients who had taken their complaint back that the MTA refused or never tried to send',
  },
  mismatched: {
    kind: 'counter',
    unit: '',
    tags: ['isp'],
    live: true,
    better: 'lower',
    meaning: 'envelope and header named different messages',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** The definition of a metric by name, or undefined. */
export function metricNamed(name: string): MetricDefinition | undefined {
  return Object.hasOwn(METRICS, name) ? METRICS[name as MetricName] : undefined;
}
