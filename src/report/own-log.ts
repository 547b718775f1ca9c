/** What the MTA's own log says, beside what the ISPs saw, in words. */
import type { OwnLog, ReportCounts } from '../analysis/own-log.ts';
import type { ReportKind, SentReports } from '../record/sent-reports.ts';
import { formatCount } from './numbers.ts';
import type { IspOwnLog, OwnLogSummary, ReturnedReports } from './summary.ts';

/** Reports that ISPs have sent to the MTA, and the kinds of which its log can tell that it has read them. */
export interface SentToMta {
  readonly sent: SentReports;
  readonly told: readonly ReportKind[];
}

/**
 * Compares a log that was taken in.
 * @param isps their ids
 * @param reports undefined: none were sent to the MTA
 */
export function ownLogSummary(log: OwnLog, isps: readonly string[], reports?: SentToMta): OwnLogSummary {
  const { events, others, unreadable } = log;
  const counts = log.compare(isps.length).map((one, isp): IspOwnLog => ({ isp: isps[isp] ?? '', ...one }));
  const torn =
    unreadable > 0
      ? [`${formatCount(unreadable)} ${unreadable === 1 ? 'line' : 'lines'} could not be read.`]
      : [];
  const returned = reports ? log.compareReports(reports.sent).flatMap((one) => returnedOf(one, reports)) : [];
  const findings = [...counts.flatMap(findingsOf), ...returned.flatMap(reportFindings), ...torn];
  return { events, others, unreadable, findings, isps: counts, returned };
}

/** Nothing where none were sent, and none are told of. */
function returnedOf({ processed, ...one }: ReportCounts, { told }: SentToMta): ReturnedReports[] {
  if (one.sent + one.unasked === 0) return [];
  return [{ ...one, processed: told.includes(one.kind) ? processed : null }];
}

/** A log that can tell nothing of a kind is not held to it. */
function reportFindings({ kind, sent, processed, unasked }: ReturnedReports): string[] {
  const silent = processed === null ? 0 : sent - processed;
  const reports = (count: number): string => `${formatCount(count)} ${kind}${count === 1 ? '' : 's'}`;
  return [
    ...(silent > 0
      ? [
          `it tells nothing of ${formatCount(silent)} of ${reports(sent)} that ${sent === 1 ? 'was' : 'were'} sent to it.`,
        ]
      : []),
    ...(unasked > 0 ? [`it tells of ${reports(unasked)} that no ISP has sent.`] : []),
  ];
}

/** The gravest first. */
function findingsOf({ isp, falselyDelivered, untold, falselyBounced, wrongSource }: IspOwnLog): string[] {
  const sentences: [number, (recipients: string) => string][] = [
    [falselyDelivered, (n) => `it calls ${n} delivered whom the ISP never accepted.`],
    [falselyBounced, (n) => `it gives up ${n} whom the ISP accepted.`],
    [untold - falselyBounced, (n) => `it does not tell of the delivery to ${n}, whom the ISP accepted.`],
    [wrongSource, (n) => `it names another source than the ISP saw for ${n}.`],
  ];
  return sentences
    .filter(([count]) => count > 0)
    .map(
      ([count, sentence]) =>
        `${isp}: ${sentence(`${formatCount(count)} recipient${count === 1 ? '' : 's'}`)}`,
    );
}
