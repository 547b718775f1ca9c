import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Content, DataReader, lineEnd } from '../../../../fakes/isp/smtp-lines.ts';

/** Feeds the text in these pieces, keeping what was not read, as a receiver does. */
function read(pieces: readonly string[], keep = 1000, textLine: number | null = null) {
  const content = new Content(keep, textLine);
  const reader = new DataReader(content);
  let rest = Buffer.alloc(0);
  for (const piece of pieces) {
    const bytes = Buffer.concat([rest, Buffer.from(piece, 'latin1')]);
    const chunk = Buffer.from(bytes);
    const at = reader.ended ? 0 : reader.push(chunk, 0);
    content.own();
    chunk.fill(0);
    rest = bytes.subarray(at);
    if (!reader.ended) assert.ok(rest.length <= 4, 'the reader leaves no more than may begin the end');
  }
  return {
    ended: reader.ended,
    rest: rest.toString('latin1'),
    bytes: content.bytes,
    kept: content.kept.toString('latin1'),
    longText: content.longText,
  };
}

test('where a line ends', () => {
  for (const [text, at, end] of [
    ['NOOP\r\n', 0, 4],
    ['NOOP\r\nRSET\r\n', 6, 10],
    ['\r\n', 0, 0],
    ['NOOP\n', 0, -1],
    ['NOOP\r', 0, -1],
    ['NO\nOP\r\n', 0, 5],
    ['NO\rOP\r\n', 0, 5],
    ['\nNOOP\r\n', 0, 5],
    // What was read already is not looked at again.
    ['\r\n', 1, -1],
    ['', 0, -1],
  ] as const) {
    assert.equal(lineEnd(Buffer.from(text), at), end, JSON.stringify(text));
  }
});

test('only CRLF.CRLF ends a message, and dots that were added go', () => {
  for (const [text, kept, rest] of [
    ['.\r\n', '', ''],
    ['a\r\n.\r\nNOOP\r\n', 'a\r\n', 'NOOP\r\n'],
    ['\r\n.\r\n', '\r\n', ''],
    ['..\r\n.\r\n', '.\r\n', ''],
    ['a\r\n...b\r\n.\r\n', 'a\r\n..b\r\n', ''],
    ['a\r\n.\r\r\n.\r\n', 'a\r\n\r\r\n', ''],
    ['a\n.\nb\r.\rc\r\n.\nd\n.\r\ne\r\n.\r\n', 'a\n.\nb\r.\rc\r\n\nd\n.\r\ne\r\n', ''],
    ['a\r\n..\r\n.\r\n', 'a\r\n.\r\n', ''],
  ] as const) {
    const whole = read([text]);
    assert.deepEqual(whole, { ended: true, rest, bytes: kept.length, kept, longText: false });
    assert.deepEqual(read([...text]), whole, JSON.stringify(text));
    for (let at = 1; at < text.length; at++)
      assert.deepEqual(read([text.slice(0, at), text.slice(at)]), whole, `${JSON.stringify(text)} at ${at}`);
  }
});

test('a message that does not end is read as far as it goes', () => {
  for (const [text, bytes] of [
    ['', 0],
    ['.', 0],
    ['.\r', 0],
    ['a\r\n', 1],
    ['a\r\n.', 1],
    ['a\r\n.\r', 1],
    ['a\r', 1],
    ['a\n.\n', 4],
  ] as const) {
    const { ended, bytes: read1 } = read([text]);
    assert.deepEqual([ended, read1], [false, bytes], JSON.stringify(text));
  }
});

test('the first bytes are kept, and all are counted', () => {
  const text = `${'x'.repeat(50)}\r\n..y\r\n.\r\n`;
  for (const keep of [0, 1, 51, 53, 1000]) {
    const { kept, bytes } = read([text], keep);
    assert.deepEqual([kept, bytes], [`${'x'.repeat(50)}\r\n.y\r\n`.slice(0, keep), 56]);
  }
});

test('lines that are too long are seen, wherever the packets break', () => {
  const line = (length: number): string => `${'x'.repeat(length)}\r\n`;
  for (const [text, longText] of [
    [line(8), false],
    [line(9), true],
    [line(8).repeat(5), false],
    [line(1) + line(9) + line(1), true],
    [line(8) + line(8) + line(9), true],
    ['x'.repeat(8), false],
    ['x'.repeat(9), true],
    ['x'.repeat(30), true],
    // The dot that was added does not count (RFC 5321 section 4.5.3.1.6).
    [`a\r\n.${line(8)}`, false],
    ['x\n'.repeat(10), true],
  ] as const) {
    for (const pieces of [[`${text}\r\n.\r\n`], [...`${text}\r\n.\r\n`]])
      assert.equal(read(pieces, 0, 10).longText, longText, JSON.stringify(text));
  }
});

test('any text in any pieces is read as if it had come at once', () => {
  const text = fc.string({
    unit: fc.constantFrom('\r', '\n', '.', 'a', '\r\n', '\r\n.', '\r\n.\r\n'),
    maxLength: 40,
  });
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 5 }), { maxLength: 40 }), (body, sizes) => {
      const pieces: string[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(body.slice(at, at + size));
        at += size;
      }
      pieces.push(body.slice(at));
      const { ended, kept, bytes, rest } = read(pieces);
      // The plain rule on the whole text, which the command's CRLF precedes.
      const end = `\r\n${body}`.indexOf('\r\n.\r\n');
      assert.equal(ended, end >= 0);
      if (!ended) return;
      const content = body.slice(0, end).replace(/(^|\r\n)\./g, '$1');
      assert.deepEqual([kept, bytes, rest], [content, content.length, body.slice(end + 3)]);
    }),
    { numRuns: 3000, seed: 3 },
  );
});
