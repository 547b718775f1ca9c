/**
 * Outlook's Smart Network Data Services: the CSV of its automated access as it was until June 2026 (observed; the portal that
 * replaced it has no documented form). No header row, one row for each address and day with traffic enough.
 */
import { type Esteem, esteemOf } from '../isp/scores.ts';
import { dateOf, momentOf, type ReputationData } from './reputation-data.ts';
import type { DayStatistics, SourceTally } from './statistics.ts';

/** Messages that an address must have sent on a day (documented). */
export const MINIMUM_MESSAGES = 100;

/** Colours are of shares of spam that a filter finds (documented); here they are of the source's reputation (assumed). */
const FILTER_RESULT: Readonly<Record<Esteem, string>> = {
  good: 'GREEN',
  fair: 'YELLOW',
  poor: 'YELLOW',
  bad: 'RED',
};

const BLOCKED = 'Blocked due to user complaints or other evidence of spamming';

/**
 * The data file: ip_address, activity_start, activity_end, rcpt_commands, data_commands, message_recipients, filter_result,
 * complaint_rate, trap_message_start, trap_message_end, traphits, sample_helo, sample_mailfrom, comments.
 * @param date only this day, MMDDYY; undefined: all days
 */
export function sndsData(data: ReputationData, date?: string): string {
  return csv(
    data.days
      .filter(({ day }) => date === undefined || mmddyy(dateOf(data, day)) === date)
      .flatMap((day) =>
        inOrder(day).flatMap(([source, tally]) => {
          const address = data.sources[source];
          if (address === undefined || tally.dataCommands < MINIMUM_MESSAGES) return [];
          return [rowOf(data, address, tally)];
        }),
      ),
  );
}

/** Of the day that is asked for with `date` left out: the last one with traffic enough; undefined: there is none. */
export function latestDate(data: ReputationData): string | undefined {
  const day = data.days.findLast(({ sources }) =>
    [...sources.values()].some(({ dataCommands }) => dataCommands >= MINIMUM_MESSAGES),
  );
  return day && mmddyy(dateOf(data, day.day));
}

/** The status file: first_ip, last_ip, blocked, details; addresses that are refused on the last day that they were seen. */
export function sndsIpStatus(data: ReputationData): string {
  const latest = new Map<number, SourceTally>();
  for (const day of data.days) for (const [source, tally] of day.sources) latest.set(source, tally);
  return csv(
    [...latest]
      .sort(([a], [b]) => a - b)
      .flatMap(([source, tally]) => {
        const address = data.sources[source];
        if (address === undefined || esteem(data, tally) !== 'bad') return [];
        return [[address, address, 'Yes', BLOCKED]];
      }),
  );
}

function rowOf(data: ReputationData, address: string, tally: SourceTally): string[] {
  const time = (at: number | undefined): string => (at === undefined ? '' : dateAndTime(momentOf(data, at)));
  return [
    address,
    time(tally.first),
    time(tally.last),
    String(tally.rcptCommands),
    String(tally.dataCommands),
    String(tally.messageRecipients),
    FILTER_RESULT[esteem(data, tally)],
    complaintRate(tally.complaints, tally.messageRecipients),
    time(tally.firstTrap),
    time(tally.lastTrap),
    String(tally.traps),
    tally.helo ?? '',
    tally.sender ?? '',
    '',
  ];
}

function esteem({ isp }: ReputationData, { score }: SourceTally): Esteem {
  const rule = isp.reputation.find(({ key }) => key === 'source');
  return rule && score !== undefined ? esteemOf(rule, score) : 'good';
}

/** In tenths of a percent; what is less than one is a band of its own (documented). */
function complaintRate(complaints: number, recipients: number): string {
  const percent = recipients === 0 ? 0 : Math.min(100, (100 * complaints) / recipients);
  return percent < 0.1 ? '< 0.1%' : `${percent.toFixed(1)}%`;
}

function inOrder({ sources }: DayStatistics): [number, SourceTally][] {
  return [...sources].sort(([a], [b]) => a - b);
}

/** `12/31/2019 7:05 PM`. */
function dateAndTime(date: Date): string {
  const hours = date.getUTCHours();
  const minutes = String(date.getUTCMinutes()).padStart(2, '0');
  const day = `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
  return `${day} ${hours % 12 || 12}:${minutes} ${hours < 12 ? 'AM' : 'PM'}`;
}

function mmddyy(date: Date): string {
  const [year = '', month = '', day = ''] = date.toISOString().slice(0, 10).split('-');
  return `${month}${day}${year.slice(2)}`;
}

/** RFC 4180. */
function csv(rows: readonly (readonly string[])[]): string {
  const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
