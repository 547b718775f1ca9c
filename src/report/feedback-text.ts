/** What came back in words and columns, the same in every report. */
import { trim } from '../core/units.ts';
import type { FeedbackCount, IspFeedback } from './feedback-summary.ts';
import { formatCount, formatSeconds } from './numbers.ts';

/** Gmail and Yahoo ask senders to stay below it (G-GUIDE, Y-BP); the best stay below a third of it. */
export const COMPLAINT_LIMIT = 0.003;

/** A column of a table of what came back. */
export interface FeedbackColumn {
  readonly head: string;
  /** What it counts, a sentence. */
  readonly meaning: string;
  of(count: FeedbackCount): string;
}

const some = (count: number): string => (count === 0 ? '–' : formatCount(count));
const time = (ms: number | null): string => (ms === null ? '–' : formatSeconds(ms / 1e3));

/** How far what comes back has come. */
export const FEEDBACK_COLUMNS: readonly FeedbackColumn[] = [
  {
    head: 'happened',
    meaning: 'what users did, whether it is reported or not; hits of traps; of other kinds what is due',
    of: ({ happened }) => formatCount(happened),
  },
  {
    head: 'due',
    meaning: 'what the ISP has to send for it: of complaints those of mail that is in one of its loops',
    of: ({ due, kind }) => (kind === 'trap' ? '–' : formatCount(due)),
  },
  {
    head: 'sent',
    meaning: 'what was taken from the ISP: by SMTP with a 250, or by HTTPS',
    of: ({ sent, kind }) => (kind === 'trap' ? '–' : formatCount(sent)),
  },
  {
    head: 'received',
    meaning: 'what the mailroom has read; an MTA that processes reports may keep them',
    of: ({ received, kind }) => (kind === 'trap' ? '–' : formatCount(received)),
  },
  { head: 'failed', meaning: 'refused for good, or given up', of: ({ failed }) => some(failed) },
  {
    head: 'waiting',
    meaning: 'what waited at the end: for its time, or for another try',
    of: ({ waiting }) => some(waiting),
  },
  {
    head: 'tries',
    meaning: 'times that it was tried to hand something over',
    of: ({ tries }) => some(tries),
  },
  {
    head: 'came after',
    meaning: 'half of it was handed over no later than this after the message was accepted',
    of: ({ sentAfterMs }) => time(sentAfterMs),
  },
  {
    head: 'passed on in',
    meaning: 'half of it was read in the mailroom no later than this after it was handed over',
    of: ({ receivedAfterMs }) => time(receivedAfterMs),
  },
];

/** Shares of a thousandth matter here: `0.31 %`. */
export function formatComplaintRate({ accepted, complaintRate }: IspFeedback): string {
  return accepted === 0 ? '–' : `${trim(complaintRate * 100)}%`;
}

/** Whether more complain than ISPs tolerate. */
export function isOverLimit({ complaintRate }: IspFeedback): boolean {
  return complaintRate >= COMPLAINT_LIMIT;
}

/** The complaint rate of an ISP against what ISPs tolerate: `12 complaints about 4,000 accepted (0.3%)`. */
export function complaintText(isp: IspFeedback): string {
  return `${formatCount(isp.complaints)} complaints about ${formatCount(isp.accepted)} accepted (${formatComplaintRate(isp)})`;
}

const sum = (isp: IspFeedback, of: (count: FeedbackCount) => number): string =>
  some(isp.kinds.reduce((all, count) => all + of(count), 0));

/** Columns of a table with a line for each ISP: all kinds together, and complaints alone. */
export const FEEDBACK_TOTALS: readonly { readonly head: string; of(isp: IspFeedback): string }[] = [
  { head: 'complaints', of: ({ complaints }) => some(complaints) },
  { head: 'of accepted', of: formatComplaintRate },
  { head: 'due', of: (isp) => sum(isp, ({ due }) => due) },
  { head: 'sent', of: (isp) => sum(isp, ({ sent }) => sent) },
  { head: 'received', of: (isp) => sum(isp, ({ received }) => received) },
  { head: 'failed', of: (isp) => sum(isp, ({ failed }) => failed) },
  { head: 'waiting', of: (isp) => sum(isp, ({ waiting }) => waiting) },
];
