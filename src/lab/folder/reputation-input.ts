/** What the report is told of how the ISPs judge senders, and the files about it in a run's folder. */
import { join } from 'node:path';
import { allTrafficStats } from '../../../fakes/feedback/postmaster-tools.ts';
import { sndsData } from '../../../fakes/feedback/snds.ts';
import type { Course } from '../../../fakes/feedback/statistics.ts';
import type { ReputationScale, SpamRate, SpamRates } from '../../report/reputation-input.ts';
import type { Plan } from '../../scenario/plan.ts';
import type { SenderStatistics } from '../isps/sender-statistics.ts';
import { writeWhole } from './whole-file.ts';

/** Spam rates, by which reports are made again. */
export const REPUTATION_FILE = 'reputation.json';

/** The scales of those ISPs that judge senders. */
export function scalesOf({ isps }: Pick<Plan, 'isps'>): ReputationScale[] {
  return isps.flatMap(({ resolved: { id, reputation } }) => {
    const source = reputation.find(({ key }) => key === 'source');
    const domain = reputation.find(({ key }) => key === 'sender-domain' || key === 'dkim-domain');
    return (
      [
        ['source', source],
        ['domain', domain],
      ] as const
    ).flatMap(([of, rule]) =>
      rule
        ? [
            {
              isp: id,
              of,
              best: rule.best,
              tiers: rule.tiers.map(({ below, factor }) => ({ below, factor })),
            },
          ]
        : [],
    );
  });
}

/** What ISPs say a sender is to stay below; of all others the same is assumed. */
const LIMITS: Readonly<Record<string, SpamRates['limits']>> = {
  gmail: [
    { rate: 0.001, mark: 'documented' },
    { rate: 0.003, mark: 'documented' },
  ],
  yahoo: [{ rate: 0.003, mark: 'documented' }],
};
const ASSUMED: SpamRates['limits'] = [{ rate: 0.003, mark: 'assumed' }];

/** The spam rates at those ISPs from which something comes back. */
export function spamRatesOf({ isps }: Pick<Plan, 'isps'>, statistics: SenderStatistics): SpamRates[] {
  return isps.flatMap(({ resolved: { id } }, index): SpamRates[] => {
    const data = statistics.of(index);
    if (!data) return [];
    const rates = new Map<
      string,
      {
        readonly of: SpamRate['of'];
        readonly name: string;
        readonly domain: string;
        readonly days: SpamRate['days'][number][];
      }
    >();
    const add = (
      of: SpamRate['of'],
      name: string,
      domain: string,
      day: number,
      slot: number,
      course: Course,
    ): void => {
      if (course.recipients.length + course.complaints.length === 0) return;
      const key = `${of} ${domain} ${name}`;
      const rate = rates.get(key) ?? { of, name, domain, days: [] };
      rates.set(key, rate);
      rate.days.push({ day, slot, ...course });
    };
    for (const { day, slot, domains, ids } of data.days) {
      for (const [domain, { course }] of domains) add('domain', domain, domain, day, slot, course);
      for (const { id, domain, course } of ids.values()) add('feedback-id', id, domain, day, slot, course);
    }
    return [{ isp: id, limits: LIMITS[id] ?? ASSUMED, day: data.length, rates: [...rates.values()] }];
  });
}

/** Writes what senders could look up (`postmaster-tools.json`, `snds.csv`) and the spam rates for the report. */
export function writeReputation(
  folder: string,
  plan: Pick<Plan, 'isps'>,
  statistics: SenderStatistics,
): void {
  const rates = spamRatesOf(plan, statistics);
  if (rates.length > 0) writeWhole(join(folder, REPUTATION_FILE), `${JSON.stringify(rates)}\n`);
  const google = statistics.shownAs('postmaster-tools');
  if (google)
    writeWhole(
      join(folder, 'postmaster-tools.json'),
      `${JSON.stringify(allTrafficStats(google), null, 2)}\n`,
    );
  const microsoft = statistics.shownAs('snds');
  if (microsoft) writeWhole(join(folder, 'snds.csv'), sndsData(microsoft));
}
