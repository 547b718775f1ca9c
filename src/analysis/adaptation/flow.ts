/** What one ISP (or one source at it) saw and would have taken, a value a bucket of one real second. */

/** Length of the windows in which a pace is held against the credit, in buckets. */
export const WINDOW = 10;

/** The mail of one ISP, or from one source to it. All columns have the same length; bucket 0 begins with the load. */
export interface Flow {
  /** T: transactions tried. Recycled ones (the end of a connection's ration) are left out. */
  readonly tried: readonly number[];
  /** G: transactions accepted, in whole or in part. */
  readonly accepted: readonly number[];
  /** D: transactions throttled. */
  readonly throttled: readonly number[];
  /** Connections refused at once with a reply that throttles: attempts that never came to a transaction. */
  readonly refused: readonly number[];
  /** A: transactions a second that the ISP would take; Infinity: no limit applies. */
  readonly allowance: readonly number[];
  /** A0: the same by profile and incidents alone. */
  readonly unpunished: readonly number[];
  /** The most that a greedy sender could have had accepted in the WINDOW buckets that end with this one. */
  readonly credit: readonly number[];
  /** Deliverable mail; undefined for a source where mail is not bound to it before it is tried. */
  readonly supply: Supply | undefined;
}

/** The mail that there was to send, in transactions. */
export interface Supply {
  /** Mail that came in the bucket. */
  readonly arrivals: readonly number[];
  /** Mail that had come and was not accepted yet, at the begin of the bucket; one entry more, for the end of the last. */
  readonly backlog: readonly number[];
}

/** A stretch of buckets, `to` excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The sum of a column over a span. */
export function sumOver(column: readonly number[], { from, to }: Span): number {
  let sum = 0;
  for (let i = Math.max(0, from); i < Math.min(to, column.length); i++) sum += column[i] as number;
  return sum;
}

/** The mean a bucket of a column over a span; 0 where the span is empty. */
export function meanOver(column: readonly number[], span: Span): number {
  const length = Math.min(span.to, column.length) - Math.max(0, span.from);
  return length <= 0 ? 0 : sumOver(column, span) / length;
}

/** All attempts to send: transactions, and connections that were refused before one could begin. */
export function attemptsOf({ tried, refused }: Flow): number[] {
  return tried.map((n, i) => n + (refused[i] as number));
}

/** The highest mean over WINDOW buckets in a row; over all of them where there are fewer. */
export function bestWindowMean(column: readonly number[]): number {
  const width = Math.min(WINDOW, column.length);
  if (width === 0) return 0;
  let sum = sumOver(column, { from: 0, to: width });
  let best = sum;
  for (let end = width; end < column.length; end++) {
    sum += (column[end] as number) - (column[end - width] as number);
    best = Math.max(best, sum);
  }
  return best / width;
}

/** Why a score is not a number. `not reached`: the run ended before it could be known. */
export type ScoreWord = 'never' | 'not reached' | 'not applicable';

/** A score, or the word for why there is none. Shares are 0 to 1, times are real seconds. */
export type Score = number | ScoreWord;
