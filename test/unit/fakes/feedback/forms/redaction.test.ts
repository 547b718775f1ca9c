import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactionOf } from '../../../../../fakes/feedback/forms/redaction.ts';
import { returnedMail } from '../../../../../fakes/feedback/forms/returned-mail.ts';
import { FEEDBACK_SAMPLES, subjectAbout } from '../../../../support/feedback-samples.ts';

for (const { name, subject } of FEEDBACK_SAMPLES.filter(({ name }) => name.endsWith('-redacted'))) {
  test(`${name} does not tell whose it is`, () => {
    const { text } = returnedMail(subject);
    assert.doesNotMatch(text, /u8\.1/i);
    assert.match(text, /\bredacted@gmail\.com\b/);
    // Only Outlook's new form hides the reverse path as well.
    assert.equal(/\bb-42@/.test(text), !name.includes('jmrp-arf'));
  });

  test(`${name} still tells message and place, by the header`, () => {
    const { text } = returnedMail(subject);
    assert.match(text, /^To: u7\.0@yahoo\.com,\r\n redacted@gmail\.com,\r\n u9\.2@outlook\.com\r$/m);
    assert.match(text, /^X-Windtunnel-Message: 42\r$/m);
  });
}

const spellings: readonly [text: string, redacted: string][] = [
  ['<u8.1@gmail.com>', '<redacted@gmail.com>'],
  ['U8.1@GMail.com', 'redacted@GMail.com'],
  ['b+u8.1=gmail.com@news.sender.test', 'b+redacted=gmail.com@news.sender.test'],
  ['u8.1=gmail.com@news.sender.test', 'redacted=gmail.com@news.sender.test'],
  ['https://news.sender.test/?u8.1%40gmail.com', 'https://news.sender.test/?redacted%40gmail.com'],
  ['To u8.1@gmail.com. Bye', 'To redacted@gmail.com. Bye'],
  ['u18.1@gmail.com', 'u18.1@gmail.com'],
  ['x.u8.1@gmail.com', 'x.u8.1@gmail.com'],
  ['u8x1@gmail.com', 'u8x1@gmail.com'],
  ['u8.1@gmail.com.br', 'u8.1@gmail.com.br'],
  ['b-42@news.sender.test', 'redacted@news.sender.test'],
  ['unsubscribe-42.1@news.sender.test', 'unsubscribe-42.1@news.sender.test'],
];

for (const [text, expected] of spellings) {
  test(`${text} is redacted to ${expected}`, () => {
    const subject = subjectAbout('complaint', { redacted: true });
    assert.equal(redactionOf(subject, { sender: true })(text), expected);
    const open = subjectAbout('complaint', { redacted: false });
    assert.equal(redactionOf(open, { sender: true })(text), text);
  });
}

test('an address without an @ hides nothing', () => {
  const subject = subjectAbout('complaint', { redacted: true, recipient: '', message: { sender: '' } });
  assert.equal(redactionOf(subject, { sender: true })('a@b, @b, @'), 'a@b, @b, @');
});
