/** How a sender takes an incident: when it slows down, and how far it went beyond what could have been had. */
import { attemptsOf, type Flow, meanOver, type Score, type Span, sumOver, WINDOW } from './flow.ts';

export interface Reaction {
  /** From the first throttled reply to the last moment at which the pace was beyond the credit. */
  readonly reactionSeconds: Score;
  /** From the first throttled reply to the first stretch at half the pace that there was before it. */
  readonly firstBackoffSeconds: Score;
  /** Transactions beyond the credit until the reaction. */
  readonly overshoot: number;
  /** The largest ratio of the pace to the credit in one window; null: into a block, or nothing to hold it against. */
  readonly overshootRatio: number | null;
  /** Buckets; undefined: there was none. */
  readonly throttledAt: number | undefined;
  readonly settledAt: number | undefined;
}

/** How far a pace may be above the credit: chance, and the edge of a bucket. */
const TOLERANCE = 1.1;
/** A backoff is a pace of at most this share of the one before, over so many buckets. */
const BACKOFF = { share: 0.5, buckets: 3 };

const NOTHING: Reaction = {
  reactionSeconds: 'not applicable',
  firstBackoffSeconds: 'not applicable',
  overshoot: 0,
  overshootRatio: null,
  throttledAt: undefined,
  settledAt: undefined,
};

/** Judges the reaction to an incident that lasted for `incident`. */
export function reactionTo(flow: Flow, incident: Span): Reaction {
  const span = { from: Math.max(0, incident.from), to: Math.min(incident.to, flow.tried.length) };
  const throttledAt = indexOf(span, (i) => (flow.throttled[i] as number) + (flow.refused[i] as number) > 0);
  if (throttledAt === undefined) return NOTHING;
  const judged = { from: throttledAt, to: span.to };
  const attempts = attemptsOf(flow);
  const firstBackoffSeconds = firstBackoff(attempts, judged);
  const windows = windowsFrom(attempts, flow.credit, judged);
  // Without a limit that counts in messages a second there is nothing to hold the pace against.
  if (windows.every(({ credit }) => credit === Number.POSITIVE_INFINITY)) {
    return { ...NOTHING, firstBackoffSeconds, throttledAt };
  }
  // A window that begins one bucket later is within the credit, so this bucket's attempts were the last beyond it.
  const last = windows.findLast(isBeyond)?.from;
  const reactionSeconds = last === undefined ? 0 : settling(attempts, judged, last + 1);
  return {
    reactionSeconds,
    firstBackoffSeconds,
    overshoot: last === undefined ? 0 : overshoot(windows, last),
    overshootRatio: largestRatio(windows),
    throttledAt,
    settledAt: typeof reactionSeconds === 'number' ? throttledAt + reactionSeconds : undefined,
  };
}

/** WINDOW buckets that begin in the incident, what was tried in them and what could have been had. */
interface Window {
  readonly from: number;
  readonly tried: number;
  readonly credit: number;
}

function windowsFrom(attempts: readonly number[], credit: readonly number[], { from, to }: Span): Window[] {
  const windows: Window[] = [];
  for (let i = from; i < to; i++) {
    // The last windows of a run are shorter than the rest, and are held against the credit of the last whole one.
    const end = Math.min(i + WINDOW, attempts.length);
    windows.push({
      from: i,
      tried: sumOver(attempts, { from: i, to: end }),
      credit: credit[end - 1] as number,
    });
  }
  return windows;
}

function isBeyond({ tried, credit }: Window): boolean {
  return tried > (credit > 0 ? TOLERANCE * credit + 1 : 0);
}

/** A quiet stretch counts once it is twice as long as the longest pause before it: a slow retry is no reaction. */
function settling(attempts: readonly number[], judged: Span, settledAt: number): Score {
  const quiet = judged.to - settledAt;
  if (quiet < WINDOW) return 'never';
  const pause = longestPause(attempts, { from: judged.from, to: settledAt });
  return quiet < 2 * pause ? 'not reached' : settledAt - judged.from;
}

/** The most buckets from one with an attempt to the next. */
function longestPause(attempts: readonly number[], { from, to }: Span): number {
  let longest = 0;
  let last = from;
  for (let i = from; i < to; i++) {
    if (attempts[i] === 0) continue;
    longest = Math.max(longest, i - last);
    last = i;
  }
  return longest;
}

function firstBackoff(attempts: readonly number[], { from, to }: Span): Score {
  const before = meanOver(attempts, { from: Math.max(0, from - WINDOW), to: Math.max(1, from) });
  const at = indexOf(
    { from, to: to - BACKOFF.buckets + 1 },
    (i) => meanOver(attempts, { from: i, to: i + BACKOFF.buckets }) <= BACKOFF.share * before,
  );
  return at === undefined ? 'never' : at - from;
}

/** What went beyond the credit, over windows that do not overlap, until the last one that did. */
function overshoot(windows: readonly Window[], last: number): number {
  return windows
    .filter(({ from }, i) => i % WINDOW === 0 && from <= last)
    .reduce((sum, { tried, credit }) => sum + Math.max(0, tried - credit), 0);
}

function largestRatio(windows: readonly Window[]): number | null {
  let largest = 0;
  for (const { tried, credit } of windows) {
    if (tried === 0) continue;
    if (credit === 0) return null;
    largest = Math.max(largest, tried / credit);
  }
  return largest;
}

function indexOf({ from, to }: Span, matches: (index: number) => boolean): number | undefined {
  for (let i = from; i < to; i++) if (matches(i)) return i;
  return undefined;
}
