import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe } from '../../../../fakes/isp/policy.ts';
import { esteemOf, scoresOf } from '../../../../fakes/isp/scores.ts';
import { at } from './policy-client.ts';
import { testIsp } from './profiles-for-tests.ts';

const SECOND = 1e6;
const RULE = {
  recover: '1/s',
  weights: { complaint: -10.005 },
  tiers: [{ below: 50, factor: 0.5 }],
  source: 'test',
  mark: 'assumed',
};

test('scores are of sources that have connected and of domains that are known, and looking changes nothing', () => {
  const rules = { source: RULE, 'sender-domain': RULE, 'dkim-domain': { ...RULE, recover: '2/s' } };
  const client = at(testIsp([], [], {}, `reputation: ${JSON.stringify(rules)}\n`));
  for (const source of [0, 3]) {
    const { connection } = client.connect(source);
    client.close(connection);
  }
  const about = { kind: 'complaint', source: 3, senderDomain: 'a.test', dkimDomain: 'a.test' } as const;
  observe(client.state, about, 10 * SECOND);
  observe(client.state, { ...about, source: 9, dkimDomain: 'b.test' }, 10 * SECOND);
  for (const [now, sources, domains] of [
    // Of a domain's two numbers the worse one; nothing is known of source 9.
    [
      10,
      [
        [0, 100],
        [3, 90],
      ],
      [
        ['a.test', 79.99],
        ['b.test', 90],
      ],
    ],
    [
      13,
      [
        [0, 100],
        [3, 93],
      ],
      [
        ['a.test', 82.99],
        ['b.test', 96],
      ],
    ],
    [
      40,
      [
        [0, 100],
        [3, 100],
      ],
      [
        ['a.test', 100],
        ['b.test', 100],
      ],
    ],
    [
      10,
      [
        [0, 100],
        [3, 90],
      ],
      [
        ['a.test', 79.99],
        ['b.test', 90],
      ],
    ],
  ] as const) {
    const scores = scoresOf(client.state, now * SECOND);
    assert.deepEqual([...scores.sources], sources, `sources at ${now}`);
    assert.deepEqual([...scores.domains], domains, `domains at ${now}`);
  }
});

test('an ISP that keeps no number has no scores', () => {
  const client = at(testIsp([]));
  client.connect();
  const { sources, domains } = scoresOf(client.state, 0);
  assert.deepEqual([sources.size, domains.size], [0, 0]);
});

test('a number in words goes by the tiers', () => {
  const tiers = (factors: readonly number[]) =>
    factors.map((factor, i) => ({ below: 20 * (i + 1), factor, reply: null }));
  for (const [factors, expected] of [
    [
      [0, 0.1, 0.5],
      ['bad', 'poor', 'fair', 'good'],
    ],
    [
      [0.2, 0.5],
      ['poor', 'fair', 'good', 'good'],
    ],
    [[0], ['bad', 'good', 'good', 'good']],
    [[0.5], ['fair', 'good', 'good', 'good']],
    [[], ['good', 'good', 'good', 'good']],
  ] as const)
    assert.deepEqual(
      [10, 20, 59.99, 60].map((score) => esteemOf({ tiers: tiers(factors) }, score)),
      expected,
    );
});
