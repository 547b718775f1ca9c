import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile, profileNames } from '../../../../fakes/isp/profile.ts';
import { type ResolveOptions, resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { limitLine, testIsp, testProfile } from './profiles-for-tests.ts';

const LIMITS = [
  limitLine('rate', { rate: '2/s', burst: 20 }),
  limitLine('real', { rate: '2/s@real', burst: 20 }),
  limitLine('hour', { kind: 'window', count: 600, per: '1h' }),
  limitLine('cap', { kind: 'concurrency', unit: 'connections', stage: 'connect', max: 5, reply: 'T1' }),
  limitLine('ration', { key: 'connection', kind: 'window', count: 9, stage: 'mail', reply: 'hangup' }),
  limitLine('domain', { key: 'sender-domain' }),
];

/** The rule of a limit in few words. */
function rule(options: Partial<ResolveOptions>, name: string, at = 0): string {
  const limit = testIsp(LIMITS, [], options).limits.find((l) => l.name === name);
  const found = limit?.segments[at]?.rule;
  switch (found?.kind) {
    case 'bucket':
      return `${found.rate}/s burst ${found.burst}`;
    case 'window':
      return `${found.count} in ${found.per === null ? 'a connection' : `${found.per / 1e6} s`}`;
    case 'concurrency':
      return `${found.max} at once`;
    case undefined:
      return 'none';
  }
}

for (const [name, scale, override, expected] of [
  ['rate', 1, undefined, '2/s burst 20'],
  ['rate', 60, undefined, '120/s burst 20'],
  ['real', 60, undefined, '2/s burst 20'],
  ['hour', 60, undefined, '600 in 60 s'],
  ['cap', 60, undefined, '5 at once'],
  ['ration', 60, undefined, '9 in a connection'],
  // A rate alone keeps the ten seconds that the bucket takes to fill.
  ['rate', 60, '30/m', '30/s burst 5'],
  ['rate', 60, '4/s', '240/s burst 40'],
  ['rate', 60, '1/h', '0.016666666666666666/s burst 1'],
  ['rate', 60, '0/s', '0/s burst 0'],
  ['rate', 60, '30/s@real', '30/s burst 5'],
  ['real', 60, '1/s@sim', '60/s burst 600'],
  ['rate', 60, { burst: 3 }, '120/s burst 3'],
  ['rate', 60, { rate: '1/s', burst: 3 }, '60/s burst 3'],
  ['hour', 60, '10/m', '600 in 60 s'],
  ['hour', 60, 100, '100 in 60 s'],
  ['hour', 60, { per: '30m' }, '600 in 30 s'],
  ['hour', 60, { count: 5, per: '10s@real' }, '5 in 10 s'],
  ['cap', 60, 2, '2 at once'],
  ['cap', 60, '2', '2 at once'],
  ['cap', 60, { max: 0 }, '0 at once'],
  ['ration', 60, 3, '3 in a connection'],
] as const) {
  test(`${name} at scale ${scale} with ${JSON.stringify(override) ?? 'no override'}: ${expected}`, () => {
    const limits = override === undefined ? {} : { [name]: override };
    assert.equal(rule({ scale, overrides: { limits } }, name), expected);
    if (override === undefined) return;
    // An incident means the same.
    assert.equal(rule({ scale, incidents: [{ start: 1e6, end: 2e6, limits }] }, name, 1), expected);
  });
}

test('incidents give a rule over time; of two at once the later one wins', () => {
  const incidents = [
    { start: 10, end: 30, limits: { rate: '1/s' } },
    { start: 20, end: 40, limits: { rate: '3/s' } },
    { start: 50, end: 60, sources: [7], limits: { rate: '0/s', ration: 1 } },
  ];
  const isp = testIsp(LIMITS, [], { incidents });
  const rates = (segments: readonly { from: number; rule: object }[]): unknown[] =>
    segments.map((s) => [s.from, 'rate' in s.rule ? s.rule.rate : undefined]);
  const limit = isp.limits[0];
  const all = [
    [0, 2],
    [10, 1],
    [20, 3],
    [30, 3],
    [40, 2],
  ];
  assert.deepEqual(rates(limit?.segments ?? []), all);
  assert.deepEqual(
    limit?.exceptions.map((s) => [s.of, rates(s.segments)]),
    [[7, [...all, [50, 0], [60, 2]]]],
  );
  assert.deepEqual(
    isp.limits[4]?.exceptions.map((s) => s.of),
    [7],
  );
  assert.deepEqual(isp.limits[1]?.exceptions, []);
});

for (const [name, options, expected] of [
  [
    'limit',
    { overrides: { limits: { rat: '1/s' } } },
    'limits.rat: unknown limit of Test "rat"; did you mean rate?',
  ],
  [
    'rate',
    { overrides: { limits: { rate: 'fast' } } },
    'limits.rate: found "fast"; expected a rate such as 20/m, a share such as 25%, or { rate, burst }',
  ],
  [
    'number for a rate',
    { overrides: { limits: { rate: 20 } } },
    'limits.rate: found 20; expected a rate such as 20/m, a share such as 25%, or { rate, burst }',
  ],
  [
    'rate for a cap',
    { overrides: { limits: { cap: '5/s' } } },
    'limits.cap: found "5/s"; expected a number of connections, a share such as 25%, or { max }',
  ],
  [
    'field of another kind',
    { overrides: { limits: { cap: { burst: 1 } } } },
    'limits.cap: found burst; expected a number of connections, a share such as 25%, or { max }',
  ],
  [
    'rate for a ration',
    { overrides: { limits: { ration: '5/s' } } },
    'limits.ration: found "5/s"; expected a count, a share such as 25%, or { count }',
  ],
  [
    'field',
    { overrides: { limits: { hour: { cuont: 1 } } } },
    'limits.hour: found {"cuont":1}; expected a count, a rate such as 5000/h, a share such as 25%, or { count, per }',
  ],
  [
    'null',
    { overrides: { limits: { rate: null } } },
    'limits.rate: found null; expected a rate such as 20/m, a share such as 25%, or { rate, burst }',
  ],
  [
    'incident',
    { incidents: [{ start: 0, end: 1, limits: { rats: '1/s' } }] },
    'incidents.0.limits.rats: unknown limit of Test "rats"; did you mean rate?',
  ],
  [
    'incident of a source',
    { incidents: [{ start: 0, end: 1, sources: [0], limits: { domain: '1/s' } }] },
    "incidents.0.limits.domain: this limit counts for each sender-domain; it can't change for one source alone",
  ],
  [
    'kind of mailbox',
    { overrides: { mailboxes: { unkown: '1%' } } },
    'mailboxes.unkown: unknown kind of mailbox at Test "unkown"; did you mean unknown?',
  ],
  [
    'share',
    { overrides: { mailboxes: { unknown: 'some' } } },
    'mailboxes.unknown: found "some"; expected a share such as 1% or 0.01',
  ],
  [
    'shares',
    { overrides: { mailboxes: { unknown: '70%', full: '40%' } } },
    'mailboxes: the shares add up to 110 %; expected at most 100 %',
  ],
] as const) {
  test(`an override that does not fit is refused: ${name}`, () => {
    const mailboxes = ['unknown: { share: 1%, reply: T5 }', 'full: { share: 0.5%, reply: T6 }'];
    assert.throws(
      () => resolveIsp(testProfile(LIMITS, mailboxes), { scale: 1, ...options }),
      (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'invalid-scenario');
        assert.equal(error.message, expected);
        return true;
      },
    );
  });
}

