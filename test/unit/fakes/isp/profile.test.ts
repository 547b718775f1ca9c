import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile, profileNames } from '../../../../fakes/isp/profile.ts';
import { limitOverride } from '../../../../fakes/isp/profile-schema.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { inFolder, limitLine, profileText, REPLIES } from './profiles-for-tests.ts';

test('the ISPs that come with the harness are valid, and their facts are marked', () => {
  for (const name of profileNames()) {
    const profile = loadProfile(name);
    assert.equal(profile.id, name);
    for (const [limit, { source, mark }] of Object.entries(profile.limits))
      assert.ok(source && mark, `${name} ${limit}`);
    assert.ok('ip-rate' in profile.limits && 'connections' in profile.limits);
    assert.deepEqual(Object.keys(profile.mailboxes), ['unknown', 'full', 'disabled']);
    assert.doesNotThrow(() => resolveIsp(profile, { scale: 60 }));
  }
});

test('where each ISP speaks', () => {
  const said = profileNames().flatMap((name) =>
    Object.entries(loadProfile(name).limits).map(([limit, l]) => `${name} ${limit}: ${l.stage} ${l.reply}`),
  );
  assert.deepEqual(said, [
    'gmail ip-rate: dot G2',
    'gmail domain-rate: dot G4',
    'gmail dkim-rate: dot G5',
    'gmail netblock-rate: dot G3',
    'gmail connections: connect G35',
    'gmail mailbox-minute: rcpt G20',
    'gmail recipients-per-message: rcpt G44',
    'outlook ip-rate: rcpt O6',
    'outlook ip-hour: mail O1',
    'outlook connections: mail O3',
    'outlook recipients-per-message: rcpt O10',
    'yahoo ip-rate: mail Y1',
    'yahoo connections: connect Y31',
    'yahoo messages-per-connection: mail hangup',
    'yahoo mailbox-minute: rcpt Y33',
  ]);
});

