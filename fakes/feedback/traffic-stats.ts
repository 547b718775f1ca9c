/**
 * The figures of Postmaster Tools: names of fields are documented, how Gmail arrives at the figures is mostly not, so what is
 * assumed says so.
 */
import { type Esteem, esteemOf } from '../isp/scores.ts';
import { dateOf, type ReputationData } from './reputation-data.ts';
import type { DayStatistics, DomainTally } from './statistics.ts';

/** A day's figures need so many recipients of mail from the domain. That there is a minimum is documented, its size assumed. */
export const MINIMUM_VOLUME = 100;

/** Figures of a domain on a day. Ratios are 0 to 1; what nobody knows is left out. */
export interface TrafficStats {
  readonly name: string;
  readonly userReportedSpamRatio?: number;
  readonly userReportedSpamRatioLowerBound?: number;
  readonly userReportedSpamRatioUpperBound?: number;
  readonly ipReputations?: readonly {
    readonly reputation: string;
    /** An int64, which JSON has as text. */
    readonly ipCount: string;
    readonly sampleIps?: readonly string[];
  }[];
  readonly domainReputation?: string;
  readonly spammyFeedbackLoops?: readonly { readonly id: string; readonly spamRatio: number }[];
  readonly spfSuccessRatio?: number;
  readonly dkimSuccessRatio?: number;
  readonly dmarcSuccessRatio?: number;
  /** Of mail to Gmail, over TLS. The other way is not simulated. */
  readonly inboundEncryptionRatio?: number;
  readonly deliveryErrors?: readonly {
    readonly errorClass: string;
    readonly errorType: string;
    readonly errorRatio: number;
  }[];
}

/** The days of a domain that have figures, oldest first. */
export function trafficStats(
  data: ReputationData,
  domain: string,
  minimum: number = MINIMUM_VOLUME,
): TrafficStats[] {
  return data.days.flatMap((day) => {
    const tally = day.domains.get(domain);
    if (!tally || tally.accepted < minimum) return [];
    const name = `domains/${domain}/trafficStats/${yyyymmdd(dateOf(data, day.day))}`;
    return [{ name, ...figuresOf(data, day, domain, tally, minimum) }];
  });
}

function figuresOf(
  data: ReputationData,
  day: DayStatistics,
  domain: string,
  tally: DomainTally,
  minimum: number,
): Omit<TrafficStats, 'name'> {
  const { recipients, complaints, messages, checked, spf, dkim, dmarc, tls } = tally;
  const rule = data.isp.reputation.find(({ key }) => key === 'sender-domain' || key === 'dkim-domain');
  const loops = [...day.ids.values()].filter(
    (one) => one.domain === domain && one.complaints > 0 && one.recipients >= minimum,
  );
  const errors = errorsOf(data, tally);
  const ips = ipReputations(data, day, tally);
  return {
    ...(recipients >= minimum && spamRatio(complaints, recipients)),
    ...(ips && { ipReputations: ips }),
    ...(rule && tally.score !== undefined && { domainReputation: CATEGORY[esteemOf(rule, tally.score)] }),
    ...(loops.length > 0 && {
      spammyFeedbackLoops: loops
        .map(({ id, complaints, recipients }) => ({ id, spamRatio: ratio(complaints, recipients) }))
        .sort((a, b) => b.spamRatio - a.spamRatio || a.id.localeCompare(b.id)),
    }),
    ...(checked > 0 && {
      spfSuccessRatio: ratio(spf, checked),
      dkimSuccessRatio: ratio(dkim, checked),
      dmarcSuccessRatio: ratio(dmarc, checked),
    }),
    inboundEncryptionRatio: ratio(tls, messages),
    ...(errors.length > 0 && { deliveryErrors: errors }),
  };
}

const CATEGORY: Readonly<Record<Esteem, string>> = { good: 'HIGH', fair: 'MEDIUM', poor: 'LOW', bad: 'BAD' };

