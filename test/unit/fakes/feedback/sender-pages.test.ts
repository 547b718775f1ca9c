/** What an ISP's senders can look up: Postmaster Tools and SNDS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allTrafficStats, answerPostmasterTools } from '../../../../fakes/feedback/postmaster-tools.ts';
import type { ReputationData } from '../../../../fakes/feedback/reputation-data.ts';
import { latestDate, sndsData, sndsIpStatus } from '../../../../fakes/feedback/snds.ts';
import { StatisticsCounter } from '../../../../fakes/feedback/statistics-counter.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { acceptedMessage, deafObserver } from '../../../support/accepted-mail.ts';

const SECOND = 1e6;
const DAY = 1440 * SECOND;
const DOMAIN = 'news.sender.test';

/** A second of the run is a minute at the ISP; the run begins in the afternoon of 1 March. */
function dataOf(
  profile: string,
  data: 'postmaster-tools' | 'snds',
  live: (counter: StatisticsCounter, reply: (id: string) => number) => void,
): ReputationData {
  const isp = resolveIsp(loadProfile(profile), { scale: 60, overrides: {}, incidents: [] });
  const counter = new StatisticsCounter({ day: DAY, data });
  live(counter, (id) => isp.replies.findIndex((reply) => reply.id === id));
  return {
    isp,
    days: counter.changes().sort((a, b) => a.day - b.day),
    length: DAY,
    startedAt: new Date('2026-03-01T15:30:00Z'),
    sources: ['198.18.128.1', '198.18.128.2', '198.18.128.3'],
    domains: [DOMAIN, 'Other.Test'],
  };
}

function times(count: number, does: (n: number) => void): void {
  for (let n = 0; n < count; n++) does(n);
}

/** 1,000 recipients on the first day, 4 complaints of which one is taken back; 200 on the third; 99 on the fourth. */
const gmail = dataOf('gmail', 'postmaster-tools', (counter, reply) => {
  const passed = { spf: true, dkim: true, dmarc: false };
  times(1000, (n) =>
    counter.accepted(
      acceptedMessage({
        at: n * SECOND,
        source: n % 2,
        tls: n % 4 !== 0,
        passed: n < 10 ? passed : undefined,
        header: `Feedback-ID: ${n < 100 ? 'spring' : 'summer'}:windtunnel\r\n`,
      }),
    ),
  );
  const spring = acceptedMessage({ header: 'Feedback-ID: spring:windtunnel\r\n' });
  times(4, (n) => counter.complained(spring, 'u@gmail.com', (1000 + n) * SECOND));
  counter.withdrew(spring, 'u@gmail.com', 1100 * SECOND);
  const sessions = counter.watching(deafObserver);
  const end = (outcome: 'accepted' | 'throttled' | 'rejected', id: string): void =>
    sessions.transaction({
      ...{ at: 0, source: 0, connection: 1, sender: `b@${DOMAIN}`, stage: 'dot', recipients: 1, bytes: 1 },
      outcome,
      reply: reply(id),
    });
  times(14, () => end('accepted', 'G-dot'));
  times(4, () => end('throttled', 'G2'));
  end('rejected', 'G13');
  // Nothing that the page on delivery errors has.
  end('rejected', 'G15');
  counter.scored(
    {
      sources: new Map([
        [0, 100],
        [1, 79.5],
      ]),
      domains: new Map([[DOMAIN, 30]]),
    },
    1200 * SECOND,
  );
  times(200, () => counter.accepted(acceptedMessage({ at: 2 * DAY, header: '' })));
  times(99, () => counter.accepted(acceptedMessage({ at: 3 * DAY })));
});

function get(data: ReputationData, target: string, minimum?: number): { status: number; body: unknown } {
  const { pathname, searchParams } = new URL(target, 'https://gmailpostmastertools.googleapis.com');
  return answerPostmasterTools(data, pathname, searchParams, minimum);
}

