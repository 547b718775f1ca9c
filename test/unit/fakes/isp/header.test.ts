import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerField } from '../../../../fakes/isp/header.ts';

for (const [name, head, expected] of [
  ['first field', 'X-Number: 7\r\nTo: a\r\n\r\n', '7'],
  ['later field, other case, no blank', 'To: a\r\nx-number:7\r\n\r\nbody', '7'],
  ['folded', 'X-Number:\r\n 7\r\n\t8\r\nTo: a\r\n\r\n', '7\t8'],
  ['empty', 'X-Number:\r\nTo: a\r\n\r\n', ''],
  ['in the body only', 'To: a\r\n\r\nX-Number: 7\r\n', undefined],
  ['part of another name', 'Old-X-Number: 7\r\n\r\n', undefined],
  ['cut off before the end', 'To: a\r\nX-Number: 7', '7'],
  ['no header', '', undefined],
] as const) {
  test(`a header field is found: ${name}`, () => {
    assert.equal(headerField(head, 'X-Number'), expected);
  });
}
