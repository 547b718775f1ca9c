import assert from 'node:assert/strict';
import { test } from 'node:test';
import { feedbackIdsIn } from '../../../../fakes/feedback/feedback-id.ts';
import { type DayStatistics, MOST_IDS, mergeDays } from '../../../../fakes/feedback/statistics.ts';
import { StatisticsCounter } from '../../../../fakes/feedback/statistics-counter.ts';
import { acceptedMessage, deafObserver } from '../../../support/accepted-mail.ts';

const SECOND = 1e6;
const DAY = 60 * SECOND;
const DOMAIN = 'news.sender.test';

test('a Feedback-ID is read from the right, and means nothing without a sender of 5 to 15 characters', () => {
  for (const [value, expected] of [
    ['spring:customer-7:news:windtunnel', ['spring', 'customer-7', 'news', 'windtunnel']],
    ['windtunnel', ['windtunnel']],
    ['::news:windtunnel', ['news', 'windtunnel']],
    ['too:many:a:b:c:windtunnel', ['a', 'b', 'c', 'windtunnel']],
    ['news:news:windtunnel', ['news', 'windtunnel']],
    [' spring : windtunnel ', ['spring', 'windtunnel']],
    ['a:b:c:four', []],
    ['a:b:c:sixteen-letters-', []],
    ['a:b:c:12345', ['a', 'b', 'c', '12345']],
    ['a:b:c:fifteen-letters', ['a', 'b', 'c', 'fifteen-letters']],
    ['a:b:c:', []],
    ['', []],
    [`${'x'.repeat(200)}:windtunnel`, ['x'.repeat(64), 'windtunnel']],
  ] as const)
    assert.deepEqual(feedbackIdsIn(value), expected, value);
});

/** What an ISP with this data has counted, by day. */
function counted(
  data: 'postmaster-tools' | 'snds' | 'none',
  live: (counter: StatisticsCounter) => void,
): DayStatistics[] {
  const counter = new StatisticsCounter({ day: DAY, data });
  live(counter);
  return counter.changes().sort((a, b) => a.day - b.day);
}

/** Recipients and complaints, by domain and by identifier. */
function rates({ domains, ids }: DayStatistics): Record<string, [number, number]> {
  const all = [...domains, ...[...ids.values()].map((one) => [one.id, one] as const)];
  return Object.fromEntries(
    all.map(([name, { recipients, complaints }]) => [name, [recipients, complaints]]),
  );
}

test('messages count for their author and their signer, on their day', () => {
  const days = counted('none', (counter) => {
    counter.accepted(acceptedMessage({ recipients: ['u1@isp.test', 'u2@isp.test'] }));
    counter.accepted(acceptedMessage({ dkimDomain: 'esp.test', tls: false }));
    counter.accepted(acceptedMessage({ dkimDomain: undefined, fromDomain: undefined }));
    counter.accepted(acceptedMessage({ at: DAY, passed: { spf: true, dkim: true, dmarc: false } }));
    counter.accepted(acceptedMessage({ at: 2 * DAY - 1, passed: { spf: false, dkim: false, dmarc: false } }));
  });
  const seen = days.map(({ day, domains, sources }) => ({
    day,
    domains: Object.fromEntries(
      [...domains].map(([name, { messages, accepted, tls, checked, spf, dkim, dmarc }]) => [
        name,
        [messages, accepted, tls, checked, spf, dkim, dmarc],
      ]),
    ),
    accepted: sources.get(0)?.accepted,
  }));
  assert.deepEqual(seen, [
    { day: 0, domains: { [DOMAIN]: [2, 3, 1, 0, 0, 0, 0], 'esp.test': [1, 1, 0, 0, 0, 0, 0] }, accepted: 4 },
    { day: 1, domains: { [DOMAIN]: [2, 2, 2, 2, 1, 1, 0] }, accepted: 2 },
  ]);
});

