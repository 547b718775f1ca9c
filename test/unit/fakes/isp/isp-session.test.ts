import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IspSession } from '../../../../fakes/isp/isp-session.ts';
import { createRenderer, type Rendered } from '../../../../fakes/isp/render.ts';
import type { ResolvedIsp } from '../../../../fakes/isp/resolve.ts';
import type { Session } from '../../../../fakes/isp/session.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { TRANSACTION_OUTCOMES } from '../../../../src/record/attempt-log.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

type Seen =
  | { what: 'opened'; reply: string }
  | { what: 'closed'; reply: string; transactions: number }
  | {
      what: 'attempt';
      recipient: string | undefined;
      outcome: string;
      stage: string;
      reply: string;
      message: string | undefined;
      at: number;
    }
  | {
      what: 'transaction';
      outcome: string;
      stage: string;
      reply: string;
      recipients: number;
      bytes: number;
      at: number;
    };

/** One connection to an ISP, driven by words: `mail`, `rcpt a`, `data`, `dot`, `rset`, `quit`, `cut`, `stop`, `wait`. */
function dialogue(
  isp: ResolvedIsp,
  words: readonly string[],
): { seen: Seen[]; heard: (Rendered | undefined)[]; open: number } {
  const clock = new VirtualClock();
  const prng = createPrng(1);
  const id = (reply: number | undefined): string =>
    reply === undefined ? '-' : (isp.replies[reply]?.id ?? '?');
  const seen: Seen[] = [];
  const open = new Set<Session>();
  const session = new IspSession(
    {
      isp,
      state: createState(isp),
      clock,
      prng,
      open,
      render: createRenderer(isp, prng, () => new Date(0), new Set()),
      observer: {
        connectionOpened: (e) => seen.push({ what: 'opened', reply: id(e.reply) }),
        connectionClosed: (e) =>
          seen.push({ what: 'closed', reply: id(e.reply), transactions: e.transactions }),
        replyLost: () => assert.fail('nothing is lost without an engine'),
        attempt: (e) =>
          seen.push({
            what: 'attempt',
            recipient: e.recipient,
            outcome: e.outcome,
            stage: e.stage,
            reply: id(e.reply),
            message: e.headerMessage,
            at: e.at,
          }),
        transaction: (e) =>
          seen.push({
            what: 'transaction',
            outcome: e.outcome,
            stage: e.stage,
            reply: id(e.reply),
            recipients: e.recipients,
            bytes: e.bytes,
            at: e.at,
          }),
      },
    },
    { connection: 0, address: '192.0.2.1', source: 0, client: '192.0.2.1', netblock: '192.0.2.0/24' },
  );
  const heard = words.map((word): Rendered | undefined => {
    const [command, name = 'a'] = word.split(' ');
    switch (command) {
      case 'connect':
        return session.onConnect();
      case 'ehlo':
        return session.onHelo('EHLO', 'x.test');
      case 'mail':
        return session.onMail(`b-1@${name}.test`);
      case 'rcpt':
        return session.onRcpt(`${name}@isp.test`);
      case 'data':
        return session.onData();
      case 'dot': {
        const answer = session.onDot({ bytes: 500, head: Buffer.from('X-Windtunnel-Message: 1\r\n\r\n') });
        // Nothing is authenticated here.
        assert.ok(!(answer instanceof Promise));
        return answer;
      }
      case 'rset':
        return session.onReset();
      case 'noop':
        return session.onReset(true);
      case 'quit':
        return session.onQuit();
      case 'wait':
        clock.advance(1000);
        return undefined;
      default:
        session.onClose(command === 'stop');
        return undefined;
    }
  });
  return { seen, heard, open: open.size };
}

