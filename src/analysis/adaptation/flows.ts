/** Reads the flows that scores are made from out of what was recorded. */
import type { Micros } from '../../core/clock.ts';
import type { Aggregate } from '../../record/aggregate.ts';
import { NONE16, TRANSACTION_OUTCOMES } from '../../record/attempt-log.ts';
import { BUCKET_MICROS, type Row } from '../../record/timeline.ts';
import type { Flow, Supply } from './flow.ts';
import type { IspFlows } from './scores.ts';

/** What the records mean. */
export interface FlowNames {
  /** ISP ids by index. */
  readonly isps: readonly string[];
  /** Source addresses by index. */
  readonly sources: readonly string[];
  /** True for replies that tell the sender to slow down, by index. */
  throttles(reply: number): boolean;
  /** Stretches in which an ISP could not be reached at all, so that it would have taken nothing. */
  readonly outages: readonly { readonly isp: string; readonly start: Micros; readonly end: Micros }[];
  /** The MTA takes mail in by itself, so that there is a backlog; false where the driver speaks to the ISPs. */
  readonly storesMail: boolean;
}

type Column = 'tried' | 'accepted' | 'throttled' | 'refused';
type Limit = 'allowance' | 'unpunished' | 'credit';
type Columns = { [K in Column | Limit]: number[] };

const ordinal = (name: (typeof TRANSACTION_OUTCOMES)[number]): number => TRANSACTION_OUTCOMES.indexOf(name);
const ACCEPTED = ordinal('accepted');
const PARTIAL = ordinal('partial');
const THROTTLED = ordinal('throttled');
const RECYCLED = ordinal('recycled');

const LIMITS: Readonly<Partial<Record<string, Limit>>> = {
  allowance: 'allowance',
  allowance_unpunished: 'unpunished',
  credit: 'credit',
};

/** The flows of every ISP, from the load's begin to `end`. Sources are those that tried. */
export function flowsOf(aggregate: Aggregate, names: FlowNames, end: Micros): IspFlows[] {
  const length = Math.max(1, Math.ceil(end / BUCKET_MICROS));
  const wholes = names.isps.map(() => emptyColumns(length));
  const bySource = names.isps.map(() => new Map<number, Columns>());
  for (const row of aggregate.timeline.rows()) {
    const whole = wholes[row.isp];
    const sources = bySource[row.isp];
    if (!whole || !sources || row.bucket < 0 || row.bucket >= length) continue;
    count(whole, row, names);
    if (names.sources[row.source] === undefined) continue;
    const columns = sources.get(row.source) ?? emptyColumns(length);
    sources.set(row.source, columns);
    count(columns, row, names);
  }
  for (const sample of aggregate.timeline.samples) {
    const limit = LIMITS[sample.name];
    // A sample is taken at the end of the second that it is about.
    const bucket = Math.floor((sample.at - 1) / BUCKET_MICROS);
    if (limit === undefined || bucket < 0 || bucket >= length) continue;
    const columns = sample.source === NONE16 ? wholes[sample.isp] : bySource[sample.isp]?.get(sample.source);
    if (columns) columns[limit][bucket] = sample.value;
  }
  const supplies = names.storesMail ? suppliesOf(aggregate, wholes.length, length) : [];
  return names.isps.map((id, isp) => {
    const outages = names.outages.filter((outage) => outage.isp === id);
    const sources = [...(bySource[isp] as Map<number, Columns>)].filter(([, { tried, refused }]) =>
      tried.some((n, i) => n + (refused[i] as number) > 0),
    );
    return {
      id,
      whole: finished(wholes[isp] as Columns, outages, supplies[isp]),
      sources: sources.map(([source, columns]) => ({
        source: names.sources[source] as string,
        flow: finished(columns, outages, undefined),
      })),
    };
  });
}

