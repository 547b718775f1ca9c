import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplyReader } from '../../../src/driver/reply-reader.ts';

/** All replies in the pieces, with the code alone or with the text too. */
function read(pieces: readonly Buffer[], keepText: boolean): (number | [number, string])[] {
  const reader = new ReplyReader();
  reader.keepText = keepText;
  const replies: (number | [number, string])[] = [];
  // As a session has it: every piece in the same memory, with what was there before behind it.
  const memory = Buffer.alloc(4096, '250 stale\r\n');
  for (const piece of pieces) {
    reader.take(memory, piece.copy(memory));
    while (reader.next()) replies.push(keepText ? [reader.code, reader.text] : reader.code);
  }
  return replies;
}

const rows: [string, string, [number, string][]][] = [
  ['one line', '250 ok\r\n', [[250, 'ok\r\n']]],
  ['no text', '250\r\n', [[250, '\r\n']]],
  ['no text, a blank', '250 \r\n', [[250, '\r\n']]],
  ['no CR', '354 go\n', [[354, 'go\n']]],
  ['neither text nor CR', '250\n', [[250, '\n']]],
  ['several lines', '250-mx\r\n250-SIZE 10\r\n250 HELP\r\n', [[250, 'mx\r\nSIZE 10\r\nHELP\r\n']]],
  [
    'several replies',
    '250 a\r\n550-b\r\n550 c\r\n354 d\r\n',
    [
      [250, 'a\r\n'],
      [550, 'b\r\nc\r\n'],
      [354, 'd\r\n'],
    ],
  ],
  ['a hyphen in the text', '250 a-b\r\n', [[250, 'a-b\r\n']]],
  ['not finished', '250-a\r\n250 b', []],
  ['no code', 'hello\r\n', [[0, 'hello\r\n']]],
  ['an empty line', '\r\n', [[0, '\r\n']]],
  ['too few digits', '25 ok\r\n', [[0, ' ok\r\n']]],
  ['too many digits', '2500 ok\r\n', [[0, '0 ok\r\n']]],
  [
    'one line of several is no SMTP, the next reply is',
    '250-a\r\n250-b\r\n250=c\r\n250 d\r\n',
    [
      [0, 'a\r\nb\r\n=c\r\n'],
      [250, 'd\r\n'],
    ],
  ],
  ['bytes beyond ASCII', '250 \xe9\xff\r\n', [[250, '\xe9\xff\r\n']]],
];

test('what a server says is cut into replies', () => {
  for (const [name, said, expected] of rows) {
    assert.deepEqual(read([Buffer.from(said, 'latin1')], true), expected, name);
    assert.deepEqual(
      read([Buffer.from(said, 'latin1')], false),
      expected.map(([code]) => code),
      name,
    );
  }
});

test('whatever pieces it comes in', () => {
  const all = Buffer.from(rows.map(([, said]) => said).join(''), 'latin1');
  const whole = [read([all], true), read([all], false)];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: all.length - 1 })), (cuts) => {
      const places = [0, ...new Set(cuts), all.length].sort((a, b) => a - b);
      const pieces = places.slice(1).map((end, n) => all.subarray(places[n], end));
      assert.deepEqual([read(pieces, true), read(pieces, false)], whole);
    }),
  );
});

test('what is discarded leaves no trace, and endless text is not kept', () => {
  const reader = new ReplyReader();
  reader.keepText = true;
  const first = Buffer.from('220 go\r\n550-inj');
  reader.take(first, first.length);
  assert.ok(reader.next());
  reader.discard();
  assert.equal(reader.next(), false);
  const endless = Buffer.from(`250-${'x'.repeat(10_000)}\r\n`.repeat(20));
  for (const piece of [endless, Buffer.from('250 y\r\n')]) {
    reader.take(piece, piece.length);
    if (reader.next()) break;
  }
  assert.equal(reader.code, 250);
  assert.ok(reader.text.length < 40_000);
});
