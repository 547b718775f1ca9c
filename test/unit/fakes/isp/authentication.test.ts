import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClientFindings,
  CONDITIONS,
  countMessage,
  judgeAuthentication,
  type MessageFindings,
  type Senders,
} from '../../../../fakes/isp/authentication.ts';
import { resolveAuthentication } from '../../../../fakes/isp/authentication-profile.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { HeaderFaultKind } from '../../../../fakes/isp/rfc5322.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { inFolder, profileText, REPLIES } from './profiles-for-tests.ts';

const CLIENT: ClientFindings = {
  tls: true,
  ipv6: false,
  reverse: 'pass',
  ownHelo: false,
  mailDomain: 'exists',
};
const MESSAGE: MessageFindings = {
  header: { faults: [], fromDomain: 'news.sender.test', unsubscribe: 'one-click' },
  fromDomain: 'news.sender.test',
  organisation: 'sender.test',
  fromExists: 'exists',
  spf: { result: 'pass', open: false },
  dkim: { result: 'pass', domain: 'sender.test' },
  dmarc: { result: 'pass', policy: 'none' },
  aligned: true,
};
const DAY = 86_400e6;

type Results = Partial<{
  client: Partial<ClientFindings>;
  message: Partial<MessageFindings>;
  faults: HeaderFaultKind[];
}>;

/** The reply to what differs from a message that is as it should be. */
function verdict(
  name: string,
  { client, message, faults = [] }: Results,
  stage: 'mail' | 'dot',
  isBulk: boolean,
): string {
  const { authentication, replies } = isps[name] as (typeof isps)[string];
  const senders: Senders = new Map([['sender.test', { windowStart: 0, messages: 0, isBulk }]]);
  const header = { ...MESSAGE.header, faults: faults.map((kind) => ({ kind, field: 'From' })) };
  const rule = judgeAuthentication(
    { ...CLIENT, ...client },
    stage === 'dot' ? { ...MESSAGE, header, ...message } : undefined,
    authentication,
    senders,
  );
  return rule ? (replies[rule.reply]?.id ?? '?') : '-';
}

const isps = Object.fromEntries(
  ['gmail', 'yahoo', 'outlook'].map((name) => [name, resolveIsp(loadProfile(name), { scale: 1 })]),
);

const spf = (result: MessageFindings['spf']['result'], open = false): MessageFindings['spf'] => ({
  result,
  open,
});
const dkim = (result: MessageFindings['dkim']['result']): MessageFindings['dkim'] => ({
  result,
  domain: 'sender.test',
});
const nothing = { spf: spf('none'), dkim: dkim('none'), aligned: false } as const;
const reject = { result: 'fail', policy: 'reject' } as const;

