import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { platform } from '../../../src/core/process.ts';
import type { Session, SessionEnd, SessionTarget } from '../../../src/driver/session.ts';
import {
  type Answers,
  agreeable,
  type Conversation,
  converse,
  type Served,
  serveAnswers,
  shortMessages,
  type Work,
} from '../../support/conversation.ts';
import { lacking } from '../../support/skip.ts';

const send = (...messages: number[]): Work[] => messages.map((message) => ({ message }));

test('a connection ends with its stage, code and reason', async (t) => {
  const auth = { mechanism: 'plain', user: 'u', password: 'p' } as const;
  const offers = (extension: string): string => `250-mx\r\n250 ${extension}`;
  const rows: [string, Answers, Partial<SessionTarget>, Work[], Omit<SessionEnd, 'wasReady'>][] = [
    ['QUIT', agreeable(), {}, [], { stage: 'open', code: 221, reason: 'quit' }],
    [
      'QUIT, answered with a hang-up',
      agreeable({ QUIT: undefined }),
      {},
      [],
      { stage: 'open', code: 0, reason: 'the connection was closed' },
    ],
    [
      'greeted with 554',
      agreeable({ CONNECT: '554 no' }),
      {},
      [],
      { stage: 'greeting', code: 554, reason: 'the greeting was refused with 554' },
    ],
    [
      'greeted with 421, in two lines',
      agreeable({ CONNECT: '421-too\r\n421 many' }),
      {},
      [],
      { stage: 'greeting', code: 421, reason: 'the greeting was refused with 421' },
    ],
    [
      'not greeted',
      agreeable({ CONNECT: undefined }),
      {},
      [],
      { stage: 'greeting', code: 0, reason: 'the connection was closed' },
    ],
    [
      'another protocol',
      agreeable({ CONNECT: '* OK IMAP' }),
      {},
      [],
      { stage: 'greeting', code: 0, reason: 'the server says what is not SMTP' },
    ],
    [
      'EHLO answered with 421',
      agreeable({ EHLO: '421 closing' }),
      {},
      [],
      { stage: 'ehlo', code: 421, reason: 'EHLO was refused with 421' },
    ],
    [
      'hung up at EHLO',
      agreeable({ EHLO: undefined }),
      {},
      [],
      { stage: 'ehlo', code: 0, reason: 'the connection was closed' },
    ],
    [
      'EHLO and HELO refused',
      agreeable({ EHLO: '500 what?', HELO: '504 no' }),
      {},
      [],
      { stage: 'ehlo', code: 504, reason: 'HELO was refused with 504' },
    ],
    ['HELO alone', agreeable({ EHLO: '500 what?' }), {}, [], { stage: 'open', code: 221, reason: 'quit' }],
    [
      'no STARTTLS',
      agreeable(),
      { tls: 'starttls' },
      [],
      { stage: 'tls', code: 0, reason: 'the server does not offer STARTTLS' },
    ],
    [
      'STARTTLS refused',
      agreeable({ EHLO: offers('STARTTLS'), STARTTLS: '454 not now' }),
      { tls: 'starttls' },
      [],
      { stage: 'tls', code: 454, reason: 'STARTTLS was refused with 454' },
    ],
    [
      'hung up at STARTTLS',
      agreeable({ EHLO: offers('STARTTLS'), STARTTLS: undefined }),
      { tls: 'starttls' },
      [],
      { stage: 'tls', code: 0, reason: 'the connection was closed' },
    ],
    [
      'no AUTH',
      agreeable(),
      { auth },
      [],
      { stage: 'auth', code: 0, reason: 'the server does not offer AUTH PLAIN (it offers no AUTH)' },
    ],
    [
      'AUTH refused',
      agreeable({ EHLO: offers('AUTH PLAIN'), AUTH: '535 5.7.8 wrong' }),
      { auth },
      [],
      { stage: 'auth', code: 535, reason: 'AUTH was refused with 535' },
    ],
    [
      'AUTH refused for now',
      agreeable({ EHLO: offers('AUTH PLAIN'), AUTH: '454 4.7.0 later' }),
      { auth },
      [],
      { stage: 'auth', code: 454, reason: 'AUTH was refused with 454' },
    ],
    [
      'a code unasked',
      agreeable({ EHLO: '250 mx\r\n451 by the way' }),
      {},
      ['wait'],
      { stage: 'open', code: 451, reason: 'the server says 451 unasked' },
    ],
    [
      '421 on an idle connection',
      agreeable({ EHLO: '250 mx\r\n421 idle for too long' }),
      {},
      ['wait'],
      { stage: 'open', code: 421, reason: 'the server closes the connection with 421' },
    ],
  ];
  for (const [name, answers, target, work, end] of rows) {
    const { port } = await serveAnswers(t, answers);
    const conversation = await converse({ port, ...target }, work);
    assert.deepEqual(conversation.end, { ...end, wasReady: end.stage === 'open' }, name);
    assert.equal(conversation.opened, end.stage === 'open' ? 1 : 0, name);
  }
});

