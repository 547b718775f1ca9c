import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wayOut } from '../../../../fakes/feedback/way-out.ts';

const URL = 'https://news.sender.test/unsubscribe/1/0';
const LIST = `List-Unsubscribe: <${URL}>`;
const POST = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click';
const MAILTO = 'List-Unsubscribe: <mailto:unsubscribe-1.0@news.sender.test?subject=x>';
const BOTH = `List-Unsubscribe: <mailto:unsubscribe-1.0@news.sender.test>,\r\n <${URL}>`;
const signed = (fields: string): string =>
  `DKIM-Signature: v=1; a=rsa-sha256; d=news.sender.test; s=s1;\r\n h=${fields}; bh=x; b=y`;
const COVERED = signed('From:List-Unsubscribe : list-unsubscribe-post');
const click = { url: URL, body: 'List-Unsubscribe=One-Click' };

test('one click needs an https URL, the field that allows it, and a signature over both', () => {
  const rows: [string, readonly string[], ReturnType<typeof wayOut>][] = [
    ['all there', [COVERED, LIST, POST], click],
    ['beside an address', [COVERED, BOTH, POST], click],
    ['in whatever case', [COVERED, LIST.toUpperCase().replace(URL.toUpperCase(), URL), POST], click],
    ['one of two signatures covers both', [signed('From'), COVERED, LIST, POST], click],
    ['no signature', [LIST, POST], undefined],
    ['a signature over one of them', [signed('from:list-unsubscribe'), LIST, POST], undefined],
    ['not allowed', [COVERED, LIST], undefined],
    ['allowed in other words', [COVERED, LIST, 'List-Unsubscribe-Post: yes'], undefined],
    ['no https', [COVERED, LIST.replace('https', 'http'), POST], undefined],
    ['no URL', [COVERED, 'List-Unsubscribe: <https://>', POST], undefined],
    ['not signed, but an address', [BOTH, POST], 'mail'],
    ['an address alone', [COVERED, MAILTO, POST], 'mail'],
    ['an address of nobody', ['List-Unsubscribe: <mailto:?subject=x@y>'], undefined],
    ['nothing', ['Subject: x'], undefined],
  ];
  for (const [name, fields, expected] of rows)
    assert.deepEqual(wayOut(`${fields.join('\r\n')}\r\n`, true), expected, name);
});

test('an ISP that asks no URLs writes, if it can', () => {
  assert.equal(wayOut(`${[COVERED, BOTH, POST].join('\r\n')}\r\n`, false), 'mail');
  assert.equal(wayOut(`${[COVERED, LIST, POST].join('\r\n')}\r\n`, false), undefined);
});