function emptyColumns(length: number): Columns {
  const zeros = (): number[] => new Array<number>(length).fill(0);
  const unknown = (): number[] => new Array<number>(length).fill(Number.NaN);
  return {
    tried: zeros(),
    accepted: zeros(),
    throttled: zeros(),
    refused: zeros(),
    allowance: unknown(),
    unpunished: unknown(),
    credit: unknown(),
  };
}

function count(columns: Columns, row: Row, names: FlowNames): void {
  const of = (outcome: number): number => row.transactions[outcome] as number;
  const add = (column: Column, n: number): void => {
    columns[column][row.bucket] = (columns[column][row.bucket] as number) + n;
  };
  add('tried', row.transactions.reduce((sum, n) => sum + n, 0) - of(RECYCLED));
  add('accepted', of(ACCEPTED) + of(PARTIAL));
  add('throttled', of(THROTTLED));
  if (names.throttles(row.reply)) add('refused', row.connectionsRefused);
}

function finished(
  columns: Columns,
  outages: readonly { readonly start: Micros; readonly end: Micros }[],
  supply: Supply | undefined,
): Flow {
  for (const limit of ['allowance', 'unpunished', 'credit'] as const) holdOver(columns[limit]);
  for (const { start, end } of outages) {
    const from = Math.round(start / BUCKET_MICROS);
    const to = Math.round(end / BUCKET_MICROS);
    columns.allowance.fill(0, from, to);
    columns.unpunished.fill(0, from, to);
  }
  return { ...columns, supply };
}

/** A second without a sample has the value before it, the first ones that after them; nothing sampled: no limit. */
function holdOver(column: number[]): void {
  let known = column.find((value) => !Number.isNaN(value)) ?? Number.POSITIVE_INFINITY;
  for (let i = 0; i < column.length; i++) {
    const value = column[i] as number;
    if (Number.isNaN(value)) column[i] = known;
    else known = value;
  }
}

/**
 * The deliverable mail of each ISP: what the MTA took in and no ISP rejected for good. Counted in recipients, and
 * turned into transactions by how many recipients an accepted transaction had.
 */
function suppliesOf({ ledger, timeline }: Aggregate, isps: number, length: number): Supply[] {
  const came = Array.from({ length: isps }, () => new Array<number>(length).fill(0));
  const went = Array.from({ length: isps }, () => new Array<number>(length).fill(0));
  const add = (columns: number[][], isp: number, at: Micros): void => {
    const bucket = Math.max(0, Math.floor(at / BUCKET_MICROS));
    const column = columns[isp];
    if (column && bucket < length) column[bucket] = (column[bucket] as number) + 1;
  };
  for (const r of ledger.recipients()) {
    if (!ledger.isConfirmed(r)) continue;
    if (ledger.accepted(r) === 0 && ledger.lastAnswer(r) === '5xx') continue;
    const isp = ledger.isp(r);
    const endedAt = ledger.endedAt(r) ?? Number.POSITIVE_INFINITY;
    // A message can be at the ISP before the driver has read the MTA's 250 for it.
    add(came, isp, Math.min(ledger.confirmedAt(r), endedAt));
    add(went, isp, endedAt);
  }
  const transactions = new Array<number>(isps).fill(0);
  const recipients = new Array<number>(isps).fill(0);
  for (const row of timeline.rows()) {
    if (row.isp >= isps) continue;
    const accepted = (row.transactions[ACCEPTED] as number) + (row.transactions[PARTIAL] as number);
    transactions[row.isp] = (transactions[row.isp] as number) + accepted;
    recipients[row.isp] = (recipients[row.isp] as number) + (row.attempts[0] as number);
  }
  return came.map((arrivals, isp) => {
    const accepted = recipients[isp] as number;
    const each = accepted === 0 ? 1 : (transactions[isp] as number) / accepted;
    let waiting = 0;
    const backlog = [0];
    arrivals.forEach((n, i) => {
      waiting += n - (went[isp]?.[i] as number);
      backlog.push(waiting * each);
    });
    return { arrivals: arrivals.map((n) => n * each), backlog };
  });
}