test('nobody listens, or TLS is not what the other side speaks', async (t) => {
  const closed = await unusedPort();
  const refused = await converse({ port: closed }, []);
  assert.deepEqual(
    { ...refused.end, reason: '' },
    { stage: 'connect', code: 0, reason: '', wasReady: false },
  );
  assert.match(refused.end.reason, /ECONNREFUSED/);

  // What is said in the clear behind the reply to STARTTLS is not listened to (RFC 3207 section 6).
  const injected = agreeable({ EHLO: '250-mx\r\n250 STARTTLS', STARTTLS: '220 go\r\n250 evil' });
  for (const [tls, answers, reason] of [
    ['implicit', agreeable(), /wrong version number/],
    ['starttls', injected, /no reply within 0.25 s/],
  ] as const) {
    const { port } = await serveAnswers(t, answers);
    const { end } = await converse({ port, tls }, [], { timeoutMs: 250 });
    assert.deepEqual({ ...end, reason: '' }, { stage: 'tls', code: 0, reason: '', wasReady: false }, tls);
    assert.match(end.reason, reason);
  }
});

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

test('421 ends what is under way with its code, whatever it answers', async (t) => {
  const rows: [string, Answers, boolean, number[], [number, string, number][]][] = [
    ['MAIL', agreeable({ MAIL: '421 no' }), false, [0, 1], [[0, 'refused', 421]]],
    ['one of two recipients', agreeable({ 'RCPT TO:<u1': '421 no' }), false, [1], [[1, 'refused', 421]]],
    ['DATA', agreeable({ DATA: '421 no' }), false, [0], [[0, 'refused', 421]]],
    ['the dot', agreeable({ '.': '421 no' }), false, [0], [[0, 'refused', 421]]],
    [
      'the dot, with an envelope behind it',
      agreeable({ '.': '421 no' }),
      true,
      [0, 1],
      [
        [0, 'refused', 421],
        [1, 'refused', 421],
      ],
    ],
    [
      'MAIL of the envelope behind a message',
      agreeable({ 'MAIL FROM:<b-1@': '421 enough' }),
      true,
      [0, 1],
      [
        [0, 'confirmed', 250],
        [1, 'refused', 421],
      ],
    ],
    [
      'a hang-up instead',
      agreeable({ '.': undefined }),
      true,
      [0, 1],
      [
        [0, 'unconfirmed', 0],
        [1, 'refused', 0],
      ],
    ],
  ];
  for (const [name, answers, ahead, messages, expected] of rows) {
    const { port } = await serveAnswers(t, answers);
    const { results, end } = await converse({ port }, send(...messages), { ahead });
    assert.deepEqual(
      results.map(({ message, state, code }) => [message, state, code]),
      expected,
      name,
    );
    assert.equal(end.code, expected.at(-1)?.[2], name);
  }
});

/** Messages with 1, 2 and 3 recipients, of which some are refused, and one that MAIL refuses. */
const quirky = (): Answers => {
  let refused = false;
  const answers = agreeable({
    'RCPT TO:<u1@': '550-no such\r\n550 user',
    'MAIL FROM:<b-3@': '452 4.3.1 full',
  });
  return (command) => {
    const outOfOrder = refused && /^(RCPT|DATA)/.test(command);
    if (command.startsWith('MAIL')) refused = command.includes('b-3@');
    return outOfOrder ? '503 MAIL first' : answers(command);
  };
};
const quirkyWork: Work[] = [...send(0, 1, 2), 'noop', ...send(3, 0)];
const outcomes = [
  [0, 'confirmed', 250, []],
  [1, 'confirmed', 250, [{ slot: 1, code: 550 }]],
  [2, 'confirmed', 250, [{ slot: 1, code: 550 }]],
  [3, 'refused', 452, []],
  [0, 'confirmed', 250, []],
];

