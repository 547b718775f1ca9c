import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile, profileNames } from '../../../../fakes/isp/profile.ts';
import { PROTOCOL_ERRORS } from '../../../../fakes/isp/protocol.ts';
import { loadReplies } from '../../../../fakes/isp/replies.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { asset } from '../../../../src/core/assets.ts';
import { inFolder, profileText, REPLIES, testProfile } from './profiles-for-tests.ts';

/** The neutral replies of a profile whose EHLO has these lines, and whose session has this besides. */
function neutral(ehlo: readonly string[], session = ''): string[] {
  const replies = REPLIES.replace('text: hello', `lines: [${['hello', ...ehlo].join(', ')}]`);
  const profile = inFolder(profileText().replace('session:', `session:\n${session}`), replies, loadProfile);
  return profile.replies.flatMap(({ id }) => (id.startsWith('S-') ? [id.slice(2)] : []));
}

test('what a profile leaves open is said in neutral words, if it can happen', () => {
  const always = PROTOCOL_ERRORS.filter(
    (error) =>
      ![
        'long-text',
        'data-after-bdat',
        'data-of-binary',
        'too-big',
        'tls-repeated',
        'tls-pipelined',
      ].includes(error),
  );
  const own = (error: string): string => `  errors: { ${error}: T5 }`;
  for (const [ehlo, session, more, less] of [
    [[], '', [], []],
    [['SIZE 100'], '', ['too-big'], []],
    [['STARTTLS'], '', ['starttls', 'tls-repeated'], []],
    [['CHUNKING', 'BINARYMIME'], '', ['chunk', 'data-after-bdat', 'data-of-binary'], []],
    [[], '  lines: { text: 1000 }', ['long-text'], []],
    [[], own('timeout'), [], ['timeout']],
    [['STARTTLS'], own('tls-pipelined'), ['starttls', 'tls-repeated'], []],
  ] as const) {
    const expected = [...always.filter((error) => !(less as readonly string[]).includes(error)), ...more];
    assert.deepEqual(neutral(ehlo, session).sort(), expected.sort(), `${ehlo} ${session}`);
  }
});

test('there are neutral words for every error, and for no other thing than they are named', () => {
  const ids = loadReplies(asset('fakes/isp/replies.yaml')).map(({ id }) => id);
  assert.deepEqual(ids.sort(), ['starttls', 'chunk', ...PROTOCOL_ERRORS].map((name) => `S-${name}`).sort());
});

test('the ISPs that come with the harness have words of their own for all that can happen', () => {
  for (const name of profileNames())
    assert.deepEqual(
      loadProfile(name).replies.filter(({ id }) => id.startsWith('S-')),
      [],
    );
});

test('rules as the session and EHLO state them, in real time', () => {
  const { rules, engine } = resolveIsp(testProfile(), { scale: 1 });
  assert.deepEqual(
    [rules, engine],
    [
      {
        extensions: [],
        commandLine: 1024,
        textLine: null,
        size: null,
        unknown: null,
        idle: 300e6,
        refusesTlsPipelining: false,
      },
      'native',
    ],
  );
  const gmail = loadProfile('gmail');
  const { extensions, size, unknown, refusesTlsPipelining } = resolveIsp(gmail, { scale: 1 }).rules;
  assert.deepEqual(extensions, [
    'SIZE',
    '8BITMIME',
    'STARTTLS',
    'ENHANCEDSTATUSCODES',
    'PIPELINING',
    'CHUNKING',
    'SMTPUTF8',
  ]);
  assert.deepEqual([size, unknown, refusesTlsPipelining], [157286400, 10, true]);
  // A fast clock waits less, but no client is cut off for being a real one.
  for (const [scale, idle] of [
    [1, 300e6],
    [10, 30e6],
    [60, 10e6],
  ] as const) {
    assert.equal(resolveIsp(gmail, { scale }).rules.idle, idle);
  }
});

test('an engine or an error that does not exist is said with its line', () => {
  for (const [from, to, message] of [
    ['id: test', 'id: test\nengine: quick', /:3:\d+: engine: .*native/],
    ['  mta:', '  errors: { timeot: T5 }\n  mta:', /timeot.*timeout/s],
    ['  mta:', '  errors: { timeout: T55 }\n  mta:', /errors\.timeout: unknown reply "T55"/],
    [
      '  mta:',
      '  errors: { timeout: T-quit }\n  mta:',
      /T-quit is accepted; expected throttled or deferred or rejected/,
    ],
  ] as const) {
    assert.throws(() => inFolder(profileText().replace(from, to), REPLIES, loadProfile), { message });
  }
});