const FIRST_DAY = {
  name: `domains/${DOMAIN}/trafficStats/20260301`,
  userReportedSpamRatio: 0.003,
  userReportedSpamRatioLowerBound: 0.00102077,
  userReportedSpamRatioUpperBound: 0.00878317,
  ipReputations: [
    { reputation: 'BAD', ipCount: '0' },
    { reputation: 'LOW', ipCount: '0' },
    { reputation: 'MEDIUM', ipCount: '1', sampleIps: ['198.18.128.2'] },
    { reputation: 'HIGH', ipCount: '1', sampleIps: ['198.18.128.1'] },
  ],
  domainReputation: 'LOW',
  spammyFeedbackLoops: [
    { id: 'spring', spamRatio: 0.03 },
    { id: 'windtunnel', spamRatio: 0.003 },
  ],
  spfSuccessRatio: 1,
  dkimSuccessRatio: 1,
  dmarcSuccessRatio: 0,
  inboundEncryptionRatio: 0.75,
  deliveryErrors: [
    { errorClass: 'TEMPORARY_ERROR', errorType: 'RATE_LIMIT_EXCEEDED', errorRatio: 0.2 },
    { errorClass: 'PERMANENT_ERROR', errorType: 'LOW_DOMAIN_REPUTATION', errorRatio: 0.05 },
  ],
};
const THIRD_DAY = `domains/${DOMAIN}/trafficStats/20260303`;

test('Postmaster Tools has the figures of a day', () => {
  assert.deepEqual(get(gmail, `/v1/domains/${DOMAIN}/trafficStats/20260301`), {
    status: 200,
    body: FIRST_DAY,
  });
});

test('Postmaster Tools lists domains and days, page by page', () => {
  const domain = (name: string) => ({
    name: `domains/${name}`,
    createTime: '2026-03-01T15:30:00.000Z',
    permission: 'OWNER',
  });
  assert.deepEqual(get(gmail, '/v1/domains').body, { domains: [domain(DOMAIN), domain('other.test')] });
  assert.deepEqual(get(gmail, '/v1/domains?pageSize=1').body, {
    domains: [domain(DOMAIN)],
    nextPageToken: '1',
  });
  assert.deepEqual(get(gmail, '/v1/domains?pageSize=1&pageToken=1').body, {
    domains: [domain('other.test')],
  });
  assert.deepEqual(get(gmail, `/v1/domains/${DOMAIN.toUpperCase()}`).body, domain(DOMAIN));
  const days = (query: string, minimum?: number): string[] => {
    const { body } = get(gmail, `/v1/domains/${DOMAIN}/trafficStats${query}`, minimum);
    return ((body as { trafficStats?: { name: string }[] }).trafficStats ?? []).map(({ name }) =>
      name.slice(-8),
    );
  };
  const range = (from: number, to: number): string =>
    `?startDate.year=2026&startDate.month=3&startDate.day=${from}&endDate.year=2026&endDate.month=3&endDate.day=${to}`;
  for (const [query, minimum, expected] of [
    ['', undefined, ['20260301', '20260303']],
    ['', 99, ['20260301', '20260303', '20260304']],
    ['', 201, ['20260301']],
    [range(1, 3), undefined, ['20260301']],
    [range(2, 4), undefined, ['20260303']],
    [range(4, 9), undefined, []],
    ['?pageSize=1&pageToken=1', undefined, ['20260303']],
  ] as const)
    assert.deepEqual(days(query, minimum), expected, query);
  assert.deepEqual(get(gmail, '/v1/domains/other.test/trafficStats').body, {});
});

test('Postmaster Tools says no as Google does', () => {
  const stats = `/v1/domains/${DOMAIN}/trafficStats`;
  for (const [target, code, status] of [
    [`${stats}/20260302`, 404, 'NOT_FOUND'],
    [`${stats}/20260304`, 404, 'NOT_FOUND'],
    ['/v1/domains/stranger.test', 404, 'NOT_FOUND'],
    ['/v1/domains/stranger.test/trafficStats', 404, 'NOT_FOUND'],
    ['/v2/domains', 404, 'NOT_FOUND'],
    ['/', 404, 'NOT_FOUND'],
    [`${stats}/2026-03-01`, 400, 'INVALID_ARGUMENT'],
    [`${stats}/20260231`, 400, 'INVALID_ARGUMENT'],
    [`${stats}?startDate.year=2026&startDate.month=3&startDate.day=1`, 400, 'INVALID_ARGUMENT'],
    [`${stats}?startDate.year=2026`, 400, 'INVALID_ARGUMENT'],
    [`${stats}?pageSize=-1`, 400, 'INVALID_ARGUMENT'],
    [`${stats}?pageToken=x`, 400, 'INVALID_ARGUMENT'],
    [`${stats}?pageToken=3`, 400, 'INVALID_ARGUMENT'],
  ] as const) {
    const { status: answered, body } = get(gmail, target);
    const { error } = body as { error: { code: number; status: string; message: string } };
    assert.deepEqual([answered, error.code, error.status], [code, code, status], target);
    assert.notEqual(error.message, '', target);
  }
});

