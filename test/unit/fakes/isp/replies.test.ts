import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileNames } from '../../../../fakes/isp/profile.ts';
import { loadReplies, repliesById, replyInShort } from '../../../../fakes/isp/replies.ts';
import { asset } from '../../../../src/core/assets.ts';
import { inFolder } from './profiles-for-tests.ts';

const ISPS = { gmail: ['G', 55], yahoo: ['Y', 43], outlook: ['O', 49] } as const;

for (const name of profileNames()) {
  const replies = loadReplies(asset('fakes', name, 'replies.yaml'));

  test(`${name} has every reply of the catalogue, with a source and a mark`, () => {
    const [letter, last] = ISPS[name as keyof typeof ISPS];
    const rows = Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
    const there = new Set(replies.map(({ id }) => id.split('-')[0]));
    assert.deepEqual(
      rows.filter((row) => !there.has(row)),
      [],
    );
    for (const reply of replies) {
      assert.ok(
        reply.source.length > 0 && reply.source !== 'none' ? true : reply.mark === 'assumed',
        reply.id,
      );
      // What is not on record can't be known better on the wire.
      if (reply.mark === 'assumed') assert.equal(reply.wire, 'assumed', reply.id);
    }
  });

  test(`${name} says each success once, and what can be asked for without a message`, () => {
    const success = replies.filter((r) => r.class === 'accepted').map((r) => r.id.slice(2));
    for (const answer of ['greeting', 'ehlo', 'helo', 'starttls', 'mail', 'rcpt', 'data', 'dot']) {
      assert.ok(success.includes(answer), answer);
    }
    for (const answer of ['reset', 'noop', 'vrfy', 'quit']) assert.ok(success.includes(answer), answer);
  });
}

test('Yahoo and Outlook speak on one line, except to EHLO', () => {
  for (const name of ['yahoo', 'outlook']) {
    const long = loadReplies(asset('fakes', name, 'replies.yaml')).filter((r) => r.lines.length > 1);
    assert.deepEqual(
      long.map((r) => r.id),
      [name === 'yahoo' ? 'Y-ehlo' : 'O-ehlo'],
    );
  }
});

test('replies that break a rule of RFC 5321 or RFC 3463 are few and known', () => {
  const all = profileNames().flatMap((name) => loadReplies(asset('fakes', name, 'replies.yaml')));
  const mixed = all.filter((r) => r.enhanced !== null && !r.enhanced.startsWith(String(r.code).charAt(0)));
  assert.deepEqual(
    mixed.map((r) => [r.id, r.code, r.enhanced]),
    [
      ['G32-perm', 421, '5.7.32'],
      ['G54-repeated', 454, '5.5.1'],
    ],
  );
  assert.deepEqual(
    all.filter((r) => r.code === 421 && !r.closes).map((r) => r.id),
    [],
  );
  // Codes that say one thing and mean another: Yahoo's 421 that is for good, Microsoft's 554 that lasts an hour.
  for (const id of ['Y7', 'O33', 'O34', 'G32-perm']) {
    assert.ok(all.find((r) => r.id === id)?.note, id);
  }
});

test('what a reply means, by its id', () => {
  const gmail = repliesById(loadReplies(asset('fakes', 'gmail', 'replies.yaml')));
  for (const [id, meaning, short] of [
    ['G2', 'throttled', '421 4.7.28 [{ip} 15] Our system has detected an unusual rate of…'],
    ['G15', 'rejected', '550 5.1.1 The email account that you tried to reach does not exist.…'],
    ['G36', 'deferred', '451 4.4.2 Timeout - closing connection. For more information, go to…'],
    ['G-dot', 'accepted', '250 2.0.0 OK {ts}'],
    ['G-data', 'accepted', '354 Go ahead'],
  ] as const) {
    const reply = gmail.get(id);
    assert.equal(reply?.class, meaning);
    assert.equal(reply && replyInShort(reply), short);
  }
  assert.deepEqual(gmail.get('G38')?.stages, [
    'ehlo',
    'connect',
    'starttls',
    'mail',
    'rcpt',
    'data',
    'dot',
    'idle',
  ]);
  assert.deepEqual(gmail.get('G46')?.stages, ['dot', 'mail']);
  assert.equal(gmail.get('G63'), undefined);
});

const good =
  '{ id: T1, stage: rcpt, code: 550, enhanced: 5.1.1, text: no, class: rejected, source: s, mark: observed }';

