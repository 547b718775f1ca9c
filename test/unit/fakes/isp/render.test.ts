import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { createRenderer, type Occasion, wireLines, wrap } from '../../../../fakes/isp/render.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { createPrng } from '../../../../src/core/prng.ts';

const WALL = new Date('2026-02-25T11:12:39.245Z');
const OCCASION: Occasion = {
  ip: '192.0.2.10',
  helo: 'out1.sender.test',
  sender: 'b-7@11690999.brevosend.com',
  recipient: 'u1.0@ymail.com',
  messageId: '7@news.sender.test',
  bytes: 64654,
  connection: 3,
  transaction: 1,
  ids: {},
};

function say(name: string, reply: string, occasion: Partial<Occasion> = {}): readonly string[] {
  const isp = resolveIsp(loadProfile(name), { scale: 1 });
  const index = isp.replies.findIndex((r) => r.id === reply);
  return createRenderer(
    isp,
    createPrng(1),
    () => WALL,
    new Set(),
  )(index, { ...OCCASION, ids: {}, ...occasion }).lines;
}

// Taken down from a public log (catalogue section 1a); the id is that of this seed.
test('Gmail wraps as the log of a real refusal does', () => {
  const lines = say('gmail', 'G4').map((line) => line.replace(/\S+si\S+ - gsmtp/, '{gid} - gsmtp'));
  assert.deepEqual(lines, [
    '421-4.7.28 Gmail has detected an unusual rate of mail originating from your SPF',
    '421-4.7.28 domain [11690999.brevosend.com      35]. To protect our users from',
    '421-4.7.28 spam, mail sent from your domain has been temporarily rate limited.',
    '421-4.7.28 For more information, go to',
    '421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to',
    '421 4.7.28 review our Bulk Email Senders Guidelines. {gid} - gsmtp',
  ]);
});

test('the break moves with the length of the address', () => {
  const long = say('gmail', 'G2', { ip: '2001:db8:85a3:1234:5678:8a2e:370:7334' });
  assert.equal(long[0], '421-4.7.28 [2001:db8:85a3:1234:5678:8a2e:370:7334      15] Our system has');
});

test('ids have the forms that the ISPs give theirs', () => {
  for (const [name, reply, form] of [
    ['gmail', 'G-mail', /^250 2\.1\.0 OK [0-9a-f]{13}-[0-9a-f]{11}si\d{5,8}[0-9a-z]{2,3}\.\d{1,3} - gsmtp$/],
    ['gmail', 'G-dot', /^250 2\.0\.0 OK {2}1772017959 \S+ - gsmtp$/],
    [
      'yahoo',
      'Y23',
      /^554 delivery error: dd This user doesn't have a ymail\.com account \(u1\.0@ymail\.com\) \[0\] - mta1382\.mail\.ne1\.yahoo\.com$/,
    ],
    ['outlook', 'O-greeting', /ready at Wed, 25 Feb 2026 11:12:39 \+0000 \[[0-9A-F]{16}\]$/],
    [
      'outlook',
      'O3',
      /\(S3115\) \[CH3PEPF00000015\.namprd04\.prod\.outlook\.com 2026-02-25T11:12:39\.245Z [0-9A-F]{16}\]$/,
    ],
    [
      'outlook',
      'O-dot',
      /^250 2\.6\.0 <7@news\.sender\.test> \[InternalId=\d{14}, .* 64654 bytes in 0\.222, 284\.408 KB\/sec Queued mail/,
    ],
  ] as const) {
    const [line = ''] = say(name, reply);
    assert.match(line, form);
  }
});

test('an id lasts as long as its transaction, or its session', () => {
  const same = say('gmail', 'G-mail');
  assert.deepEqual(say('gmail', 'G-mail'), same);
  assert.notDeepEqual(say('gmail', 'G-mail', { transaction: 2 }), same);
  assert.notDeepEqual(say('gmail', 'G-mail', { connection: 4 }), same);
  assert.deepEqual(say('outlook', 'O3', { transaction: 2 }), say('outlook', 'O3'));
});

test('braces in an address are left as they are', () => {
  assert.deepEqual(say('yahoo', 'Y-rcpt', { recipient: '{x}{ip}@yahoo.com' }), [
    '250 recipient <{x}{ip}@yahoo.com> ok',
  ]);
});

test('codes stand before every line', () => {
  for (const [reply, lines, expected] of [
    [{ code: 250, enhanced: null }, ['a', 'b'], ['250-a', '250 b']],
    [
      { code: 550, enhanced: '5.7.26' },
      ['a', '', ' http://b'],
      ['550-5.7.26 a', '550-5.7.26', '550 5.7.26  http://b'],
    ],
    [{ code: 221, enhanced: null }, [''], ['221']],
  ] as const) {
    assert.deepEqual(wireLines(reply, lines), expected);
  }
});

test('wrapping', () => {
  for (const [text, columns, expected] of [
    ['a bc', 4, ['a bc']],
    ['a bcd', 4, ['a', 'bcd']],
    ['abcdef gh', 4, ['abcdef', 'gh']],
    ['[a    1] b', 8, ['[a    1]', 'b']],
    [' http://x to y', 12, [' http://x to', 'y']],
  ] as const) {
    assert.deepEqual(wrap(text, columns), expected);
  }
});

test('EHLO offers only what the engine can do', () => {
  const isp = resolveIsp(loadProfile('gmail'), { scale: 1 });
  const render = createRenderer(isp, createPrng(1), () => WALL, new Set(['STARTTLS', 'SMTPUTF8']));
  const { lines } = render(isp.answers.ehlo, OCCASION);
  assert.deepEqual(lines.slice(2), [
    '250-8BITMIME',
    '250-ENHANCEDSTATUSCODES',
    '250-PIPELINING',
    '250 CHUNKING',
  ]);
});
