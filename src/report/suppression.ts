/** What the MTA did with mail to recipients about whom there was bad news, in numbers. */
import {
  addTreated,
  nothingTreated,
  type Observed,
  observedRecipients,
  type Treated,
} from '../analysis/suppression.ts';
import type { Aggregate } from '../record/aggregate.ts';
import { NEWS } from '../record/attempt-log.ts';
import type { SuppressionGroup, SuppressionSummary } from './summary.ts';

/** Undefined where nobody was written to after bad news. `isps`: their ids. */
export function suppressionSummary(
  aggregate: Aggregate,
  isps: readonly string[],
): SuppressionSummary | undefined {
  const observed = observedRecipients(aggregate);
  const groups = isps.flatMap((isp, index) =>
    NEWS.map((news) => {
      const own = observed.filter((one) => one.isp === index);
      return news === 'withdrawal'
        ? afterWithdrawal(isp, own)
        : whileItHeld(
            isp,
            news,
            own.filter((one) => one.news === news),
          );
    }).filter(({ recipients }) => recipients > 0),
  );
  return groups.length === 0 ? undefined : { groups };
}

function whileItHeld(
  isp: string,
  news: SuppressionGroup['news'],
  all: readonly Observed[],
): SuppressionGroup {
  const known = all.filter(({ delay }) => delay !== undefined);
  const delays = known
    .map(({ delay }) => (delay as number) / 1e3)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const median = delays[Math.ceil(delays.length / 2) - 1];
  return {
    isp,
    news,
    recipients: known.length,
    suppressed: delays.length,
    delay: median === undefined ? null : { medMs: median, maxMs: delays.at(-1) as number },
    ...counted(known.map(({ held }) => held)),
  };
}

function afterWithdrawal(isp: string, all: readonly Observed[]): SuppressionGroup {
  const known = all.filter(({ kept }) => kept !== undefined);
  return {
    isp,
    news: 'withdrawal',
    recipients: known.length,
    suppressed: known.filter(({ kept }) => kept).length,
    delay: null,
    ...counted(known.map(({ after }) => after)),
  };
}

function counted(all: readonly Treated[]): Pick<SuppressionGroup, 'messages' | 'attempts'> {
  const sum = nothingTreated();
  for (const one of all) addTreated(sum, one);
  return sum;
}
