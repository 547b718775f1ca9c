/** Suppression in words and columns, the same in every report. */
import { formatCount, formatMs } from './numbers.ts';
import type { SuppressionGroup } from './summary.ts';

/** What came, in a few words: `gmail, after a complaint`. */
export function groupText({ isp, news }: SuppressionGroup): string {
  return `${isp}, ${AFTER[news]}`;
}

const AFTER = {
  bounce: 'after a bounce',
  complaint: 'after a complaint',
  unsubscribe: 'after an unsubscribe',
  withdrawal: 'after a complaint was withdrawn',
} as const satisfies Record<SuppressionGroup['news'], string>;

/** Whether the MTA did what was right: no more mail after bad news, and mail again once it was withdrawn. */
export function isRight({ news, recipients, suppressed }: SuppressionGroup): boolean {
  return news === 'withdrawal' ? suppressed === 0 : suppressed === recipients;
}

/** A column of a table of what came after news. */
export interface SuppressionColumn {
  readonly head: string;
  /** What it counts, a sentence. */
  readonly meaning: string;
  of(group: SuppressionGroup): string;
}

/** The gravest first. */
export const SUPPRESSION_COLUMNS: readonly SuppressionColumn[] = [
  {
    head: 'recipients',
    meaning: 'recipients to whom a message came after the news',
    of: ({ recipients }) => formatCount(recipients),
  },
  {
    head: 'suppressed',
    meaning: 'of these, the last message never reached the ISP',
    of: ({ suppressed }) => formatCount(suppressed),
  },
  {
    head: 'still sent to',
    meaning: 'of these, the last message was tried at the ISP, or waited for that at the end of the run',
    of: ({ recipients, suppressed }) => formatCount(recipients - suppressed),
  },
  {
    head: 'attempts',
    meaning: 'recipient attempts at the ISP for messages that came after the news',
    of: ({ attempts }) => formatCount(attempts),
  },
  {
    head: 'median delay',
    meaning: 'from the news to the last such attempt, of those suppressed; 0 if there was none',
    of: ({ delay }) => (delay === null ? '–' : formatMs(delay.medMs)),
  },
  {
    head: 'longest',
    meaning: 'the longest of these delays',
    of: ({ delay }) => (delay === null ? '–' : formatMs(delay.maxMs)),
  },
  {
    head: 'refused',
    meaning: 'messages that the MTA refused with a 5xx when they were handed over',
    of: ({ messages }) => formatCount(messages.refused),
  },
  {
    head: 'kept back',
    meaning: 'messages that it took, and never tried at the ISP',
    of: ({ messages }) => formatCount(messages.suppressed),
  },
  {
    head: 'sent',
    meaning: 'messages that it tried at the ISP',
    of: ({ messages }) => formatCount(messages.sent),
  },
  {
    head: 'pending',
    meaning: 'messages that were still in its queue at the end of the run',
    of: ({ messages }) => formatCount(messages.pending),
  },
];
