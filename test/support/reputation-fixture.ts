/** What the ISPs of the report's fixture think of its sender. */
import { rateSeries, reputationSummary } from '../../src/report/reputation.ts';
import type { SpamRates } from '../../src/report/reputation-input.ts';
import type { IspReputation, IspSeries, StandingSeries } from '../../src/report/summary.ts';

const TIERS = [
  { below: 20, factor: 0 },
  { below: 50, factor: 0.1 },
  { below: 80, factor: 0.5 },
];

/** A source that many complain of from second 20 to 50, one that some do, and a domain at Gmail. */
function standings(id: string, seconds: number): StandingSeries[] {
  const fall = (depth: number): (number | null)[] =>
    Array.from({ length: seconds }, (_, t) =>
      t < 1
        ? null
        : Math.max(
            100 - depth,
            Math.min(100, t < 50 ? 100 - (t - 20) * (depth / 30) : 100 - depth + (t - 50) * 0.8),
          ),
    );
  const all: StandingSeries[] = [
    { of: 'source', name: '198.18.128.1', score: fall(62) },
    ...(id === 'gmail' ? [{ of: 'domain' as const, name: 'news.sender.test', score: fall(40) }] : []),
    { of: 'source', name: '198.18.128.2', score: fall(15) },
    { of: 'source', name: '2001:2:0:1::1', score: fall(0) },
  ];
  return id === 'outlook' ? all.slice(-1) : all;
}

/** Complaints of a simulated day of 1,440 seconds: too many in the incident. */
function rates(id: string, accepted: readonly number[]): SpamRates {
  const complaints = accepted.map((_, t) => (t >= 22 && t < 55 ? (t % 3 === 0 ? 2 : 0) : t === 70 ? -3 : 0));
  const half = accepted.map((count) => Math.floor(count / 2));
  const day = { day: 0, slot: 1e6 };
  return {
    isp: id,
    day: 1440e6,
    limits: [
      ...(id === 'gmail' ? [{ rate: 0.001, mark: 'documented' as const }] : []),
      { rate: 0.003, mark: id === 'outlook' ? 'assumed' : 'documented' },
    ],
    rates: [
      {
        of: 'domain',
        name: 'news.sender.test',
        domain: 'news.sender.test',
        days: [{ ...day, recipients: accepted, complaints }],
      },
      ...['spring', 'windtunnel'].map((name, i) => ({
        of: 'feedback-id' as const,
        name,
        domain: 'news.sender.test',
        days: [{ ...day, recipients: i === 0 ? half : accepted, complaints }],
      })),
    ],
  };
}

/** What an ISP's series has of it. */
export function reputationOver(
  id: string,
  accepted: readonly number[],
): Pick<IspSeries, 'standings' | 'spamRates'> {
  return {
    standings: standings(id, accepted.length),
    spamRates: rateSeries(rates(id, accepted), accepted.length),
  };
}

/** What the summary has of it. */
export function reputationFixture(isps: readonly IspSeries[]): IspReputation[] {
  return reputationSummary(
    {
      isps: isps.map(({ id, name }) => ({ id, name })),
      scales: isps.flatMap(({ id }) =>
        (['source', 'domain'] as const)
          .filter((of) => of === 'source' || id === 'gmail')
          .map((of) => ({ isp: id, of, best: 100, tiers: TIERS })),
      ),
      spamRates: isps.map(({ id, accepted }) => rates(id, accepted)),
    },
    { isps, bucketSeconds: 1 },
  );
}