test('the file in the folder has all of it', () => {
  const { domains } = allTrafficStats(gmail) as {
    domains: { name: string; trafficStats: { name: string }[] }[];
  };
  assert.deepEqual(
    domains.map(({ name, trafficStats }) => [name, trafficStats.map((day) => day.name)]),
    [
      [`domains/${DOMAIN}`, [FIRST_DAY.name, THIRD_DAY]],
      ['domains/other.test', []],
    ],
  );
});

/** 250 messages from the first source with 2 complaints and a trap, 100 from the second, 99 from the third. */
const outlook = dataOf('outlook', 'snds', (counter, reply) => {
  const sessions = counter.watching(deafObserver);
  const send = (at: number, source: number): void => {
    const about = { at: at * SECOND, source, connection: 1, sender: `b@${DOMAIN}`, reply: reply('O-dot') };
    sessions.attempt({
      ...about,
      recipient: 'u@outlook.com',
      headerMessage: undefined,
      stage: 'dot',
      outcome: 'accepted',
    });
    sessions.transaction({ ...about, stage: 'dot', outcome: 'accepted', recipients: 1, bytes: 1 });
    counter.accepted(acceptedMessage({ at: at * SECOND, source, helo: `mta-${source}.sender.test` }));
  };
  times(250, (n) => send(n, 0));
  times(100, (n) => send(660 + n, 1));
  times(99, (n) => send(n, 2));
  const complaint = acceptedMessage({ source: 0 });
  times(2, () => counter.complained(complaint, 'u@outlook.com', 300 * SECOND));
  counter.trapped(complaint, 't@outlook.com', 61 * SECOND);
  counter.scored(
    {
      sources: new Map([
        [0, 79],
        [1, 100],
        [2, 19],
      ]),
      domains: new Map(),
    },
    1000 * SECOND,
  );
  times(120, (n) => send(1440 + n, 1));
  counter.scored({ sources: new Map([[1, 10]]), domains: new Map() }, 1600 * SECOND);
});

test('SNDS has a row an address and day, without a header, in the order of its columns', () => {
  assert.equal(
    sndsData(outlook),
    [
      '198.18.128.1,3/1/2026 12:00 AM,3/1/2026 4:09 AM,250,250,250,YELLOW,0.8%,3/1/2026 1:01 AM,3/1/2026 1:01 AM,1,mta-0.sender.test,b-1@news.sender.test,',
      '198.18.128.2,3/1/2026 11:00 AM,3/1/2026 12:39 PM,100,100,100,GREEN,< 0.1%,,,0,mta-1.sender.test,b-1@news.sender.test,',
      '198.18.128.2,3/2/2026 12:00 AM,3/2/2026 1:59 AM,120,120,120,RED,< 0.1%,,,0,mta-1.sender.test,b-1@news.sender.test,',
      '',
    ].join('\r\n'),
  );
  assert.equal(sndsData(outlook, '030226').split('\r\n').length, 2);
  assert.equal(sndsData(outlook, '030326'), '');
  assert.equal(latestDate(outlook), '030226');
  assert.equal(latestDate({ ...outlook, days: [] }), undefined);
});

test('SNDS lists who is blocked', () => {
  const why = 'Blocked due to user complaints or other evidence of spamming';
  assert.equal(
    sndsIpStatus(outlook),
    `198.18.128.2,198.18.128.2,Yes,${why}\r\n198.18.128.3,198.18.128.3,Yes,${why}\r\n`,
  );
  assert.equal(
    sndsIpStatus({ ...outlook, days: outlook.days.slice(0, 1) }),
    `198.18.128.3,198.18.128.3,Yes,${why}\r\n`,
  );
});

test('a HELO with a comma is quoted', () => {
  const [day] = outlook.days;
  const tally = day?.sources.get(1);
  assert.ok(day && tally);
  const days = [{ ...day, sources: new Map([[1, { ...tally, helo: 'a,"b' }]]) }];
  assert.match(sndsData({ ...outlook, days }), /,0,"a,""b",b-1@news/);
});