test('a reply may have one text or lines', () => {
  const lines = good.replace('text: no', 'lines: [no, "not {rcpt}"]').replace('T1', 'T2');
  const replies = inFolder('', `- ${good}\n- ${lines}\n`, (path) =>
    loadReplies(join(path, '../replies.yaml')),
  );
  assert.deepEqual(
    replies.map((r) => [r.id, r.lines, r.closes]),
    [
      ['T1', ['no'], false],
      ['T2', ['no', 'not {rcpt}'], false],
    ],
  );
});

for (const [name, from, to, expected] of [
  ['code', '550', 'x50', '2:26: 1.code: found "x50"; expected number'],
  ['code out of range', '550', '150', '2:26: 1.code: found 150; expected an SMTP code from 200 to 599'],
  [
    'stage',
    'rcpt',
    'rcp',
    '2:13: 1.stage: found "rcp"; expected one of connect, ehlo, starttls, mail, rcpt, data, dot, idle',
  ],
  ['enhanced', '5.1.1', '3.1', '2:37: 1.enhanced: found 3.1; expected string'],
  [
    'enhanced',
    '5.1.1',
    '3.1.0',
    '2:37: 1.enhanced: found "3.1.0"; expected an enhanced status code such as 4.7.28, or null',
  ],
  ['key', 'mark', 'marc', '2:92: 1.marc: unknown key "marc"; did you mean mark?'],
  [
    'missing',
    ', mark: observed',
    '',
    '2:3: 1.mark: found nothing; expected one of documented, observed, assumed',
  ],
  [
    'class',
    'rejected',
    'deferred',
    '2:64: 1.class: found deferred with code 550; expected 2xx or 3xx accepted, 4xx throttled or deferred, 5xx rejected',
  ],
  ['text', ', text: no', '', '2:5: 1.id: T2 has neither text and lines; expected one of them'],
  [
    'placeholder',
    'no',
    '"no {rcp}"',
    '2:54: 1.text: found "no {rcp}"; unknown placeholder "rcp"; did you mean rcpt?',
  ],
  [
    'line',
    'no',
    '"no\\nnever"',
    '2:54: 1.text: found "no\\nnever"; expected printable ASCII on one line (RFC 5321 section 4.2)',
  ],
  [
    'success',
    'rejected',
    'accepted',
    '2:64: 1.class: found accepted with code 550; expected 2xx or 3xx accepted',
  ],
  [
    'enhanced of another class',
    '5.1.1',
    '4.1.1',
    '2:37: 1.enhanced: found 4.1.1 with code 550; expected the same first digit',
  ],
  [
    'closing',
    'source',
    'closes: true, source',
    '2:81: 1.closes: 550 does not say that the connection is closed; expected "closing" to say how it is known',
  ],
  [
    '421',
    'code: 550, enhanced: 5.1.1, text: no, class: rejected',
    'code: 421, enhanced: 4.1.1, text: no, class: deferred',
    '2:3: 1.closes: 421 says that the connection is closed',
  ],
  [
    'stages',
    'stage: rcpt',
    'stage: rcpt, also: some',
    '2:26: 1.also: found "some"; expected any, or a list of stages',
  ],
  ['id twice', 'T2', 'T1', '2:5: 1.id: T1 is there twice'],
  ['id', 'T2', 'two', '2:5: 1.id: found "two"; expected an id such as G2, G29-temp or G-dot'],
  ['yaml', 'text: no', 'text: "no', '3:'],
] as const) {
  test(`a wrong reply is refused with its place: ${name} ${to}`, () => {
    const text = `- ${good}\n- ${good.replace('T1', 'T2').replace(from, to)}\n`;
    inFolder('', text, (profile) => {
      const file = join(profile, '../replies.yaml');
      assert.throws(
        () => loadReplies(file),
        (error: Error & { kind?: string }) => {
          assert.equal(error.kind, 'invalid-scenario');
          const found = error.message.split('\n').some((line) => line.startsWith(`${file}:${expected}`));
          assert.ok(found, error.message);
          return true;
        },
      );
    });
  });
}

test('all faults are told at once', () => {
  const text = `- ${good.replace('550', 'x')}\n- ${good.replace('rcpt', 'y')}\n`;
  inFolder('', text, (profile) => {
    assert.throws(
      () => loadReplies(join(profile, '../replies.yaml')),
      (error: Error) => error.message.split('\n').length === 2,
    );
  });
});

test('a file that is not there', () => {
  assert.throws(() => loadReplies('/nowhere/replies.yaml'), /can't read \/nowhere\/replies.yaml/);
});