/** How many addresses a category names (assumed). */
const SAMPLE_IPS = 10;

/** One entry a category (documented). */
function ipReputations(
  { isp, sources }: ReputationData,
  day: DayStatistics,
  tally: DomainTally,
): TrafficStats['ipReputations'] {
  const rule = isp.reputation.find(({ key }) => key === 'source');
  if (!rule) return undefined;
  return (['bad', 'poor', 'fair', 'good'] as const).map((esteem) => {
    const ips = [...tally.sources]
      .sort((a, b) => a - b)
      .flatMap((source) => {
        const score = day.sources.get(source)?.score ?? rule.best;
        const address = sources[source];
        return address !== undefined && esteemOf(rule, score) === esteem ? [address] : [];
      });
    return {
      reputation: CATEGORY[esteem],
      ipCount: String(ips.length),
      ...(ips.length > 0 && { sampleIps: ips.slice(0, SAMPLE_IPS) }),
    };
  });
}

/** The ratio with the bounds of its confidence interval: 95 %, after Wilson (that it is this one is assumed). */
function spamRatio(complaints: number, recipients: number): Omit<TrafficStats, 'name'> {
  const share = Math.min(1, complaints / recipients);
  const z = 1.96;
  const spread = z ** 2 / recipients;
  const middle = (share + spread / 2) / (1 + spread);
  const reach = (z / (1 + spread)) * Math.sqrt((share * (1 - share)) / recipients + spread / recipients / 4);
  return {
    userReportedSpamRatio: ratio(complaints, recipients),
    userReportedSpamRatioLowerBound: digits(Math.max(0, middle - reach)),
    userReportedSpamRatioUpperBound: digits(Math.min(1, middle + reach)),
  };
}

/** Replies of Gmail's by what its page on delivery errors calls them; other refusals are not on it. Which is which is assumed. */
const ERROR_TYPES: Readonly<Record<string, string>> = {
  G9: 'SUSPECTED_SPAM',
  G10: 'LOW_IP_REPUTATION',
  G11: 'LOW_DOMAIN_REPUTATION',
  G12: 'CONTENT_SPAMMY',
  G13: 'LOW_DOMAIN_REPUTATION',
  'G13-ip': 'LOW_IP_REPUTATION',
  G14: 'SUSPECTED_SPAM',
  G25: 'BAD_DMARC_POLICY',
  'G25-old': 'BAD_DMARC_POLICY',
  G27: 'BAD_PTR_RECORD',
  G28: 'BAD_PTR_RECORD',
  'G28-421': 'BAD_PTR_RECORD',
  G48: 'BAD_ATTACHMENT',
};

function errorsOf(
  { isp }: ReputationData,
  { errors, tried }: DomainTally,
): NonNullable<TrafficStats['deliveryErrors']> {
  const counts = new Map<string, number>();
  for (const [index, count] of errors) {
    const reply = isp.replies[index];
    if (!reply) continue;
    const type = ERROR_TYPES[reply.id] ?? (reply.class === 'throttled' ? 'RATE_LIMIT_EXCEEDED' : undefined);
    if (type === undefined) continue;
    const key = `${reply.code < 500 ? 'TEMPORARY_ERROR' : 'PERMANENT_ERROR'} ${type}`;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return [...counts]
    .map(([key, count]) => {
      const [errorClass = '', errorType = ''] = key.split(' ');
      return { errorClass, errorType, errorRatio: ratio(count, tried) };
    })
    .sort((a, b) => b.errorRatio - a.errorRatio || a.errorType.localeCompare(b.errorType));
}

/** A date as the API writes it. */
export function yyyymmdd(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}

/** A share; a complaint may be about a day before. */
function ratio(part: number, whole: number): number {
  return digits(whole === 0 ? 0 : Math.min(1, part / whole));
}

function digits(value: number): number {
  return Number(value.toPrecision(6));
}