test('which reply answers what, at each ISP, to small senders and to bulk senders', () => {
  const table: [
    about: string,
    results: Results,
    gmail: string,
    yahoo: string,
    outlook: string,
    bulk?: [string, string, string],
  ][] = [
    ['all is well', {}, '-', '-', '-'],
    [
      'no SPF, no DKIM',
      { message: { ...nothing, dmarc: { result: 'none', policy: undefined } } },
      'G22',
      'Y17',
      '-',
      ['G22', 'Y17', 'O35'],
    ],
    [
      'the same, SPF says no',
      { message: { ...nothing, spf: spf('fail'), dmarc: { result: 'none', policy: undefined } } },
      'G24',
      'Y17',
      '-',
      ['G24', 'Y17', 'O35'],
    ],
    ['the same over IPv6', { client: { ipv6: true }, message: nothing }, 'G49', 'Y17', 'O38-auth'],
    [
      'DNS fails for SPF, no DKIM',
      { message: { ...nothing, spf: spf('temperror') } },
      'G23',
      '-',
      '-',
      ['G23', 'Y17-dkim', 'O35'],
    ],
    [
      'DNS fails for DKIM, no SPF',
      { message: { ...nothing, dkim: dkim('temperror') } },
      'G23',
      '-',
      '-',
      ['G23', 'Y16', 'O35'],
    ],
    ['DMARC says reject', { message: { ...nothing, dmarc: reject } }, 'G25', 'Y16', 'O36'],
    ['the same, both pass elsewhere', { message: { aligned: false, dmarc: reject } }, 'G25', 'Y16', 'O36'],
    [
      'DMARC says reject, DNS fails for SPF',
      { message: { ...nothing, spf: spf('temperror'), dmarc: reject } },
      'G26',
      '-',
      '-',
      ['G26', 'Y17-dkim', 'O35'],
    ],
    [
      'DMARC itself can not be had, and nothing else is aligned',
      { message: { aligned: false, dmarc: { result: 'temperror', policy: undefined } } },
      'G26',
      '-',
      '-',
      ['G26', 'Y16', '-'],
    ],
    [
      'DMARC itself can not be had, all else is well',
      { message: { dmarc: { result: 'temperror', policy: undefined } } },
      '-',
      '-',
      '-',
    ],
    [
      'DMARC says quarantine',
      { message: { ...nothing, spf: spf('softfail'), dmarc: { result: 'fail', policy: 'quarantine' } } },
      'G22',
      'Y17',
      '-',
      ['G22', 'Y17', 'O35'],
    ],
    ['SPF alone', { message: { dkim: dkim('none') } }, '-', '-', '-', ['G31-temp', 'Y17-dkim', 'O35']],
    [
      'a signature that is no good',
      { message: { dkim: dkim('fail') } },
      '-',
      '-',
      '-',
      ['G31-temp', 'Y17-dkim', 'O35'],
    ],
    ['DKIM alone', { message: { spf: spf('softfail') } }, '-', '-', '-', ['G29-temp', 'Y16', 'O35']],
    ['SPF for everyone', { message: { spf: spf('pass', true) } }, 'G34-temp', '-', '-'],
    [
      'no DMARC record',
      { message: { dmarc: { result: 'none', policy: undefined } } },
      '-',
      '-',
      '-',
      ['G33-temp', 'Y16', 'O35'],
    ],
    [
      'not aligned',
      { message: { aligned: false, dmarc: { result: 'fail', policy: 'none' } } },
      '-',
      '-',
      '-',
      ['G32-temp', 'Y16', 'O35'],
    ],
    ['in the clear', { client: { tls: false } }, '-', '-', '-', ['G30-temp', '-', '-']],
    ['no name', { client: { reverse: 'none' } }, 'G27', '-', '-'],
    ['a name that leads elsewhere', { client: { reverse: 'fail' } }, 'G27', '-', '-'],
    ['no name over IPv6', { client: { reverse: 'none', ipv6: true } }, 'G49', '-', 'O38-ptr'],
    ['DNS fails for the name', { client: { reverse: 'temperror' } }, 'G28', '-', '-'],
    ['no From', { faults: ['no-from'] }, 'G47-from', 'Y20', 'O41'],
    ['two authors', { faults: ['several-from-addresses'] }, 'G47-addresses', '-', '-'],
    ['a field twice', { faults: ['repeated-field'] }, 'G47', 'Y20', 'O41'],
    ['no Message-ID', { faults: ['no-message-id'] }, 'G47-message-id', '-', '-'],
    ['no Date', { faults: ['no-date'] }, '-', 'Y43-date', '-'],
    ['an encoded address', { faults: ['encoded-address'] }, 'G47-encoded-word', '-', '-'],
    ['a From domain that does not exist', { message: { fromExists: 'missing' } }, '-', 'Y37-header', '-'],
    ['no one-click', { message: { header: { ...MESSAGE.header, unsubscribe: 'none' } } }, '-', '-', '-'],
  ];
  for (const [about, results, ...rest] of table) {
    const [gmail, yahoo, outlook, bulk = [gmail, yahoo, outlook]] = rest;
    const heard = (isBulk: boolean): string[] =>
      Object.keys(isps).map((name) => verdict(name, results, 'dot', isBulk));
    assert.deepEqual(heard(false), [gmail, yahoo, outlook], about);
    assert.deepEqual(heard(true), bulk, `${about}, in bulk`);
  }
});

test('what is refused at MAIL already', () => {
  const table: [client: Partial<ClientFindings>, gmail: string, yahoo: string, outlook: string][] = [
    [{}, '-', '-', '-'],
    [{ reverse: 'none' }, '-', 'Y40', '-'],
    [{ reverse: 'fail' }, '-', 'Y40', '-'],
    [{ reverse: 'temperror' }, '-', '-', '-'],
    [{ mailDomain: 'missing' }, '-', 'Y37', '-'],
    [{ mailDomain: 'temperror' }, '-', 'Y36', '-'],
    [{ ownHelo: true }, '-', '-', 'O39'],
  ];
  for (const [client, ...expected] of table) {
    const heard = Object.keys(isps).map((name) => verdict(name, { client }, 'mail', false));
    assert.deepEqual(heard, expected, JSON.stringify(client));
  }
});

test('every condition is told at MAIL or after the dot, and every reply of a rule at its stage', () => {
  assert.equal(new Set(CONDITIONS).size, CONDITIONS.length);
  for (const { authentication, replies } of Object.values(isps)) {
    for (const { stage, reply } of authentication.rules) assert.ok(replies[reply]?.stages.includes(stage));
  }
});

test('a bulk sender is one that reaches the number within a day, and stays one for good', () => {
  const { authentication } = resolveIsp(loadProfile('gmail'), { scale: 24 });
  const hour = DAY / 24;
  const senders: Senders = new Map();
  const isBulk = (): boolean => senders.get('sender.test')?.isBulk === true;
  // A simulated day is an hour here.
  for (let day = 0; day < 14; day++) {
    for (let n = 0; n < 4999; n++) countMessage(senders, authentication, 'sender.test', day * hour);
    assert.equal(isBulk(), false, `day ${day}`);
  }
  countMessage(senders, authentication, 'sender.test', 13 * hour + hour - 1);
  assert.equal(isBulk(), true);
  countMessage(senders, authentication, 'sender.test', 1000 * hour);
  assert.equal(isBulk(), true);
  // A sampled message stands for those that were not looked at.
  countMessage(senders, authentication, 'other.test', 0, 5000);
  assert.equal(senders.get('other.test')?.isBulk, true);
  countMessage(senders, authentication, '', 0, 5000);
  assert.equal(senders.size, 2);
});

