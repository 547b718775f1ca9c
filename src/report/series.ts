import type { Adaptation } from '../analysis/adaptation/scores.ts';
import { driverConnections } from '../analysis/measure.ts';
import { queueAges } from '../analysis/queue-age.ts';
import type { Micros } from '../core/clock.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { ATTEMPT_OUTCOMES, type AttemptOutcome, NONE16 } from '../record/attempt-log.ts';
import { Sampled } from '../record/sampled.ts';
import { BUCKET_MICROS, isGlobal } from '../record/timeline.ts';
import type { ReportInput } from './input.ts';
import { rateSeries, standingSeries } from './reputation.ts';
import type { Series, SourceSeries } from './summary.ts';

/** A series whose columns are being filled. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer V)[] ? V[] : T[K] };

/** The timeline in columns, one entry a bucket from the load's begin to `end`. */
export function buildSeries(
  aggregate: Aggregate,
  input: ReportInput,
  adaptation: Adaptation,
  end: Micros,
): Series {
  const { timeline } = aggregate;
  const buckets = Math.max(1, Math.ceil(end / BUCKET_MICROS));
  const zeros = (): number[] => new Array<number>(buckets).fill(0);
  const nulls = (): (number | null)[] => new Array<number | null>(buckets).fill(null);
  const perSecond = BUCKET_MICROS / 1e6;

  const injected = zeros();
  for (const [bucket, count] of timeline.injected()) add(injected, bucket, count / perSecond);

  const held = driverConnections(timeline.samples);
  const isps = input.isps.map((isp) => ({
    ...isp,
    allowance: nulls(),
    allowanceUnpunished: nulls(),
    attempts: zeros(),
    accepted: zeros(),
    throttled: zeros(),
    deferred: zeros(),
    rejected: zeros(),
    connectionsOpen: zeros(),
    complaints: zeros(),
    perfect: zeros().map((_, bucket) => adaptation.perfect.get(isp.id)?.[bucket] ?? 0),
    replies: new Map<number, number[]>(),
    sources: new Map<number, Mutable<SourceSeries>>(),
  }));
  const sourceOf = (isp: (typeof isps)[number], index: number): Mutable<SourceSeries> | undefined => {
    const source = input.sources[index];
    if (source === undefined || input.sources.length < 2) return undefined;
    let series = isp.sources.get(index);
    if (!series) {
      series = { source, allowance: nulls(), attempts: zeros(), accepted: zeros(), throttled: zeros() };
      isp.sources.set(index, series);
    }
    return series;
  };
  const codes = new Map<string, number[]>();
  for (const row of timeline.rows()) {
    const isp = isps[row.isp];
    if (!isp) continue;
    const outcome = (name: AttemptOutcome): number => row.attempts[ATTEMPT_OUTCOMES.indexOf(name)] as number;
    const attempts = row.attempts.reduce((a, b) => a + b, 0);
    add(isp.attempts, row.bucket, attempts / perSecond);
    for (const name of ['accepted', 'throttled', 'deferred', 'rejected'] as const) {
      add(isp[name], row.bucket, outcome(name) / perSecond);
    }
    const source = attempts > 0 ? sourceOf(isp, row.source) : undefined;
    if (source) {
      add(source.attempts, row.bucket, attempts / perSecond);
      add(source.accepted, row.bucket, outcome('accepted') / perSecond);
      add(source.throttled, row.bucket, outcome('throttled') / perSecond);
    }
    const code = input.replies[row.reply]?.code;
    const answered = attempts + row.connectionsRefused;
    if (answered === 0) continue;
    const key = code === undefined ? 'no reply' : String(code);
    const column = codes.get(key) ?? zeros();
    codes.set(key, column);
    add(column, row.bucket, answered / perSecond);
    if (code === undefined) continue;
    const reply = isp.replies.get(row.reply) ?? zeros();
    isp.replies.set(row.reply, reply);
    add(reply, row.bucket, answered / perSecond);
  }

  for (const { bucket, isp, kind, counts } of aggregate.feedback.rows()) {
    const complaints = isps[isp]?.complaints;
    if (kind === 'complaint' && complaints) add(complaints, bucket, counts.happened / perSecond);
  }

  const queueDepth = nulls();
  const open = isps.map(() => new Map<number, number>());
  for (const sample of timeline.samples) {
    // A sample is taken at the end of the second that it is about.
    const bucket = Math.floor((sample.at - 1) / BUCKET_MICROS);
    if (bucket < 0 || bucket >= buckets) continue;
    if (sample.name === 'queue_depth' && isGlobal(sample)) queueDepth[bucket] = sample.value;
    else if (sample.name === 'connections_open') open[sample.isp]?.set(bucket, sample.value);
  }
  const sampled = new Sampled(timeline.samples, ['allowance', 'allowance_unpunished'], buckets);
  isps.forEach((isp, index) => {
    hold(isp.connectionsOpen, open[index] as Map<number, number>);
    isp.allowance = finite(sampled.column('allowance', index, NONE16));
    isp.allowanceUnpunished = finite(sampled.column('allowance_unpunished', index, NONE16));
    for (const [source, series] of isp.sources)
      series.allowance = finite(sampled.column('allowance', index, source));
  });
  fillGaps(queueDepth);

  const standings = standingSeries(timeline.samples, input, buckets);
  const latency = deliveryLatency(aggregate, buckets);
  return {
    bucketSeconds: perSecond,
    t: Array.from({ length: buckets }, (_, i) => i * perSecond),
    injected,
    injectorConnections: zeros().map((_, bucket) => held[bucket] ?? 0),
    queueDepth,
    queueAge: queueAges(aggregate, buckets, input.run.running),
    isps: isps.map((isp, index) => ({
      ...isp,
      standings: standings[index] ?? [],
      spamRates: (input.spamRates ?? [])
        .filter((one) => one.isp === isp.id)
        .flatMap((one) => rateSeries(one, buckets)),
      replies: [...isp.replies]
        .map(([reply, values]) => ({ id: input.replies[reply]?.id ?? '', perSecond: values }))
        .sort((a, b) => total(b.perSecond) - total(a.perSecond) || a.id.localeCompare(b.id)),
      sources: [...isp.sources.values()].sort((a, b) => total(b.attempts) - total(a.attempts)),
    })),
    codes: [...codes]
      .map(([code, values]) => ({ code, perSecond: values }))
      .sort((a, b) => a.code.localeCompare(b.code)),
    deliveryP50Ms: latency.p50,
    deliveryP99Ms: latency.p99,
  };
}