test('Gmail knows rates of signed mail alone, identifiers need a signature everywhere', () => {
  const live = (counter: StatisticsCounter): void => {
    const unsigned = acceptedMessage({ dkimDomain: undefined });
    const broken = acceptedMessage({ passed: { spf: true, dkim: false, dmarc: true } });
    for (const message of [acceptedMessage(), unsigned, broken]) {
      counter.accepted(message);
      counter.complained(message, 'u1@gmail.com', SECOND);
    }
  };
  const ids = { spring: [1, 1], 'customer-7': [1, 1], news: [1, 1], windtunnel: [1, 1] };
  assert.deepEqual(counted('postmaster-tools', live).map(rates), [{ [DOMAIN]: [1, 1], ...ids }]);
  assert.deepEqual(counted('snds', live).map(rates), [{ [DOMAIN]: [3, 3], ...ids }]);
});

test('complaints count when they are made, and are taken back where they were counted', () => {
  const message = acceptedMessage({ header: 'Feedback-ID: windtunnel\r\n' });
  const live =
    (withdrawals: readonly number[]) =>
    (counter: StatisticsCounter): void => {
      counter.accepted(message);
      counter.complained(message, 'u1@gmail.com', DAY + SECOND);
      counter.complained(message, 'u2@gmail.com', DAY + 5 * SECOND);
      for (const at of withdrawals) counter.withdrew(message, 'u1@gmail.com', at);
    };
  for (const [withdrawals, left, course] of [
    [[], 2, [0, 1, 0, 0, 0, 1]],
    [[DAY + 3 * SECOND], 1, [0, 1, 0, -1, 0, 1]],
    [[DAY + 3 * SECOND, 2 * DAY], 0, [0, 1, 0, -1, 0, 1, ...Array<number>(53).fill(0), -1]],
    // There is nothing left to be taken back.
    [[2 * DAY, 2 * DAY, 2 * DAY], 0, [0, 1, 0, 0, 0, 1, ...Array<number>(53).fill(0), -2]],
    // Nor was there anything yet.
    [[SECOND], 2, [0, 1, 0, 0, 0, 1]],
  ] as const) {
    const days = counted('postmaster-tools', live(withdrawals));
    assert.deepEqual(
      days.map((day) => day.domains.get(DOMAIN)?.complaints ?? 0).slice(0, 2),
      [0, left],
      String(withdrawals),
    );
    assert.equal(days[1]?.ids.get(`${DOMAIN} windtunnel`)?.complaints, left);
    assert.equal(days[1]?.sources.get(0)?.complaints, left);
    assert.deepEqual(days[1]?.domains.get(DOMAIN)?.course.complaints, course, String(withdrawals));
  }
});

test('commands, recipients of whole messages and refusals are counted from the sessions', () => {
  const passedOn: string[] = [];
  const [day] = counted('snds', (counter) => {
    const observer = counter.watching({
      ...deafObserver,
      attempt: ({ stage }) => passedOn.push(`attempt ${stage}`),
      transaction: ({ outcome }) => passedOn.push(outcome),
    });
    const about = { source: 3, connection: 1, sender: `b@${DOMAIN.toUpperCase()}` };
    const end = (
      at: number,
      stage: 'mail' | 'rcpt' | 'dot',
      outcome: 'accepted' | 'throttled' | 'rejected' | 'abandoned',
      recipients: number,
      reply: number | undefined,
    ): void => observer.transaction({ ...about, at, stage, outcome, recipients, bytes: 1, reply });
    for (const outcome of ['accepted', 'rejected'] as const)
      observer.attempt({
        ...about,
        ...{ at: 2 * SECOND, recipient: 'u1@isp.test', headerMessage: undefined, outcome, reply: 1 },
        stage: outcome === 'accepted' ? 'dot' : 'rcpt',
      });
    end(2 * SECOND, 'dot', 'accepted', 2, 1);
    end(3 * SECOND, 'mail', 'throttled', 0, 7);
    end(5 * SECOND, 'rcpt', 'rejected', 1, 8);
    end(4 * SECOND, 'dot', 'throttled', 1, 7);
    end(4 * SECOND, 'dot', 'abandoned', 1, undefined);
    observer.transaction({
      ...about,
      sender: '',
      at: 0,
      stage: 'dot',
      outcome: 'rejected',
      recipients: 0,
      bytes: 1,
      reply: 9,
    });
  });
  assert.deepEqual(passedOn, [
    ...[
      'attempt dot',
      'attempt rcpt',
      'accepted',
      'throttled',
      'rejected',
      'throttled',
      'abandoned',
      'rejected',
    ],
  ]);
  const { first, last, rcptCommands, dataCommands, messageRecipients } = day?.sources.get(3) ?? {};
  assert.deepEqual(
    { first, last, rcptCommands, dataCommands, messageRecipients },
    { first: 0, last: 5 * SECOND, rcptCommands: 5, dataCommands: 4, messageRecipients: 1 },
  );
  const { tried, errors } = day?.domains.get(DOMAIN) ?? {};
  assert.deepEqual(
    [tried, [...(errors ?? [])]],
    [
      4,
      [
        [7, 2],
        [8, 1],
      ],
    ],
  );
});