const PLAIN = testIsp();
const bucket = { rate: '1/h', burst: 1 };
const SLOW_MAIL = testIsp([limitLine('l', { ...bucket, stage: 'mail', reply: 'T2' })]);
const SLOW_RCPT = testIsp([limitLine('l', { ...bucket, stage: 'rcpt', unit: 'recipients', reply: 'T3' })]);
const SLOW_DOT = testIsp([limitLine('l', bucket)]);
const RATION = testIsp([
  limitLine('l', { key: 'connection', kind: 'window', count: 1, stage: 'mail', reply: 'hangup' }),
]);
const SPOKEN_RATION = testIsp([
  limitLine('l', { key: 'connection', kind: 'window', count: 1, stage: 'mail', reply: 'T8' }),
]);
const SILENT_DOT = testIsp([limitLine('l', { ...bucket, reply: 'hangup' })]);
const SILENT_RCPT = testIsp([
  limitLine('l', { ...bucket, stage: 'rcpt', unit: 'recipients', reply: 'hangup' }),
]);
const NOBODY = testIsp([], ['unknown: { share: 100%, reply: T5 }']);
const NOBODY_AT_DOT = testIsp([], ['unknown: { share: 100%, reply: T7 }']);

const message = ['mail', 'rcpt a', 'data', 'dot'];

for (const [name, isp, words, transactions, attempts] of [
  ['accepted', PLAIN, message, ['accepted at dot by T-dot, 1'], ['a accepted at dot by T-dot']],
  [
    'two messages',
    PLAIN,
    [...message, ...message, 'quit'],
    ['accepted at dot by T-dot, 1', 'accepted at dot by T-dot, 1'],
    ['a accepted at dot by T-dot', 'a accepted at dot by T-dot'],
  ],
  [
    'a recipient named twice',
    PLAIN,
    ['mail', 'rcpt a', 'rcpt A', 'data', 'dot'],
    ['accepted at dot by T-dot, 1'],
    ['a accepted at dot by T-dot'],
  ],
  [
    'refused at MAIL, then RSET',
    SLOW_MAIL,
    [...message, 'mail', 'rset'],
    ['accepted at dot by T-dot, 1', 'throttled at mail by T2, 0'],
    ['a accepted at dot by T-dot', 'nobody throttled at mail by T2'],
  ],
  [
    'refused at MAIL, pipelined',
    SLOW_MAIL,
    [...message, 'mail', 'rcpt b', 'rcpt c', 'data', 'quit'],
    ['accepted at dot by T-dot, 1', 'throttled at mail by T2, 2'],
    ['a accepted at dot by T-dot', 'b throttled at mail by T2', 'c throttled at mail by T2'],
  ],
  [
    'refused at MAIL, then cut off',
    SLOW_MAIL,
    [...message, 'mail', 'cut'],
    ['accepted at dot by T-dot, 1', 'throttled at mail by T2, 0'],
    ['a accepted at dot by T-dot', 'nobody throttled at mail by T2'],
  ],
  [
    'partial',
    SLOW_RCPT,
    ['mail', 'rcpt a', 'rcpt b', 'data', 'dot'],
    ['partial at dot by T-dot, 2'],
    ['b throttled at rcpt by T3', 'a accepted at dot by T-dot'],
  ],
  [
    'all refused at RCPT',
    NOBODY,
    ['mail', 'rcpt a', 'rcpt b', 'data', 'rset'],
    ['rejected at rcpt by T5, 2'],
    ['a rejected at rcpt by T5', 'b rejected at rcpt by T5'],
  ],
  [
    'refused at the dot, closing',
    SLOW_DOT,
    [...message, ...message],
    ['accepted at dot by T-dot, 1', 'throttled at dot by T4, 1'],
    ['a accepted at dot by T-dot', 'a throttled at dot by T4'],
  ],
  [
    'refused at the dot, open',
    NOBODY_AT_DOT,
    ['mail', 'rcpt a', 'rcpt b', 'data', 'dot'],
    ['rejected at dot by T7, 2'],
    ['a rejected at dot by T7', 'b rejected at dot by T7'],
  ],
  [
    'end of the ration, silent',
    RATION,
    [...message, 'mail', 'rcpt a'],
    ['accepted at dot by T-dot, 1', 'recycled at mail by -, 0'],
    ['a accepted at dot by T-dot', 'nobody dropped at mail by -'],
  ],
  [
    'end of the ration, spoken',
    SPOKEN_RATION,
    [...message, 'mail', 'rcpt a'],
    ['accepted at dot by T-dot, 1', 'recycled at mail by T8, 0'],
    ['a accepted at dot by T-dot', 'nobody deferred at mail by T8'],
  ],
  [
    'dropped at the dot',
    SILENT_DOT,
    [...message, ...message],
    ['accepted at dot by T-dot, 1', 'dropped at dot by -, 1'],
    ['a accepted at dot by T-dot', 'a dropped at dot by -'],
  ],
  [
    'dropped at RCPT',
    SILENT_RCPT,
    ['mail', 'rcpt a', 'rcpt b'],
    ['dropped at rcpt by -, 2'],
    ['a dropped at rcpt by -', 'b dropped at rcpt by -'],
  ],
  ['RSET', PLAIN, ['mail', 'rcpt a', 'rset'], ['abandoned at rcpt by -, 1'], ['a abandoned at rcpt by -']],
  [
    'EHLO resets',
    PLAIN,
    ['mail', 'rcpt a', 'ehlo'],
    ['abandoned at rcpt by -, 1'],
    ['a abandoned at rcpt by -'],
  ],
  [
    'NOOP does not',
    PLAIN,
    ['mail', 'noop', 'rcpt a', 'data', 'dot'],
    ['accepted at dot by T-dot, 1'],
    ['a accepted at dot by T-dot'],
  ],
  [
    'MAIL without recipients',
    PLAIN,
    ['mail', 'mail', 'quit'],
    ['abandoned at mail by -, 0', 'abandoned at mail by -, 0'],
    [],
  ],
  ['QUIT', PLAIN, ['mail', 'rcpt a', 'quit'], ['abandoned at rcpt by -, 1'], ['a abandoned at rcpt by -']],
  [
    'cut off within the message',
    PLAIN,
    ['mail', 'rcpt a', 'data', 'cut'],
    ['abandoned at data by -, 1'],
    ['a abandoned at data by -'],
  ],
  [
    'the ISP stops',
    PLAIN,
    ['mail', 'rcpt a', 'stop'],
    ['dropped at rcpt by -, 1'],
    ['a dropped at rcpt by -'],
  ],
  [
    'the ISP stops after MAIL',
    PLAIN,
    ['mail', 'stop'],
    ['dropped at mail by -, 0'],
    ['nobody dropped at mail by -'],
  ],
  ['nothing', PLAIN, ['rcpt a', 'data', 'dot', 'rset', 'quit', 'quit', 'mail'], [], []],
] as const) {
  test(`every transaction and every recipient has one outcome: ${name}`, () => {
    const { seen } = dialogue(isp, ['connect', 'ehlo', ...words, 'cut']);
    assert.deepEqual(
      seen.flatMap((e) =>
        e.what === 'transaction' ? [`${e.outcome} at ${e.stage} by ${e.reply}, ${e.recipients}`] : [],
      ),
      transactions,
    );
    assert.deepEqual(
      seen.flatMap((e) =>
        e.what === 'attempt'
          ? [`${e.recipient?.replace('@isp.test', '') ?? 'nobody'} ${e.outcome} at ${e.stage} by ${e.reply}`]
          : [],
      ),
      attempts,
    );
    assert.equal(seen.filter((e) => e.what === 'opened').length, 1);
    assert.deepEqual(
      seen.filter((e) => e.what === 'closed').map((e) => e.transactions),
      [transactions.length],
    );
  });
}

