/** From samples and counts to what ISPs think of the sender. */
import { NONE16 } from '../record/attempt-log.ts';
import { Sampled } from '../record/sampled.ts';
import { BUCKET_MICROS, type Sample } from '../record/timeline.ts';
import type { ReportInput } from './input.ts';
import type { SpamDay, SpamRate, SpamRates } from './reputation-input.ts';
import type {
  IspReputation,
  RateSeries,
  RateSummary,
  StandingSeries,
  StandingSummary,
} from './reputation-summary.ts';
import type { Series } from './summary.ts';

/** A rate of fewer recipients says nothing. */
const LEAST_MAIL = 100;
/** With so many simulated days the days are shown, with fewer the course of each. */
const MANY_DAYS = 3;
/** So many standings and identifiers are told of, the worst first. */
const MOST = 50;

/** What each ISP is known to think of sources and domains, of the worst. */
export function standingSeries(
  samples: readonly Sample[],
  { isps, sources, senders = [] }: Pick<ReportInput, 'isps' | 'sources' | 'senders'>,
  buckets: number,
): readonly (readonly StandingSeries[])[] {
  const sampled = new Sampled(samples, ['reputation'], buckets);
  return isps.map((_, isp) => {
    const all: StandingSeries[] = [
      ...sources.map((name, index) => ({
        of: 'source' as const,
        name,
        score: sampled.column('reputation', isp, index),
      })),
      ...senders.map((name, index) => ({
        of: 'domain' as const,
        name,
        score: sampled.column('reputation', isp, NONE16, index),
      })),
    ].filter(({ score }) => score.some((value) => value !== null));
    const lowest = new Map(all.map((one) => [one, lowestOf(one.score)]));
    return all.sort((a, b) => (lowest.get(a) as number) - (lowest.get(b) as number)).slice(0, MOST);
  });
}

/** The rates of an ISP over time, the worst first. */
export function rateSeries({ day, rates }: SpamRates, buckets: number): readonly RateSeries[] {
  const whole = (buckets * BUCKET_MICROS) / day >= MANY_DAYS;
  return worstFirst(rates).map(({ of, name, domain, days }) => {
    const courses = new Map(days.map((one) => [one.day, courseOf(one)]));
    return {
      of,
      name,
      domain,
      rate: Array.from({ length: buckets }, (_, bucket) => {
        const end = (bucket + 1) * BUCKET_MICROS;
        const number = Math.floor((end - 1) / day);
        const until = whole ? Number.POSITIVE_INFINITY : end - number * day;
        return courses.get(number)?.(until) ?? null;
      }),
    };
  });
}

/** The summary of what the series show. Empty where no ISP judges senders and nothing comes back. */
export function reputationSummary(
  { scales = [], spamRates = [], isps }: Pick<ReportInput, 'isps' | 'scales' | 'spamRates'>,
  series: Pick<Series, 'isps' | 'bucketSeconds'>,
): IspReputation[] {
  return isps.flatMap(({ id }, index) => {
    const own = scales.filter(({ isp }) => isp === id);
    const rates = spamRates.find(({ isp }) => isp === id);
    const known = series.isps[index]?.standings ?? [];
    if (own.length === 0 && !rates) return [];
    const best = new Map(own.map((scale) => [scale.of, scale.best]));
    const lost = known.filter(
      ({ of, score }) => lowestOf(score) < (best.get(of) ?? Number.NEGATIVE_INFINITY),
    );
    return [
      {
        isp: id,
        scales: own.map(({ of, best, tiers }) => ({ of, best, tiers })),
        standings: lost.map((one) => standingSummary(one, series.bucketSeconds)),
        limits: rates?.limits ?? [],
        daySeconds: rates ? rates.day / 1e6 : null,
        rates: rates ? worstFirst(rates.rates).map(rateSummary) : [],
      },
    ];
  });
}

function standingSummary({ of, name, score }: StandingSeries, bucketSeconds: number): StandingSummary {
  const lowest = lowestOf(score);
  return {
    of,
    name,
    lowest,
    lowestAt: score.indexOf(lowest) * bucketSeconds,
    last: score.findLast((value) => value !== null) ?? lowest,
  };
}

function rateSummary({ of, name, domain, days }: SpamRate): RateSummary {
  const byDay = days.map((one) => ({ day: one.day, ...rated(total(one.recipients), total(one.complaints)) }));
  const all = rated(
    total(byDay.map(({ recipients }) => recipients)),
    total(byDay.map(({ complaints }) => complaints)),
  );
  return { of, name, domain, ...all, days: byDay };
}

function rated(
  recipients: number,
  complaints: number,
): { recipients: number; complaints: number; rate: number | null } {
  return { recipients, complaints, rate: rateOf(recipients, complaints) };
}

/** The rate of a day at a time after its begin. */
function courseOf({ slot, recipients, complaints }: SpamDay): (until: number) => number | null {
  const [mail, spam] = [sums(recipients), sums(complaints)];
  return (until) => {
    const slots = Math.ceil(until / slot);
    return rateOf(mail(slots), spam(slots));
  };
}

/** Sums of the first values. */
function sums(values: readonly number[]): (count: number) => number {
  const all = [0];
  for (const value of values) all.push((all.at(-1) as number) + value);
  return (count) => all[Math.min(count, all.length - 1)] as number;
}

/** Complaints may be about mail of the day before, so that there can be more of them than mail. */
function rateOf(recipients: number, complaints: number): number | null {
  return recipients < LEAST_MAIL ? null : Math.max(0, Math.min(1, complaints / recipients));
}

function worstFirst(rates: readonly SpamRate[]): SpamRate[] {
  const counts = new Map(
    rates.map((rate) => [
      rate,
      {
        complaints: total(rate.days.map((day) => total(day.complaints))),
        recipients: total(rate.days.map((day) => total(day.recipients))),
      },
    ]),
  );
  const of = (rate: SpamRate) => counts.get(rate) as { complaints: number; recipients: number };
  return [...rates]
    .sort(
      (a, b) =>
        a.of.localeCompare(b.of) ||
        of(b).complaints - of(a).complaints ||
        of(b).recipients - of(a).recipients ||
        a.name.localeCompare(b.name),
    )
    .slice(0, MOST);
}

function lowestOf(score: readonly (number | null)[]): number {
  return score.reduce<number>((least, value) => Math.min(least, value ?? least), Number.POSITIVE_INFINITY);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