/** Where there is no limit nothing is drawn. */
function finite(column: readonly (number | null)[]): (number | null)[] {
  return column.map((value) => (value !== null && Number.isFinite(value) ? value : null));
}

/** Samples drift against the buckets, so a second can stay without one; it has its neighbour's value. */
function fillGaps(values: (number | null)[]): void {
  for (let i = 1; i + 1 < values.length; i++) {
    if (values[i] === null && values[i - 1] !== null && values[i + 1] !== null)
      values[i] = values[i - 1] as number;
  }
}

/** A level that was not sampled in a second is what it was before; a busy process misses some. After the last it is 0. */
function hold(column: number[], known: ReadonlyMap<number, number>): void {
  const last = Math.max(-1, ...known.keys());
  let level = 0;
  for (let i = 0; i <= last; i++) column[i] = level = known.get(i) ?? level;
}

function add(column: number[], bucket: number, value: number): void {
  if (bucket >= 0 && bucket < column.length) column[bucket] = (column[bucket] as number) + value;
}

function total(column: readonly number[]): number {
  return column.reduce((sum, value) => sum + value, 0);
}

/** Median and 99th percentile of delivery latency in milliseconds, by the bucket of delivery. */
function deliveryLatency(
  { ledger }: Aggregate,
  buckets: number,
): { p50: (number | null)[]; p99: (number | null)[] } {
  const byBucket: number[][] = Array.from({ length: buckets }, () => []);
  for (const r of ledger.recipients()) {
    if (ledger.accepted(r) === 0 || !ledger.isConfirmed(r)) continue;
    const at = ledger.acceptedAt(r);
    byBucket[Math.floor(at / BUCKET_MICROS)]?.push((at - ledger.due(r)) / 1e3);
  }
  const sorted = byBucket.map((values) => values.sort((a, b) => a - b));
  const at =
    (share: number) =>
    (values: readonly number[]): number | null =>
      values[Math.max(0, Math.ceil(values.length * share) - 1)] ?? null;
  return { p50: sorted.map(at(0.5)), p99: sorted.map(at(0.99)) };
}