test('the mildest refusal stands for a transaction whose recipients were all refused', () => {
  const isp = testIsp(
    [limitLine('l', { rate: '1/h', burst: 1, stage: 'rcpt', unit: 'recipients', reply: 'T3' })],
    ['unknown: { share: 100%, reply: T5 }'],
  );
  const { seen } = dialogue(isp, ['connect', 'ehlo', 'mail', 'rcpt a', 'rcpt b', 'rset']);
  assert.deepEqual(
    seen.map((e) => ('outcome' in e ? e.outcome : e.what)),
    ['opened', 'rejected', 'throttled', 'throttled'],
  );
});

test('what a refusal at MAIL settles is dated to it, not to when the client went on', () => {
  const { seen } = dialogue(SLOW_MAIL, [
    'connect',
    'ehlo',
    ...message,
    'wait',
    'mail',
    'wait',
    'rcpt b',
    'rset',
  ]);
  assert.deepEqual(
    seen.flatMap((e) => ('at' in e ? [e.at] : [])),
    [0, 0, 1000, 1000],
  );
});

test('bytes and the header reach the record with the message', () => {
  const { seen } = dialogue(PLAIN, ['connect', 'ehlo', ...message]);
  assert.deepEqual(
    seen.map((e) => (e.what === 'transaction' ? e.bytes : e.what === 'attempt' ? e.message : e.what)),
    ['opened', '1', 500],
  );
});

