import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sustained } from '../../../../fakes/isp/allowance.ts';
import { type Observation, observe } from '../../../../fakes/isp/policy.ts';
import { scoreAt } from '../../../../fakes/isp/reputation.ts';
import type { ResolveOptions } from '../../../../fakes/isp/resolve.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const SECOND = 1e6;

/** Ten a second; below 50 a fifth of it, in words of its own; below 20 nothing. A point a second comes back. */
function judging(
  fields: Record<string, unknown> = {},
  key = 'source',
  options: Partial<ResolveOptions> = {},
  mailboxes: readonly string[] = [],
) {
  const reputation = {
    recover: '1/s',
    weights: { complaint: -10, trap: -40, unknown: -2, insistent: -1, spike: -60 },
    tiers: [
      { below: 20, factor: 0, reply: 'T10' },
      { below: 50, factor: 0.2, reply: 'T9' },
      { below: 80, factor: 0.5 },
    ],
    source: 'test',
    mark: 'assumed',
    ...fields,
  };
  const more = `reputation: ${JSON.stringify({ [key]: reputation })}\n`;
  return testIsp([limitLine('rate', { rate: '10/s', burst: 10, key })], mailboxes, options, more);
}

/** A client that is known, and what the ISP learns of it. */
function knownClient(isp: ReturnType<typeof judging>, key: 'source' | 'sender-domain' = 'source') {
  const client = at(isp);
  client.deliver(0);
  const learn = (kind: Observation['kind'], times: number, now: number): void => {
    for (let n = 0; n < times; n++)
      observe(
        client.state,
        key === 'source' ? { kind, source: 0 } : { kind, senderDomain: 'news.sender.test' },
        now,
      );
  };
  const rate = (now: number): number => sustained(client.state, 0, now);
  return { ...client, learn, rate };
}

test('complaints and traps lower the tier at once, time raises it on the microsecond', () => {
  const { learn, rate, state } = knownClient(judging());
  assert.equal(rate(SECOND), 10);
  learn('complaint', 2, 10 * SECOND);
  assert.equal(rate(10 * SECOND), 10, '80 is not below 80');
  learn('complaint', 1, 10 * SECOND);
  for (const [now, expected] of [
    [10 * SECOND, 5],
    [20 * SECOND - 1, 5],
    [20 * SECOND, 10],
  ] as const)
    assert.equal(rate(now), expected, `at ${now}`);
  learn('trap', 2, 20 * SECOND);
  // 0, and then a point a second.
  for (const [now, expected] of [
    [20 * SECOND, 0],
    [40 * SECOND - 1, 0],
    [40 * SECOND, 2],
    [70 * SECOND - 1, 2],
    [70 * SECOND, 5],
    [100 * SECOND, 10],
  ] as const)
    assert.equal(rate(now), expected, `at ${now}`);
  assert.equal(sustained(state, 0, 20 * SECOND, 'unpunished'), 10);
});

test('a complaint that is taken back gives back what it took, and no more', () => {
  // Ten points a complaint, a point a second. [what, how often, at which second], and the number after it.
  const rows: [string, [Observation['kind'], number, number][], number[]][] = [
    [
      'whatever happened meanwhile',
      [
        ['complaint', 3, 0],
        ['trap', 1, 5],
        ['withdrawal', 3, 10],
      ],
      // 100 - 30; + 5 - 40; + 5 + 30.
      [70, 35, 70],
    ],
    [
      'never above the best',
      [
        ['complaint', 1, 0],
        ['withdrawal', 1, 20],
      ],
      [90, 100],
    ],
    [
      'what there was not to take is not given back',
      [
        ['complaint', 11, 0],
        ['withdrawal', 11, 0],
      ],
      [0, 100],
    ],
    [
      'the next complaint is given back whole',
      [
        ['complaint', 11, 0],
        ['withdrawal', 1, 0],
        ['withdrawal', 1, 0],
      ],
      [0, 0, 10],
    ],
  ];
  for (const [name, deeds, expected] of rows) {
    const { learn, state } = knownClient(judging());
    const rule = state.isp.reputation[0];
    const numbers = deeds.map(([what, times, second]) => {
      learn(what, times, second * SECOND);
      const standing = state.standings.source.known.get('c0');
      assert.ok(rule && standing);
      return Math.round(scoreAt(rule, standing.reputation, second * SECOND));
    });
    assert.deepEqual(numbers, expected, name);
  }
});

