/** What the MTA's own log says, beside what the ISPs saw, in words. */
import type { OwnLog } from '../analysis/own-log.ts';
import { formatCount } from './numbers.ts';
import type { IspOwnLog, OwnLogSummary } from './summary.ts';

/** Compares a log that was taken in. `isps`: their ids. */
export function ownLogSummary(log: OwnLog, isps: readonly string[]): OwnLogSummary {
  const { events, others, unreadable } = log;
  const counts = log.compare(isps.length).map((one, isp): IspOwnLog => ({ isp: isps[isp] ?? '', ...one }));
  const torn =
    unreadable > 0
      ? [`${formatCount(unreadable)} ${unreadable === 1 ? 'line' : 'lines'} could not be read.`]
      : [];
  return { events, others, unreadable, findings: [...counts.flatMap(findingsOf), ...torn], isps: counts };
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
