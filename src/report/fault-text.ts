/** The faults of the MTA in words and columns, the same in every report. */
import { formatCount, formatMs, formatSeconds } from './numbers.ts';
import type { FaultSummary } from './summary.ts';

/** A fault in a few words: `SIGKILL, started again after 5 s; 4 s to 10.2 s`. */
export function faultText({ label, from, to }: FaultSummary): string {
  return `${label}; ${formatSeconds(from)} ${to === null ? 'until the end' : `to ${formatSeconds(to)}`}`;
}

/** A fault in fewer words, for where there is no room: `SIGKILL at 4 s`. */
export function faultName({ label, from }: FaultSummary): string {
  return `${label.split(',', 1)[0]} at ${formatSeconds(from)}`;
}

/** A column of a table of faults. */
export interface FaultColumn {
  readonly head: string;
  /** What it counts, a sentence. */
  readonly meaning: string;
  of(fault: FaultSummary): string;
}

/** What a fault cost; the gravest first. */
export const FAULT_COLUMNS: readonly FaultColumn[] = [
  {
    head: 'at risk',
    meaning: 'recipients that the MTA had confirmed, and neither delivered nor bounced, when the fault came',
    of: ({ atRisk }) => formatCount(atRisk),
  },
  {
    head: 'lost',
    meaning: 'of these, gone from the queue without a word',
    of: ({ lost }) => formatCount(lost),
  },
  {
    head: 'doubled',
    meaning: 'delivered before the MTA was killed, and again after it was started again',
    of: ({ duplicated }) => formatCount(duplicated),
  },
  {
    head: 'delayed',
    meaning: 'of those at risk, delivered only when the fault was over',
    of: ({ delayed }) => formatCount(delayed),
  },
  {
    head: 'longest',
    meaning: 'from the fault’s begin to the last of these deliveries',
    of: ({ longestDelaySeconds }) =>
      longestDelaySeconds === null ? '–' : formatMs(longestDelaySeconds * 1e3),
  },
  {
    head: 'pending',
    meaning: 'of those at risk, still in the queue at the end of the run',
    of: ({ pending }) => formatCount(pending),
  },
  {
    head: 'back in',
    meaning: 'from the moment a killed MTA was started again until it took mail',
    of: ({ restartSeconds }) => (restartSeconds === null ? '–' : formatMs(restartSeconds * 1e3)),
  },
  {
    head: 'not taken',
    meaning: 'recipients of messages that the MTA refused or never confirmed while the fault lasted',
    of: ({ refused, unconfirmed }) => formatCount(refused + unconfirmed),
  },
  {
    head: 'never begun',
    meaning: 'recipients of messages that were due meanwhile and never handed over',
    of: ({ dropped }) => formatCount(dropped),
  },
];
