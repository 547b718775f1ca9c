/** Gmail's Postmaster Tools API, version 1 (developers.google.com/workspace/gmail/postmaster): its resources, errors and pages. */
import type { ReputationData } from './reputation-data.ts';
import { MINIMUM_VOLUME, type TrafficStats, trafficStats, yyyymmdd } from './traffic-stats.ts';

/** Results on a page, unless the request says otherwise (assumed). */
const PAGE_SIZE = 10;

/** An answer, to be written as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Answers a GET request. `path`: of the URL, with the `/v1`. */
export function answerPostmasterTools(
  data: ReputationData,
  path: string,
  query: URLSearchParams,
  minimum: number = MINIMUM_VOLUME,
): ApiAnswer {
  const match = /^\/v1\/domains(?:\/([^/]+)(?:\/(trafficStats)(?:\/([^/]+))?)?)?$/.exec(path);
  if (!match) return failure(404, 'Method not found.');
  const [, domain, stats, date] = match;
  if (domain === undefined) return page('domains', domainsOf(data), query);
  const known = domainsOf(data).find(({ name }) => name === `domains/${domain.toLowerCase()}`);
  if (!known) return failure(404, `Requested entity was not found: domains/${domain}`);
  if (stats === undefined) return { status: 200, body: known };
  const all = trafficStats(data, domain.toLowerCase(), minimum);
  if (date !== undefined) return oneDay(all, date);
  const range = rangeIn(query);
  if (typeof range === 'string') return failure(400, range);
  const within = all.filter(({ name }) => {
    const day = name.slice(-8);
    return (range.start === '' || day >= range.start) && (range.end === '' || day < range.end);
  });
  return page('trafficStats', within, query);
}

/** All domains with the figures of all their days, as the run's folder keeps them. */
export function allTrafficStats(data: ReputationData, minimum: number = MINIMUM_VOLUME): unknown {
  return {
    domains: domainsOf(data).map((domain) => ({
      ...domain,
      trafficStats: trafficStats(data, domain.name.slice('domains/'.length), minimum),
    })),
  };
}

function domainsOf({
  domains,
  startedAt,
}: ReputationData): { name: string; createTime: string; permission: string }[] {
  return [...new Set(domains.map((domain) => domain.toLowerCase()))].map((domain) => ({
    name: `domains/${domain}`,
    createTime: startedAt.toISOString(),
    permission: 'OWNER',
  }));
}

function oneDay(all: readonly TrafficStats[], date: string): ApiAnswer {
  if (!isDate(date)) return failure(400, `Invalid date: ${date}; expected yyyymmdd`);
  const found = all.find(({ name }) => name.endsWith(`/${date}`));
  return found ? { status: 200, body: found } : failure(404, 'Requested entity was not found.');
}

/** The range of a list, from `start` to before `end`, each yyyymmdd or '' where it is open; or what is wrong with it. */
function rangeIn(query: URLSearchParams): { readonly start: string; readonly end: string } | string {
  const dates: string[] = [];
  for (const name of ['startDate', 'endDate']) {
    const parts = ['year', 'month', 'day'].map((part) => query.get(`${name}.${part}`));
    if (parts.every((part) => part === null)) {
      dates.push('');
      continue;
    }
    const [year = '', month = '', day = ''] = parts.map((part) => part ?? '');
    const date = `${year.padStart(4, '0')}${month.padStart(2, '0')}${day.padStart(2, '0')}`;
    if (!isDate(date)) return `Invalid ${name}: expected year, month and day`;
    dates.push(date);
  }
  const [start = '', end = ''] = dates;
  if ((start === '') !== (end === '')) return 'startDate and endDate must be set together';
  return start !== '' && end <= start ? 'endDate must be after startDate' : { start, end };
}

/** A page of a list (pageSize, pageToken, nextPageToken). An empty list is left out, as Google's JSON does. */
function page(name: string, all: readonly unknown[], query: URLSearchParams): ApiAnswer {
  const size = Number(query.get('pageSize') ?? PAGE_SIZE) || PAGE_SIZE;
  const from = Number(query.get('pageToken') ?? 0);
  if (!Number.isInteger(size) || size < 0) return failure(400, 'Invalid pageSize');
  if (!Number.isInteger(from) || from < 0 || from > all.length) return failure(400, 'Invalid pageToken');
  const some = all.slice(from, from + size);
  return {
    status: 200,
    body: {
      ...(some.length > 0 && { [name]: some }),
      ...(from + size < all.length && { nextPageToken: String(from + size) }),
    },
  };
}

const STATUS: Readonly<Record<number, string>> = { 400: 'INVALID_ARGUMENT', 404: 'NOT_FOUND' };

function failure(code: number, message: string): ApiAnswer {
  return { status: code, body: { error: { code, message, status: STATUS[code] } } };
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return yyyymmdd(date) === text;
}