test('answers say when the connection is closed, and after that nothing', () => {
  const crowd = testIsp([
    limitLine('cap', { kind: 'concurrency', unit: 'connections', max: 0, stage: 'connect', reply: 'T1' }),
  ]);
  for (const [isp, words, heard, reply] of [
    [crowd, ['connect', 'ehlo'], ['421 crowd, close', 'close'], 'T1'],
    [
      SLOW_DOT,
      ['connect', ...message, ...message, 'mail'],
      [
        '220 hi',
        '250 sender',
        '250 recipient',
        '354 go',
        '250 taken',
        '250 sender',
        '250 recipient',
        '354 go',
        '421 4.7.1 slow, close',
        'close',
      ],
      'T4',
    ],
    [
      RATION,
      ['connect', ...message, 'mail', 'rcpt a'],
      ['220 hi', '250 sender', '250 recipient', '354 go', '250 taken', 'close', 'close'],
      '-',
    ],
    [PLAIN, ['connect', 'quit', 'noop'], ['220 hi', '221 bye, close', 'close'], '-'],
    [
      PLAIN,
      ['connect', 'rcpt a', 'data', 'cut'],
      ['220 hi', '503 5.5.1 Bad sequence of commands', '503 5.5.1 Bad sequence of commands', ''],
      '-',
    ],
  ] as const) {
    const result = dialogue(isp, words);
    assert.deepEqual(
      result.heard.map((r) => [...(r?.lines ?? []), ...(r?.close ? ['close'] : [])].join(', ')),
      heard,
    );
    assert.deepEqual(
      result.seen.flatMap((e) => (e.what === 'closed' ? [e.reply] : [])),
      [reply],
    );
    assert.equal(result.open, 0);
  }
});

test('a client that leaves before it was greeted was never there', () => {
  assert.deepEqual(dialogue(PLAIN, ['cut']), { seen: [], heard: [undefined], open: 0 });
});

test('whatever a client does, the sums balance', () => {
  const word = fc.constantFrom(
    'ehlo',
    'mail',
    'mail b',
    'rcpt a',
    'rcpt b',
    'rcpt c',
    'data',
    'dot',
    'rset',
    'noop',
    'wait',
  );
  const isps = [
    PLAIN,
    SLOW_MAIL,
    SLOW_RCPT,
    SLOW_DOT,
    RATION,
    SPOKEN_RATION,
    SILENT_DOT,
    SILENT_RCPT,
    NOBODY,
    NOBODY_AT_DOT,
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...isps),
      fc.array(word, { maxLength: 40 }),
      fc.constantFrom('quit', 'cut', 'stop'),
      (isp, words, end) => {
        const { seen, heard, open } = dialogue(isp, ['connect', ...words, end, 'cut']);
        const closed = words.findIndex((_, at) => heard[at + 1]?.close === true);
        const whileOpen = closed < 0 ? words : words.slice(0, closed + 1);
        const ended = seen.filter((e) => e.what === 'transaction');
        assert.equal(ended.length, whileOpen.filter((w) => w.startsWith('mail')).length);
        for (const { outcome } of ended)
          assert.ok((TRANSACTION_OUTCOMES as readonly string[]).includes(outcome));
        // One attempt for each recipient named, or one that names nobody where the ISP ended a transaction without any.
        let attempts = 0;
        for (const e of seen) {
          if (e.what === 'attempt') attempts++;
          if (e.what !== 'transaction') continue;
          const unnamed = e.recipients === 0 && e.outcome !== 'abandoned' ? 1 : 0;
          assert.equal(attempts, e.recipients + unnamed);
          attempts = 0;
        }
        assert.equal(attempts, 0);
        assert.deepEqual(
          seen.filter((e) => e.what === 'closed').map((e) => e.transactions),
          [ended.length],
        );
        assert.equal(open, 0);
      },
    ),
    { numRuns: 1000, seed: 11 },
  );
});
