import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerField, signingDomain } from '../../../../fakes/isp/header.ts';

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

for (const [name, value, expected] of [
  ['as it is written', 'v=1; a=rsa-sha256; d=news.Sender.test; s=windtunnel; bh=x', 'news.sender.test'],
  ['folded, first, without blanks', 'd=a.test;\r\n v=1', 'a.test'],
  ['with blanks around', 'v=1;\r\n\td = a.test ; i=@b.test', 'a.test'],
  ['not another tag that ends in d', 'v=1; xd=a.test', undefined],
] as const) {
  test(`the domain that signed: ${name}`, () => {
    assert.equal(signingDomain(`To: a\r\nDKIM-Signature: ${value}\r\n\r\n`), expected);
  });
}

test('nobody signed', () => {
  assert.equal(signingDomain('To: a\r\n\r\nDKIM-Signature: d=a.test\r\n'), undefined);
});