test('each reply is put to its command: pipelined, ahead, step by step, and in pieces', async (t) => {
  const inPieces =
    (cuts: readonly number[]) =>
    (socket: Socket, reply: string): void => {
      const places = [0, ...new Set(cuts.map((cut) => cut % reply.length)), reply.length];
      places.sort((a, b) => a - b);
      for (const [n, end] of places.slice(1).entries()) socket.write(reply.slice(places[n], end));
    };
  const check = async (answers: Answers, ahead: boolean, cuts: readonly number[]): Promise<void> => {
    const { port } = await serveAnswers(t, answers, { write: inPieces(cuts) });
    const { results, probes, end } = await converse({ port }, quirkyWork, { ahead });
    assert.deepEqual(
      results.map(({ message, state, code, refusedSlots }) => [message, state, code, refusedSlots]),
      outcomes,
    );
    assert.deepEqual([probes.length, probes[0]?.code, end.code], [1, 250, 221]);
  };
  const stepwise =
    (answers: Answers): Answers =>
    (command) =>
      command.startsWith('EHLO') ? '250 mx' : answers(command);
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.boolean(), fc.array(fc.nat(60)), async (pipelining, ahead, cuts) =>
      check(pipelining ? quirky() : stepwise(quirky()), ahead, cuts),
    ),
    { numRuns: 25 },
  );
});

test('commands as they are sent, and messages as they arrive', async (t) => {
  const step = (command: string): string | undefined =>
    command.startsWith('EHLO') ? '250 mx' : agreeable({ 'RCPT TO:<u0@': '550 no' })(command);
  const { port, commands, messages } = await serveAnswers(t, step);
  await converse({ port }, send(0, 1));
  assert.deepEqual(commands.slice(2), [
    'MAIL FROM:<b-0@a.test>',
    'RCPT TO:<u0@b.test>',
    'RSET',
    'MAIL FROM:<b-1@a.test>',
    'RCPT TO:<u0@b.test>',
    'RCPT TO:<u1@b.test>',
    'DATA',
    '.',
    'QUIT',
  ]);
  assert.deepEqual(messages, ['Subject: 1\r\n\r\n..dot\r\nbody\r\n']);
});

test('messages of every size arrive as they were, and so do many at once', async (t) => {
  const sizes = [0, 100, 16_000, 16_384, 16_385, 70_000, 1_000_000];
  const body = (n: number): Buffer =>
    Buffer.from(`${String.fromCharCode(97 + n)}\r\n`.repeat((sizes[n] ?? 0) / 3));
  const { port, messages } = await serveAnswers(t, agreeable());
  const work = send(...sizes.keys(), ...sizes.keys());
  await Promise.all(
    Array.from({ length: 5 }, () =>
      converse({ port }, work, {
        ahead: true,
        messages: (n) => ({
          sender: 'a@a.test',
          recipients: ['b@b.test'],
          head: 'X: \xe9\r\n\r\n',
          body: body(n),
          eightBit: true,
        }),
      }),
    ),
  );
  const expected = sizes.map((_, n) => `X: \xe9\r\n\r\n${body(n).toString()}`);
  const count = new Map<string, number>();
  for (const message of messages) count.set(message, (count.get(message) ?? 0) + 1);
  assert.deepEqual(
    expected.map((message) => count.get(message)),
    sizes.map(() => 10),
  );
  assert.equal(messages.length, 10 * sizes.length);
});

test('MAIL says that a message has 8-bit bytes, where the server takes them', async (t) => {
  const rows: [offer: string, ahead: boolean, mails: string[]][] = [
    ['250 8BITMIME', false, ['<b-0@a.test>', '<b-1@a.test> BODY=8BITMIME', '<b-2@a.test>']],
    ['250-PIPELINING\r\n250 8BITMIME', true, ['<b-0@a.test>', '<b-1@a.test> BODY=8BITMIME', '<b-2@a.test>']],
    ['250 SIZE 1000', false, ['<b-0@a.test>', '<b-1@a.test>', '<b-2@a.test>']],
  ];
  for (const [offer, ahead, mails] of rows) {
    const served = await serveAnswers(t, agreeable({ EHLO: `250-mx.test\r\n${offer}` }));
    const { results } = await converse({ port: served.port }, send(0, 1, 2), {
      ahead,
      messages: (n) => ({ ...shortMessages(n), eightBit: n === 1 }),
    });
    assert.deepEqual(
      results.map(({ state }) => state),
      ['confirmed', 'confirmed', 'confirmed'],
    );
    const said = served.commands.filter((command) => command.startsWith('MAIL'));
    assert.deepEqual(
      said.map((command) => command.slice('MAIL FROM:'.length)),
      mails,
      offer,
    );
  }
});

