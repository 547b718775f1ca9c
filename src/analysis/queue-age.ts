import type { Aggregate } from '../record/aggregate.ts';
import { BUCKET_MICROS } from '../record/timeline.ts';

/**
 * How long the oldest deliverable message had waited at the end of each bucket, seconds; null: none waited. Those
 * count that were delivered later or were in the queue at the end. Nothing is sampled: the ledger knows when each was
 * due and when it was accepted. While the run goes on (`running`), those wait that the MTA is not done with.
 */
export function queueAges({ ledger }: Aggregate, buckets: number, running = false): (number | null)[] {
  // The earliest due moment of all that left the queue in a bucket; what left it later or never comes after the last.
  const oldest = new Float64Array(buckets + 1).fill(Number.POSITIVE_INFINITY);
  for (const r of ledger.recipients()) {
    if (!ledger.isConfirmed(r)) continue;
    const delivered = ledger.accepted(r) > 0;
    const waits =
      ledger.isPending(r) || (running && !ledger.hasFailedDsn(r) && ledger.lastAnswer(r) !== '5xx');
    if (!delivered && !waits) continue;
    const left = delivered ? Math.floor(ledger.acceptedAt(r) / BUCKET_MICROS) : buckets;
    const bucket = Math.max(0, Math.min(buckets, left));
    oldest[bucket] = Math.min(oldest[bucket] as number, ledger.due(r));
  }
  const ages = new Array<number | null>(buckets).fill(null);
  let due = oldest[buckets] as number;
  for (let bucket = buckets - 1; bucket >= 0; bucket--) {
    const end = (bucket + 1) * BUCKET_MICROS;
    if (due < end) ages[bucket] = (end - due) / 1e6;
    due = Math.min(due, oldest[bucket] as number);
  }
  return ages;
}