test('a tier speaks in its own words where a limit is met, and at factor 0 to everything', () => {
  const { learn, deliver } = knownClient(judging());
  learn('trap', 3, SECOND);
  assert.equal(deliver(SECOND), 'T10');
  const second = knownClient(judging());
  second.learn('complaint', 6, SECOND);
  // A burst of two is left.
  assert.deepEqual(
    [1, 2, 3].map(() => second.deliver(SECOND)),
    ['T-dot', 'T-dot', 'T9'],
  );
});

test('mail to mailboxes that do not exist costs reputation, accepted mail earns it', () => {
  const fields = { weights: { unknown: -30, accepted: 5 }, recover: '0/s' };
  const isp = judging(fields, 'source', {}, ['unknown: { share: 50%, reply: T5 }']);
  const client = at(isp);
  const standing = () => client.state.standings.source.known.get('c0');
  const rule = isp.reputation[0];
  assert.ok(rule);
  let expected = 100;
  for (let now = 0; now < 5; now++) {
    const heard = client.deliver(now * SECOND);
    expected = Math.min(100, expected + (heard === 'T5' ? -30 : heard === 'T-dot' ? 5 : 0));
    assert.equal(scoreAt(rule, standing()?.reputation ?? assert.fail(), now * SECOND), expected);
  }
  assert.ok(expected < 100);
});

test('sudden volume is held against a sender once a window, if its volume before is known', () => {
  const spike = { times: 2, per: '100s', least: 5 };
  const client = at(judging({ spike, recover: '0/s' }));
  const sendMany = (count: number, now: number): string[] => {
    for (let n = 0; n < count; n++) client.deliver(now);
    return [sustained(client.state, 0, now).toString()];
  };
  assert.deepEqual(sendMany(8, 0), ['10'], 'nobody knows what it sent before');
  assert.deepEqual(sendMany(8, 100 * SECOND), ['10'], 'as much as before');
  assert.deepEqual(sendMany(8, 150 * SECOND), ['10'], 'twice as much');
  assert.deepEqual(sendMany(1, 160 * SECOND), ['2'], 'more');
  assert.deepEqual(sendMany(2, 161 * SECOND), ['2'], 'once a window');
});

test('attempts made while a penalty lasts cost reputation', () => {
  const penalty = {
    on: ['rate'],
    after: 1,
    per: '1m',
    forget: '1m',
    levels: [[{ for: '10s', reply: 'T9' }]],
    source: 'test',
    mark: 'assumed',
  };
  const reputation = {
    recover: '1/m',
    weights: { insistent: -1 },
    tiers: [{ below: 98, factor: 0.5 }],
    source: 'test',
    mark: 'assumed',
  };
  const more = `penalties: ${JSON.stringify({ source: penalty })}\nreputation: ${JSON.stringify({ source: reputation })}\n`;
  const client = at(testIsp([limitLine('rate', { rate: '1/s', burst: 1 })], [], {}, more));
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => client.deliver(0)),
    ['T-dot', 'T4', 'T9', 'T9', 'T9'],
  );
  assert.equal(sustained(client.state, 0, 10 * SECOND), 0.5);
});

test('a domain has a reputation of its own', () => {
  const { learn, deliver } = knownClient(judging({}, 'sender-domain'), 'sender-domain');
  learn('trap', 3, SECOND);
  assert.deepEqual(
    [deliver(SECOND), deliver(SECOND, 1), deliver(SECOND, 0, 'other.test')],
    ['T10', 'T10', 'T-dot'],
  );
});

test('a scenario can leave reputation out', () => {
  const { learn, deliver } = knownClient(judging({}, 'source', { overrides: { reputation: 'off' } }));
  learn('trap', 9, SECOND);
  assert.equal(deliver(SECOND), 'T-dot');
});

test('what an ISP knows of keys that behave is forgotten when it piles up', () => {
  const client = at(judging({}, 'sender-domain'));
  const { connection } = client.connect();
  for (let n = 0; n < 40_000; n++) client.send(connection, n * SECOND, 'u@isp.test', `d${n}.test`);
  assert.ok(client.state.standings['sender-domain'].known.size <= 16_384);
});