test('NOOP tells when it was sent and answered; its end comes with that of the connection', async (t) => {
  const good = await serveAnswers(t, agreeable());
  assert.deepEqual((await converse({ port: good.port }, ['noop', 'noop'])).probes, [
    { code: 250, sentAt: 3, doneAt: 4 },
    { code: 250, sentAt: 5, doneAt: 6 },
  ]);
  for (const [reply, code] of [
    ['421 enough', 421],
    [undefined, 0],
  ] as const) {
    const { port } = await serveAnswers(t, agreeable({ NOOP: reply }));
    const { probes, end } = await converse({ port }, ['noop', 'noop']);
    assert.deepEqual([probes, end.code], [[{ code, sentAt: 3, doneAt: 4 }], code]);
  }
});

test('silence ends a session that waits for a reply, at every stage; one that has nothing to do lives on', async (t) => {
  const timeoutMs = 250;
  const reason = 'no reply within 0.25 s';
  const { port } = await serveAnswers(t, agreeable({ NOOP: '' }));
  let ended = false;
  let idling: Promise<Conversation> | undefined;
  const idle = await new Promise<Session>((resolve) => {
    idling = converse({ port }, ['wait'], { timeoutMs, onWait: resolve });
    idling.then(() => {
      ended = true;
    });
  });
  const rows = [
    ['CONNECT', 'greeting'],
    ['EHLO', 'ehlo'],
    ['MAIL', 'open'],
    ['.', 'open'],
    ['QUIT', 'open'],
  ] as const;
  await Promise.all(
    rows.map(async ([command, stage]) => {
      const silent = await serveAnswers(t, agreeable({ [command]: '' }));
      const { end, results } = await converse({ port: silent.port }, send(0), { timeoutMs });
      const wasReady = stage === 'open';
      assert.deepEqual(end, { stage, code: 0, reason, wasReady }, command);
      if (command === '.') assert.equal(results[0]?.state, 'unconfirmed');
    }),
  );
  // Its own time passed before theirs.
  assert.equal(ended, false);
  idle.noop({ due: 0 });
  const { end, probes } = (await idling) as Conversation;
  assert.deepEqual(end, { stage: 'open', code: 0, reason, wasReady: true });
  assert.equal(probes[0]?.code, 0);
});

test('a session that is destroyed ends what is under way as it stands', async (t) => {
  const sessions: Session[] = [];
  const { port } = await serveAnswers(t, (command) => {
    if (command === '.') for (const session of sessions) session.destroy('enough');
    return agreeable()(command);
  });
  const { end, results } = await converse({ port }, send(0, 1), {
    ahead: true,
    onOpened: (session) => sessions.push(session),
  });
  assert.deepEqual(end, { stage: 'open', code: 0, reason: 'enough', wasReady: true });
  assert.deepEqual(
    results.map(({ message, state }) => [message, state]),
    [
      [0, 'unconfirmed'],
      [1, 'refused'],
    ],
  );
});

test('over IPv6, and from an address of its own', async (t) => {
  const rows: [string, string][] = [['::1', '::1']];
  if (platform === 'linux') rows.push(['127.0.0.1', '127.0.0.77']);
  for (const [address, localAddress] of rows) {
    const served = await listen(t, address);
    if (!served) continue;
    const { end } = await converse({ address, localAddress, port: served.port }, []);
    assert.deepEqual([end.code, served.sources], [221, [localAddress]]);
  }
});

async function listen(t: TestContext, host: string): Promise<Served | undefined> {
  try {
    return await serveAnswers(t, agreeable(), { host });
  } catch {
    lacking(t, `this machine has no ${host}`);
    return undefined;
  }
}
