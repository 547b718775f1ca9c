import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HUGE_BYTES,
  MALFORMED_SHAPES,
  type MalformedShape,
  malformed,
  NESTED_DEEP,
} from '../../../../../fakes/feedback/forms/malformed.ts';
import { returnedMail } from '../../../../../fakes/feedback/forms/returned-mail.ts';
import { subjectAbout } from '../../../../support/feedback-samples.ts';
import { assertGolden } from '../../../../support/golden.ts';

const TO = 'b-42@news.sender.test';
const made = new Map(
  MALFORMED_SHAPES.map((shape) => [shape, malformed(subjectAbout('malformed'), TO, shape).text]),
);
const text = (shape: MalformedShape) => made.get(shape) ?? '';

for (const shape of ['truncated', 'no-parts', 'wrong-report-type', 'no-recipient'] as const) {
  test(`a malformed report of the shape ${shape} looks as it did`, () => {
    assertGolden(`test/golden/feedback/malformed-${shape}.txt`, text(shape).replaceAll('\r\n', '\n'));
  });
}

const truths: readonly [shape: MalformedShape, what: string, holds: (text: string) => boolean][] = [
  ['truncated', 'is cut in its fields', (t) => /\r\nVersion: 1\r\nOriginal\r\n$/.test(t)],
  ['no-parts', 'has no part', (t) => t.split(/boundary="(.*)"/)[1] !== undefined && !t.includes('\r\n--')],
  ['header-injection', 'has bare CR and no bare LF', (t) => /\r(?!\n)/.test(t) && !/(?<!\r)\n/.test(t)],
  [
    'header-injection',
    'names no message where lines end in CRLF',
    (t) => !/\r\nX-Windtunnel-Message/.test(t),
  ],
  [
    'header-injection',
    'names another message where bare CR ends a line, or an encoded CRLF',
    (t) => /\rX-Windtunnel-Message: 4294967294/.test(t) && /=0D=0AX-Windtunnel-Message:_4294967294/.test(t),
  ],
  ['wrong-charset', 'has bytes above 127', (t) => /[\x80-\xff]/.test(t)],
  ['binary', 'has NUL and all other bytes that are no line ends', (t) => new Set(t).size === 256],
  [
    'nested',
    'is a thousand multiparts deep',
    (t) => t.match(/^Content-Type: multipart/gm)?.length === NESTED_DEEP,
  ],
  ['nested', 'closes them all', (t) => t.match(/^--[0-9a-f]{8}-\d+--\r$/gm)?.length === NESTED_DEEP],
  ['huge', 'has ten megabytes', (t) => t.length > HUGE_BYTES * 0.99],
  ['huge', 'is below what Postfix takes by default', (t) => t.length < 10_240_000],
];

for (const [shape, what, holds] of truths) {
  test(`a malformed report of the shape ${shape} ${what}`, () => assert.ok(holds(text(shape))));
}

test('no shape has lines that SMTP does not carry, or characters that are no bytes', () => {
  for (const shape of MALFORMED_SHAPES) {
    assert.ok(
      text(shape)
        .split('\r\n')
        .every((line) => line.length <= 998),
      shape,
    );
    assert.ok(text(shape).endsWith('\r\n'), shape);
    assert.doesNotMatch(text(shape), /[\u0100-\uffff]/, shape);
  }
});

test('chance finds every shape, and the rare one rarely', () => {
  const found = new Map<number, number>();
  const sizes = new Set([...made.values()].map((each) => each.length));
  for (let seed = 0; seed < 400; seed++) {
    const { length } = returnedMail(subjectAbout('malformed', { seed })).text;
    found.set(length, (found.get(length) ?? 0) + 1);
  }
  assert.ok(found.size >= sizes.size);
  assert.ok([...found].filter(([size]) => size > 1e6).reduce((sum, [, count]) => sum + count, 0) < 20);
});