test('senders that come once are forgotten, bulk senders never', () => {
  const { authentication } = isps.gmail as (typeof isps)[string];
  const senders: Senders = new Map();
  countMessage(senders, authentication, 'bulk.test', 0, 5000);
  for (let n = 0; n < 32_767; n++) countMessage(senders, authentication, `n${n}.test`, 0);
  assert.equal(senders.size, 32_768);
  countMessage(senders, authentication, 'last.test', DAY);
  assert.deepEqual([...senders.keys()], ['bulk.test', 'last.test']);
});

test('what a scenario may change', () => {
  const { authentication: profile, replies } = loadProfile('gmail');
  const resolve = (wish: unknown) => {
    const faults: string[] = [];
    const found = resolveAuthentication(profile, wish, replies, ({ value }) => value, faults);
    const replyOf = (name: string): string =>
      replies[found.rules.find((rule) => rule.name === name)?.reply ?? -1]?.id ?? 'off';
    return { faults, found, replyOf };
  };
  const plain = resolve(undefined).found;
  assert.deepEqual([plain.check, plain.sample, plain.bulk], ['sampled', 0.01, { messages: 5000, per: DAY }]);
  assert.equal(resolve('every').found.check, 'every');
  assert.equal(resolve('off').found.check, 'off');
  const changed = resolve({
    check: 'every',
    sample: '5%',
    bulk: 10,
    rules: { 'bulk-spf': 'G29-perm', reverse: 'G28', unauthenticated: 'off' },
  });
  assert.deepEqual(changed.faults, []);
  const { check, sample, bulk } = changed.found;
  assert.deepEqual([check, sample, bulk], ['every', 0.05, { messages: 10, per: DAY }]);
  assert.deepEqual(['bulk-spf', 'reverse', 'unauthenticated', 'bulk-dkim'].map(changed.replyOf), [
    'G29-perm',
    'G28',
    'off',
    'G31-temp',
  ]);

  const wrong: [wish: unknown, fault: string][] = [
    [
      'always',
      'authentication: found "always"; expected off, sampled, every, or { check, sample, bulk, rules }',
    ],
    [
      { chekc: 'every' },
      'authentication: found {"chekc":"every"}; expected off, sampled, every, or { check, sample, bulk, rules }',
    ],
    [
      { rules: { 'bulk-spff': 'off' } },
      'authentication.rules.bulk-spff: unknown rule "bulk-spff"; did you mean bulk-spf?',
    ],
    [
      { rules: { reverse: 'G1000' } },
      'authentication.rules.reverse: unknown reply "G1000"; did you mean G10?',
    ],
    [
      { rules: { reverse: 'G15' } },
      'authentication.rules.reverse: G15 is a reply at rcpt; expected one at mail or dot',
    ],
    [{ rules: { reverse: 'G-dot' } }, 'authentication.rules.reverse: G-dot is accepted; expected a refusal'],
  ];
  for (const [wish, fault] of wrong) assert.deepEqual(resolve(wish).faults, [fault], JSON.stringify(wish));

  const faults: string[] = [];
  const none = resolveAuthentication(undefined, 'every', replies, ({ value }) => value, faults);
  assert.deepEqual([none.check, faults], ['off', ['authentication: this profile has no rules for it']]);
});

test('what a profile may not say', () => {
  const rule = 'source: test, mark: assumed';
  const table: [authentication: string, fault: RegExp][] = [
    [
      `{ rules: { a: { when: no-from, reply: T8, ${rule} } } }`,
      /rules\.a\.reply: no-from is not known at mail; expected a reply at dot/,
    ],
    [
      `{ rules: { a: { when: plaintext, bulk: true, reply: T8, ${rule} } }, bulk: { messages: 1, per: 1h, ${rule} } }`,
      /who sends in bulk is not known at mail/,
    ],
    [
      `{ rules: { a: { when: plaintext, bulk: true, reply: T7, ${rule} } } }`,
      /rules\.a\.bulk: this profile does not say what a bulk sender is/,
    ],
    [`{ rules: { a: { when: plaintext, reply: T99, ${rule} } } }`, /rules\.a\.reply: unknown reply "T99"/],
    [`{ rules: { a: { when: plain, reply: T7, ${rule} } } }`, /rules\.a\.when: found "plain"/],
    [`{ rules: { a: { when: [], reply: T7, ${rule} } } }`, /rules\.a\.when: found \[\]/],
    ['{ chekc: every }', /unknown key "chekc"; did you mean check\?/],
  ];
  for (const [authentication, fault] of table) {
    const text = `${profileText()}authentication: ${authentication}\n`;
    assert.throws(
      () => inFolder(text, REPLIES, loadProfile),
      (error) => error instanceof HarnessError && fault.test(error.message),
      String(fault),
    );
  }
});