test('limits can be put out of reach, each of its kind', () => {
  const profile = loadProfile('gmail');
  const { limits } = resolveIsp(profile, { scale: 60, overrides: { limits: 'unlimited' } });
  assert.deepEqual(
    limits.map(({ segments }) => segments[0]?.rule.kind),
    Object.values(profile.limits).map(({ kind }) => kind),
  );
  for (const { name, segments } of limits) {
    const [rule] = segments.map((segment) => segment.rule);
    const room = rule?.kind === 'bucket' ? rule.burst : rule?.kind === 'window' ? rule.count : rule?.max;
    assert.equal(room, 1e9, name);
  }
});

test('all overrides that do not fit are told at once', () => {
  const limits = { rate: 'x', cap: 'y', z: 1 };
  assert.throws(
    () => testIsp(LIMITS, [], { overrides: { limits } }),
    (error: Error) => error.message.split('\n').length === 3,
  );
});

test('a resolved ISP is plain data, and goes by the name that the scenario gives it', () => {
  for (const name of profileNames()) {
    const isp = resolveIsp(loadProfile(name), {
      scale: 60,
      incidents: [{ start: 1, end: 2, sources: [0], limits: { 'ip-rate': '1/m' } }],
    });
    assert.deepEqual(structuredClone(isp), isp);
    assert.deepEqual(JSON.parse(JSON.stringify(isp)), isp);
  }
  const other = resolveIsp(loadProfile('gmail'), { id: 'workspace', scale: 1 });
  assert.equal(other.id, 'workspace');
  assert.notEqual(other.number, resolveIsp(loadProfile('gmail'), { scale: 1 }).number);
  assert.equal(other.replies[other.answers.dot]?.id, 'G-dot');
});

test('shares of mailboxes can be changed', () => {
  const mailboxes = ['unknown: { share: 1%, reply: T5 }', 'full: { share: 0.5%, reply: T6 }'];
  const isp = testIsp([], mailboxes, { overrides: { mailboxes: { unknown: '20%', full: 0 } } });
  assert.deepEqual(
    isp.mailboxes.map((m) => [m.name, m.share]),
    [
      ['unknown', 0.2],
      ['full', 0],
    ],
  );
});