test('a profile that does not exist', () => {
  assert.throws(() => loadProfile('gmial'), /^HarnessError: unknown ISP "gmial"; did you mean gmail\?$/);
  assert.throws(() => loadProfile('/nowhere/profile.yaml'), /can't read \/nowhere\/profile.yaml/);
});

const limits = [limitLine('ip-rate')];
const mailboxes = ['unknown: { share: 1%, reply: T5 }'];
const valid = profileText(limits, mailboxes);

for (const [name, from, to, expected] of [
  [
    'rate',
    'rate: 1/s',
    'rate: fast',
    '10:14: limits.ip-rate.rate: found "fast"; expected a rate such as 20/s, 600/m or 5000/d',
  ],
  [
    'kind',
    'kind: bucket',
    'kind: bukket',
    '10:68: limits.ip-rate.kind: found "bukket"; expected one of bucket, window, concurrency',
  ],
  [
    'field of another kind',
    'burst: 1',
    'max: 1',
    '10:25: limits.ip-rate.max: unknown key "max"; did you mean mark?',
  ],
  ['reply', 'reply: T4', 'reply: T44', '10:94: limits.ip-rate.reply: unknown reply "T44"; did you mean T4?'],
  [
    'reply of another stage',
    'reply: T4',
    'reply: T3',
    '10:94: limits.ip-rate.reply: T3 is a reply at rcpt; expected one at dot',
  ],
  [
    'reply that accepts',
    'reply: T4',
    'reply: T-dot',
    '10:94: limits.ip-rate.reply: T-dot is accepted; expected throttled or deferred or rejected',
  ],
  [
    'success reply that refuses',
    'dot: T-dot',
    'dot: T4',
    '8:105: session.answers.dot: T4 is throttled; expected accepted',
  ],
  [
    'unit at a stage',
    'unit: transactions',
    'unit: connections',
    "10:81: limits.ip-rate.stage: connections can't be counted at dot; expected connect or mail",
  ],
  [
    'key at a stage',
    'key: source',
    'key: mailbox',
    '10:35: limits.ip-rate.key: a mailbox is not known at dot; expected stage rcpt',
  ],
  [
    'share',
    'share: 1%',
    'share: 200%',
    '12:14: mailboxes.unknown.share: found "200%"; expected a share such as 1% or 0.01',
  ],
  [
    'reply of a mailbox',
    'reply: T5',
    'reply: T2',
    '12:25: mailboxes.unknown.reply: T2 is throttled; expected deferred or rejected',
  ],
  ['domain', 'isp.test]', 'isp_test]', '4:11: domains.0: found "isp_test"; expected a domain'],
  ['key', 'mailboxes:', 'mailbox:', '11:1: mailbox: unknown key "mailbox"; did you mean mailboxes?'],
] as const) {
  test(`a wrong profile is refused with its place: ${name}`, () => {
    assert.ok(valid.includes(from));
    inFolder(valid.replace(from, to), REPLIES, (file) => {
      assert.throws(
        () => loadProfile(file),
        (error: Error & { kind?: string }) => {
          assert.equal(error.kind, 'invalid-scenario');
          assert.ok(error.message.split('\n').includes(`${file}:${expected}`), error.message);
          return true;
        },
      );
    });
  });
}

test('limits whose parts do not go together', () => {
  const cases: [Record<string, string | number>, string][] = [
    [
      { kind: 'window', count: 5, reply: 'T4' },
      'a window without "per" is the ration of a connection or a transaction; expected such a key',
    ],
    [
      { kind: 'concurrency', max: 5 },
      'limits.odd.unit: found transactions; expected connections, since nothing else is held at once',
    ],
    [
      { key: 'sender-domain', unit: 'connections', stage: 'connect', reply: 'T1' },
      'the sender is not known at connect; expected a later stage',
    ],
  ];
  for (const [fields, expected] of cases) {
    inFolder(profileText([limitLine('odd', fields)]), REPLIES, (file) => {
      assert.throws(
        () => loadProfile(file),
        (error: Error) => error.message.includes(expected),
      );
    });
  }
  const tooMany = profileText([], ['a: { share: 60%, reply: T5 }', 'b: { share: 60%, reply: T6 }']);
  inFolder(tooMany, REPLIES, (file) => assert.throws(() => loadProfile(file), /the shares add up to 120 %/));
});

test('the part of the schema that scenarios embed', () => {
  for (const [value, ok] of [
    ['20/m', true],
    [5, true],
    [{ rate: '20/s', burst: 3 }, true],
    [{ count: 5, per: '1h' }, true],
    [{ rat: '20/s' }, false],
    [{ rate: 'x' }, false],
    [{ burst: 1.5 }, false],
    [null, false],
  ] as const) {
    assert.equal(limitOverride.safeParse(value).success, ok, JSON.stringify(value));
  }
});

const penalty = (fields: string): string =>
  `penalties: { source: { after: 1, per: 1m, forget: 1h, source: test, mark: assumed, ${fields} } }\n`;
const reputation = (fields: string): string =>
  `reputation: { source: { recover: 1/d, weights: {}, source: test, mark: assumed, ${fields} } }\n`;

for (const [name, more, expected] of [
  [
    'a penalty for a limit that is not there',
    penalty('on: [ip-rat], levels: [[{ for: 1m, reply: T9 }]]'),
    'penalties.source.on.0: unknown limit "ip-rat"; did you mean ip-rate?',
  ],
  [
    'a step that does nothing',
    penalty('on: [ip-rate], levels: [[{ for: 1m }]]'),
    'penalties.source.levels.0.0.for: this step does nothing; expected a reply or limits',
  ],
  [
    'a step with a limit of another key',
    penalty('on: [ip-rate], levels: [[{ for: 1m, limits: { domain: 1/s } }]]'),
    'penalties.source.levels.0.0.limits.domain: domain counts for each sender-domain; expected source',
  ],
  [
    'a penalty that accepts',
    penalty('on: [ip-rate], levels: [[{ for: 1m, reply: T-dot }]]'),
    'penalties.source.levels.0.0.reply: T-dot is accepted; expected throttled or deferred or rejected',
  ],
  [
    'a penalty for a mailbox',
    penalty('on: [ip-rate], levels: [[{ for: 1m, reply: T9 }]]').replace('source:', 'mailbox:'),
    'penalties.mailbox: unknown key "mailbox"; expected one of source, netblock, sender-domain, dkim-domain',
  ],
  [
    'a penalty of a domain at connect',
    penalty('on: [domain], levels: [[{ for: 1m, reply: T1 }]]').replace('source:', 'sender-domain:'),
    'penalties.sender-domain.levels.0.0.reply: T1 is a reply at connect; expected one at mail or rcpt or dot',
  ],
  [
    'tiers that do not rise',
    reputation('tiers: [{ below: 50, factor: 0.1 }, { below: 20, factor: 0.5 }]'),
    'reputation.source.tiers.1.below: found 20; expected more than 50, the tier before, and at most 100, the best',
  ],
  [
    'conduct that nobody knows',
    reputation('tiers: []').replace('weights: {}', 'weights: { complaints: -1 }'),
    'reputation.source.weights.complaints: unknown key "complaints"; did you mean complaint?',
  ],
  [
    'a warm-up where its unit is not known',
    'warmup: { days: [5], unit: recipients, stage: mail, reply: T2, source: test, mark: assumed }\n',
    "warmup.stage: recipients can't be counted at mail; expected rcpt or dot",
  ],
  [
    'a greylist that is not temporary',
    'greylist: { delay: 5m, lifetime: 1d, reply: T5 }\n',
    'greylist.reply: T5 is rejected; expected deferred',
  ],
  ['an hour', 'day: { factors: { 24: 1 } }\n', 'day.factors.24: found "24"; expected an hour from 0 to 23'],
  [
    'mailboxes of customers',
    'hosted: { mx: [{ host: "{domain}.x.test", preference: 0, ipv6: false }], mailboxes: { unknown: { share: 1%, reply: T55 } } }\n',
    'hosted.mailboxes.unknown.reply: unknown reply "T55"; did you mean T5?',
  ],
] as const) {
  test(`a wrong profile is refused with its place: ${name}`, () => {
    const domain = limitLine('domain', { key: 'sender-domain' });
    inFolder(profileText([...limits, domain], mailboxes, more), REPLIES, (file) => {
      assert.throws(
        () => loadProfile(file),
        (error: Error) => {
          const told = error.message.split('\n').map((line) => line.replace(/^.*?:\d+:\d+: /, ''));
          assert.ok(told.includes(expected), error.message);
          return true;
        },
      );
    });
  });
}
