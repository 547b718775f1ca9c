import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileNames } from '../../../../fakes/isp/profile.ts';
import { loadReplies, MARKS } from '../../../../fakes/isp/replies.ts';
import { asset } from '../../../../src/core/assets.ts';
import { STAGES } from '../../../../src/record/attempt-log.ts';
import { inFolder } from './profiles-for-tests.ts';

test('every reply of every ISP has a source, a mark, a valid stage, and an id of its own', () => {
  assert.deepEqual(profileNames(), ['gmail', 'outlook', 'yahoo']);
  for (const name of profileNames()) {
    const replies = loadReplies(asset('fakes', name, 'replies.yaml'));
    assert.ok(replies.length >= 12, name);
    assert.equal(new Set(replies.map((r) => r.id)).size, replies.length);
    for (const reply of replies) {
      assert.ok(reply.source.length > 0, reply.id);
      assert.ok(MARKS.includes(reply.mark), reply.id);
      assert.ok(STAGES.includes(reply.stage), reply.id);
      // A 421 says that the connection is closed (RFC 5321 section 3.8).
      if (reply.code === 421) assert.equal(reply.closes, true, reply.id);
    }
  }
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
  ['id twice', 'T2', 'T1', '2:5: 1.id: T1 is there twice'],
  ['id', 'T2', 'two', '2:5: 1.id: found "two"; expected an id such as G2 or G-dot'],
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