test('traps have their moments, and scores go to those who sent on the day', () => {
  const [day] = counted('snds', (counter) => {
    const message = acceptedMessage({ source: 2 });
    counter.scored({ sources: new Map([[2, 90]]), domains: new Map() }, 0);
    counter.accepted(message);
    for (const at of [7, 3, 9]) counter.trapped(message, 'trap@isp.test', at * SECOND);
    counter.scored(
      {
        sources: new Map([
          [2, 88.5],
          [5, 1],
        ]),
        domains: new Map([[DOMAIN, 70]]),
      },
      10 * SECOND,
    );
  });
  const { traps, firstTrap, lastTrap, score } = day?.sources.get(2) ?? {};
  assert.deepEqual(
    { traps, firstTrap, lastTrap, score },
    { traps: 3, firstTrap: 3 * SECOND, lastTrap: 9 * SECOND, score: 88.5 },
  );
  assert.deepEqual([day?.domains.get(DOMAIN)?.traps, day?.domains.get(DOMAIN)?.score], [3, 70]);
  assert.deepEqual([...(day?.sources.keys() ?? [])], [2]);
});

test('what changed is told once', () => {
  const counter = new StatisticsCounter({ day: DAY, data: 'none' });
  counter.accepted(acceptedMessage());
  assert.deepEqual(
    counter.changes().map(({ day }) => day),
    [0],
  );
  assert.deepEqual(counter.changes(), []);
  counter.accepted(acceptedMessage({ at: DAY }));
  counter.complained(acceptedMessage(), 'u1@gmail.com', 5);
  assert.deepEqual(
    counter
      .changes()
      .map(({ day }) => day)
      .sort(),
    [0, 1],
  );
});

test('workers of one ISP add up to what one would have counted, whatever the length of their slots', () => {
  const early = acceptedMessage({ source: 1, at: SECOND });
  const late = acceptedMessage({ source: 2, at: 0.9 * 400 * SECOND, dkimDomain: 'esp.test' });
  const counter = () => new StatisticsCounter({ day: 400 * SECOND, data: 'none' });
  const [one, two, both] = [counter(), counter(), counter()];
  for (const [message, part] of [
    [early, one],
    [late, two],
  ] as const) {
    for (const each of [part, both]) {
      each.accepted(message);
      each.accepted(message);
      each.complained(message, 'u1@gmail.com', message.at + 2 * SECOND);
      each.trapped(message, 'u2@gmail.com', message.at);
      each.scored({ sources: new Map([[message.source, message.source]]), domains: new Map() }, message.at);
    }
  }
  const parts = [...one.changes(), ...two.changes()];
  assert.deepEqual(
    parts.map(({ slot }) => slot),
    [SECOND, 2 * SECOND],
  );
  assert.deepEqual(mergeDays(structuredClone(parts)), both.changes()[0]);
});

test('a sender that makes identifiers up fills no memory', () => {
  const [day] = counted('none', (counter) => {
    for (let n = 0; n < MOST_IDS + 10; n++)
      counter.accepted(acceptedMessage({ header: `Feedback-ID: campaign-${n}:windtunnel\r\n` }));
  });
  assert.equal(day?.ids.size, MOST_IDS);
  assert.equal(day?.ids.get(`${DOMAIN} windtunnel`)?.recipients, MOST_IDS + 10);
  // The sender's own identifier has one place.
  assert.equal(day?.beyond, 11);
  assert.equal(day?.domains.get(DOMAIN)?.recipients, MOST_IDS + 10);
});
