import type { IspSeries, Series } from './summary.ts';

/**
 * `timeline.csv`: one row a bucket and ISP, and one with the ISP `all` that sums them up. Cells are quoted as
 * RFC 4180 says; lines end with a newline alone.
 *
 * | column | meaning |
 * |---|---|
 * | `t_s` | start of the bucket, seconds since the load began |
 * | `isp` | the ISP's id, or `all` |
 * | `allowance_per_s` | the most that the ISP would take, sustained; empty: no limit applies, and in `all` |
 * | `allowance_unpunished_per_s` | the same as if the sender had never earned a penalty or lost reputation |
 * | `perfect_per_s` | what a perfect sender would have had accepted; in `all` the sum |
 * | `attempts_per_s` | recipient attempts; they split into accepted, throttled, deferred, rejected and those without a reply |
 * | `accepted_per_s` `throttled_per_s` `deferred_per_s` `rejected_per_s` | recipient attempts by outcome |
 * | `connections_open` | connections open at the end of the bucket |
 * | `complaints_per_s` | recipients that called a message spam |
 * | `injected_per_s` | messages that the MTA took; `all` only |
 * | `injector_connections` | connections that the driver holds open; `all` only |
 * | `queue_depth` | the MTA's queue; `all` only; empty: not sampled |
 * | `queue_age_s` | time since the oldest deliverable message that waits was due; `all` only; empty: none waits |
 * | `delivery_p50_ms` `delivery_p99_ms` | latency of what was delivered in the bucket; `all` only; empty: nothing was |
 * | `replies_<code>_per_s` | replies of this code over all ISPs; `all` only; a column for each code seen |
 */
export function timelineCsv(series: Series): string {
  const replyColumns = series.codes.map(({ code }) => `replies_${code.replaceAll(' ', '_')}_per_s`);
  const lines = [row([...COLUMNS, ...replyColumns])];
  const unknown = ['', '', '', '', '', '', ...series.codes.map(() => '')];
  series.t.forEach((t, bucket) => {
    lines.push(
      row([
        t,
        'all',
        null,
        null,
        ...COUNTED.map((column) => series.isps.reduce((sum, isp) => sum + (isp[column][bucket] ?? 0), 0)),
        series.injected[bucket] ?? null,
        series.injectorConnections[bucket] ?? null,
        series.queueDepth[bucket] ?? null,
        series.queueAge[bucket] ?? null,
        series.deliveryP50Ms[bucket] ?? null,
        series.deliveryP99Ms[bucket] ?? null,
        ...series.codes.map(({ perSecond }) => perSecond[bucket] ?? null),
      ]),
    );
    for (const isp of series.isps) {
      const counted = COUNTED.map((column) => isp[column][bucket] ?? null);
      const allowed = [isp.allowance[bucket] ?? null, isp.allowanceUnpunished[bucket] ?? null];
      lines.push(row([t, isp.id, ...allowed, ...counted, ...unknown]));
    }
  });
  return `${lines.join('\n')}\n`;
}

const COUNTED = [
  'perfect',
  'attempts',
  'accepted',
  'throttled',
  'deferred',
  'rejected',
  'connectionsOpen',
  'complaints',
] as const satisfies readonly (keyof IspSeries)[];

const COLUMNS = [
  't_s',
  'isp',
  'allowance_per_s',
  'allowance_unpunished_per_s',
  'perfect_per_s',
  'attempts_per_s',
  'accepted_per_s',
  'throttled_per_s',
  'deferred_per_s',
  'rejected_per_s',
  'connections_open',
  'complaints_per_s',
  'injected_per_s',
  'injector_connections',
  'queue_depth',
  'queue_age_s',
  'delivery_p50_ms',
  'delivery_p99_ms',
] as const;

function row(cells: readonly (string | number | null)[]): string {
  return cells.map((cell) => (cell === null ? '' : quote(String(cell)))).join(',');
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
