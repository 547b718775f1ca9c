import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneClickOf } from '../../../../fakes/feedback/one-click.ts';

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
  const rows: [string, readonly string[], ReturnType<typeof oneClickOf>][] = [
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
    ['an address alone', [COVERED, MAILTO, POST], undefined],
    ['nothing', ['Subject: x'], undefined],
  ];
  for (const [name, fields, expected] of rows)
    assert.deepEqual(oneClickOf(`${fields.join('\r\n')}\r\n`), expected, name);
});
