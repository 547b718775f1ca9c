import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowance, sustained } from '../../../../fakes/isp/allowance.ts';
import type { ResolveOptions } from '../../../../fakes/isp/resolve.ts';
import { at } from './policy-client.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const SECOND = 1e6;

/** One a second; three refusals in a minute are punished. */
function punishing(
  fields: Record<string, unknown> = {},
  key = 'source',
  options: Partial<ResolveOptions> = {},
) {
  const penalty = {
    on: ['rate'],
    after: 3,
    per: '60s',
    forget: '100s',
    levels: [[{ for: '10s', reply: 'T9' }], [{ for: '20s', reply: 'T10' }], [{ for: '40s', reply: 'T11' }]],
    source: 'test',
    mark: 'assumed',
    ...fields,
  };
  const limits = [
    limitLine('rate', { rate: '1/s', burst: 1, key }),
    limitLine('cap', { kind: 'concurrency', unit: 'connections', max: 20, stage: 'connect', reply: 'T1' }),
  ];
  return testIsp(limits, [], options, `penalties: ${JSON.stringify({ [key]: penalty })}\n`);
}

/** Goes over the limit until it is punished: four messages at once. */
function provoke(client: ReturnType<typeof at>, now: number, source = 0): string[] {
  return [1, 2, 3, 4].map(() => client.deliver(now, source));
}

test('a penalty begins after the violation that fills the measure, and ends on its microsecond', () => {
  const client = at(punishing());
  // The third refusal is still in the limit's words.
  assert.deepEqual(provoke(client, 5 * SECOND), ['T-dot', 'T4', 'T4', 'T4']);
  for (const [now, heard] of [
    [5 * SECOND, 'T9'],
    [15 * SECOND - 1, 'T9'],
    [15 * SECOND, 'T-dot'],
  ] as const)
    assert.equal(client.deliver(now), heard, `at ${now}`);
});

test('violations count from the first one on, for as long as the profile says', () => {
  const client = at(punishing());
  // Two at 0 s; 60 s later they are forgotten, and two more are not three.
  for (const now of [0, 0, 0, 60 * SECOND, 60 * SECOND, 60 * SECOND]) client.deliver(now);
  assert.equal(client.deliver(60 * SECOND), 'T4');
  assert.equal(client.deliver(60 * SECOND), 'T9');
  const patient = at(punishing());
  for (const now of [0, 0, 0, 60 * SECOND - 1]) patient.deliver(now);
  assert.deepEqual([patient.deliver(60 * SECOND - 1), patient.deliver(60 * SECOND - 1)], ['T4', 'T9']);
});

test('penalties that follow soon are of higher levels, the last one repeats, and time forgets', () => {
  const client = at(punishing());
  const punishedAt = (now: number): string => {
    provoke(client, now);
    return client.deliver(now);
  };
  assert.equal(punishedAt(0), 'T9');
  // Ended at 10 s; soon is less than 100 s later.
  assert.equal(punishedAt(110 * SECOND - 1), 'T10');
  assert.equal(client.deliver(130 * SECOND - 2), 'T10');
  assert.equal(punishedAt(200 * SECOND), 'T11');
  assert.equal(punishedAt(300 * SECOND), 'T11', 'ended at 240 s');
  // Ended at 340 s.
  assert.equal(punishedAt(440 * SECOND), 'T9');
});

test('attempts prolong a penalty if the profile says so', () => {
  for (const [prolong, ends] of [
    [false, 10 * SECOND],
    [true, 19 * SECOND],
  ] as const) {
    const client = at(punishing({ prolong }));
    provoke(client, 0);
    assert.equal(client.deliver(9 * SECOND), 'T9');
    assert.deepEqual(
      [client.deliver(ends - 1), client.deliver(ends + (prolong ? 10 * SECOND : 0))],
      ['T9', 'T-dot'],
    );
  }
});

test('a step may let some mail past: fewer connections, then one more, and less mail', () => {
  const levels = [
    [
      { for: '10s', reply: 'T9' },
      { for: '10s', limits: { cap: 1, rate: '50%' } },
      { for: '10s', limits: { cap: 2 } },
    ],
  ];
  const client = at(punishing({ levels }));
  provoke(client, 0);
  const opened = (now: number): string => {
    const all = [client.connect(0, now), client.connect(0, now), client.connect(0, now)];
    for (const { connection } of all) client.close(connection, now);
    return all.map(({ heard }) => heard).join(' ');
  };
  assert.equal(
    opened(5 * SECOND),
    'T-greeting T-greeting T-greeting',
    'what is refused is refused after the dot',
  );
  assert.equal(opened(10 * SECOND), 'T-greeting T1 T1');
  assert.equal(sustained(client.state, 0, 10 * SECOND), 0.5);
  assert.equal(opened(20 * SECOND - 1), 'T-greeting T1 T1');
  assert.equal(opened(20 * SECOND), 'T-greeting T-greeting T1');
  assert.equal(sustained(client.state, 0, 20 * SECOND), 1);
  assert.equal(opened(30 * SECOND), 'T-greeting T-greeting T-greeting');
});

