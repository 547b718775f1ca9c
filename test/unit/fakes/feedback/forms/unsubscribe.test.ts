import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnedMail } from '../../../../../fakes/feedback/forms/returned-mail.ts';
import { unsubscribeMail } from '../../../../../fakes/feedback/forms/unsubscribe.ts';
import { headerFields } from '../../../../../fakes/isp/rfc5322.ts';
import { ACCEPTED, subjectAbout } from '../../../../support/feedback-samples.ts';

const plain = { to: 'u@news.sender.test', subject: 'unsubscribe', body: '' };
const lists: readonly [value: string, expected: ReturnType<typeof unsubscribeMail>][] = [
  ['<mailto:u@news.sender.test>', plain],
  ['<https://news.sender.test/u>,\r\n <MAILTO:u@news.sender.test>', plain],
  ['<mailto:a@b.test>, <mailto:c@d.test>', { ...plain, to: 'a@b.test' }],
  [
    '<mailto:u@news.sender.test?subject=stop%20it&Body=now>',
    { to: 'u@news.sender.test', subject: 'stop it', body: 'now' },
  ],
  ['<mailto:u@news.sender.test?subject=>', plain],
  ['<mailto:u%2Bme@news.sender.test>', { ...plain, to: 'u+me@news.sender.test' }],
  ['<mailto:u@news.sender.test?subject=%zz>', { ...plain, subject: '%zz' }],
  ['<mailto:u@news.sender.test?subject=gr%C3%BCn>', { ...plain, subject: 'gr\xc3\xbcn' }],
  ['<https://news.sender.test/u>', undefined],
  ['mailto:u@news.sender.test', undefined],
  ['<mailto:>', undefined],
  ['', undefined],
];

for (const [value, expected] of lists) {
  test(`${value || 'no List-Unsubscribe'} wants ${JSON.stringify(expected)}`, () => {
    const header = `From: a@b.test\r\nList-Unsubscribe: ${value}\r\n`;
    assert.deepEqual(unsubscribeMail({ ...ACCEPTED, header }), expected);
  });
}

test('what a URL asks to be in Subject and body makes no fields', () => {
  const header =
    'List-Unsubscribe: <mailto:u@news.sender.test?subject=a%0D%0ABcc:%20b@c.test&body=x%0ADATA%0D%0A.%0D%0Ay>\r\n';
  const { text } = returnedMail(subjectAbout('unsubscribe', { message: { header } }));
  const fields = headerFields(text);
  assert.equal(fields.find(({ name }) => name === 'Subject')?.value, 'a Bcc: b@c.test');
  assert.equal(
    fields.find(({ name }) => name === 'Bcc'),
    undefined,
  );
  assert.equal(text.slice(text.indexOf('\r\n\r\n') + 4), 'x\r\nDATA\r\n.\r\ny\r\n');
});