test('whoever goes on in a step that lets mail past earns the next level', () => {
  const levels = [[{ for: '10s', limits: { rate: '10%' } }], [{ for: '20s', reply: 'T10' }]];
  const client = at(punishing({ levels }));
  provoke(client, 0);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => client.deliver(SECOND)),
    ['T4', 'T4', 'T4', 'T10'],
  );
});

test('only the one that earned it is punished', () => {
  for (const [key, other, heard] of [
    ['source', { source: 1 }, 'T-dot'],
    ['sender-domain', { source: 1 }, 'T9'],
    ['sender-domain', { source: 0, domain: 'other.test' }, 'T-dot'],
  ] as const) {
    const client = at(punishing({}, key));
    provoke(client, 0);
    const { source, domain } = { domain: 'news.sender.test', ...other };
    assert.equal(client.deliver(SECOND, source, domain), heard, `${key} ${JSON.stringify(other)}`);
  }
  // Sources 0 and 1 in one network.
  const client = at(punishing({ levels: [[{ for: '10s', reply: 'T9' }]] }, 'netblock'));
  const first = client.connect(0, 0, 7).connection;
  for (let n = 0; n < 4; n++) client.send(first, 0);
  const second = client.connect(1, 0, 7).connection;
  assert.equal(client.send(second, 0), 'T9');
});

test('a penalty at MAIL or at connect speaks there', () => {
  const client = at(punishing({ levels: [[{ for: '10s', reply: 'T11' }]] }));
  provoke(client, 0);
  const { connection, heard } = client.connect(0, SECOND);
  assert.deepEqual([heard, client.mail(connection, SECOND)], ['T-greeting', 'T11']);
  const early = at(punishing({ levels: [[{ for: '10s', reply: 'T1' }]] }));
  provoke(early, 0);
  assert.equal(early.connect(0, SECOND).heard, 'T1');
});

test('simulated time is scaled', () => {
  const client = at(punishing({}, 'source', { scale: 10, overrides: { limits: { rate: '1/s@real' } } }));
  provoke(client, 0);
  assert.deepEqual([client.deliver(SECOND - 1), client.deliver(SECOND)], ['T9', 'T-dot']);
});

test('a scenario can leave penalties out', () => {
  const client = at(punishing({}, 'source', { overrides: { penalties: 'off' } }));
  provoke(client, 0);
  assert.equal(client.deliver(SECOND), 'T-dot');
});

test('A is below A0 for exactly as long as a penalty lasts, and looking changes nothing', () => {
  const look = (often: boolean): unknown[] => {
    const client = at(punishing({ prolong: true }));
    const { state } = client;
    const lines = (now: number): number[] => [
      sustained(state, 0, now),
      sustained(state, 0, now, 'unpunished'),
      allowance(state, [0], now),
      allowance(state, [0], now, 'unpunished'),
    ];
    const seen: unknown[] = [];
    const see = (now: number): void => void (often && seen.push(...lines(now)));
    see(0);
    provoke(client, 5 * SECOND);
    for (let now = 5 * SECOND; now < 40 * SECOND; now += SECOND / 4) {
      see(now);
      if (now === 12 * SECOND) seen.push(client.deliver(now));
    }
    seen.push(client.deliver(30 * SECOND));
    return often ? [lines(5 * SECOND)] : seen;
  };
  assert.deepEqual(look(false), ['T9', 'T-dot']);

  const client = at(punishing());
  provoke(client, 5 * SECOND);
  for (const [now, allowed] of [
    [5 * SECOND, 0],
    [15 * SECOND - 1, 0],
    [15 * SECOND, 1],
  ] as const) {
    assert.equal(sustained(client.state, 0, now), allowed);
    assert.equal(allowance(client.state, [0, 1], now), allowed + 1);
    assert.equal(sustained(client.state, 0, now, 'unpunished'), 1);
    assert.equal(allowance(client.state, [0, 1], now, 'unpunished'), 2);
  }
});
