import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AcceptedMessage } from '../../../../../fakes/feedback/accepted.ts';
import { addresseeOf, returnedMail } from '../../../../../fakes/feedback/forms/returned-mail.ts';
import type { ReturnedSubject } from '../../../../../fakes/feedback/mail.ts';
import { headerFields } from '../../../../../fakes/isp/rfc5322.ts';
import { ACCEPTED, FEEDBACK_SAMPLES, subjectAbout } from '../../../../support/feedback-samples.ts';
import { assertGolden } from '../../../../support/golden.ts';

for (const { name, subject } of FEEDBACK_SAMPLES) {
  test(`${name} looks as it did`, () => {
    const { sender, recipient, text } = returnedMail(subject);
    const envelope = `MAIL FROM:<${sender}>\nRCPT TO:<${recipient}>\n\n`;
    assertGolden(`test/golden/feedback/${name}.txt`, envelope + text.replaceAll('\r\n', '\n'));
  });

  test(`${name} is the same for the same subject, and has other ids for another`, () => {
    assert.deepEqual(returnedMail(subject), returnedMail(subject));
    const other = { ...subject, chance: subjectAbout(subject.kind, { seed: 2 }).chance };
    assert.notEqual(returnedMail(other).text, returnedMail(subject).text);
  });

  test(`${name} goes over the wire as it is`, () => {
    assert.deepEqual(unfit(returnedMail(subject).text), []);
  });
}

const hidden = { header: ACCEPTED.header.replace(/List-Unsubscribe.*\r\n .*\r\n/, '') };
const addressees: readonly [what: string, subject: ReturnedSubject, to: string | undefined][] = [
  ['a complaint', subjectAbout('complaint'), 'fbl@news.sender.test'],
  ['a withdrawal', subjectAbout('withdrawal'), 'fbl@news.sender.test'],
  ['a bounce', subjectAbout('bounce'), 'b-42@news.sender.test'],
  ['an auto-reply', subjectAbout('auto-reply'), 'b-42@news.sender.test'],
  ['a challenge', subjectAbout('challenge'), 'b-42@news.sender.test'],
  ['a malformed report', subjectAbout('malformed'), 'b-42@news.sender.test'],
  ['an unsubscribe', subjectAbout('unsubscribe'), 'unsubscribe-42.1@news.sender.test'],
  ['a complaint at an ISP that reports none', subjectAbout('complaint', { complaint: 'none' }), undefined],
  ['a withdrawal at an ISP that reports none', subjectAbout('withdrawal', { complaint: 'none' }), undefined],
  ['a bounce of an ISP that sends none', subjectAbout('bounce', { bounce: 'none' }), undefined],
  ['a bounce of a bounce', subjectAbout('bounce', { message: { sender: '' } }), undefined],
  ['an answer to a bounce', subjectAbout('auto-reply', { message: { sender: '' } }), undefined],
  [
    'a complaint about a bounce',
    subjectAbout('complaint', { message: { sender: '' } }),
    'fbl@news.sender.test',
  ],
  [
    'a reverse path that is two commands',
    subjectAbout('bounce', { message: { sender: 'a@b>\rRCPT TO:<c@d' } }),
    undefined,
  ],
  [
    'an unsubscribe where the message names no address',
    subjectAbout('unsubscribe', { message: hidden }),
    undefined,
  ],
];

for (const [what, subject, to] of addressees) {
  test(`${what} goes to ${to ?? 'nobody'}`, () => {
    assert.equal(addresseeOf(subject), to);
    if (to === undefined) assert.throws(() => returnedMail(subject), /nothing can be sent back/);
    else assert.equal(returnedMail(subject).recipient, to);
  });
}

test('reports are sent by who reports, notifications and answers by nobody, unsubscribes by the recipient', () => {
  const senders = FEEDBACK_SAMPLES.map(({ name, subject }) => [name, returnedMail(subject).sender]);
  const expected = FEEDBACK_SAMPLES.map(({ name, subject: { kind, complaint, recipient } }) => {
    if (kind === 'complaint' || kind === 'withdrawal') return [name, complaint.from];
    return [name, kind === 'unsubscribe' ? recipient : ''];
  });
  assert.deepEqual(senders, expected);
});

test('a withdrawal has no form of its own at Outlook until 2026: it is plain ARF', () => {
  const { text } = returnedMail(subjectAbout('withdrawal', { complaint: 'jmrp-legacy' }));
  assert.match(text, /^Feedback-Type: not-spam\r\nUser-Agent: Feedback-Loop\/1\.0\r\nVersion: 1\r$/m);
});

test('a bounce gives one of several reasons', () => {
  const reasons = (['google', 'microsoft', 'rfc3464'] as const).map((bounce) => {
    const statuses = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { text } = returnedMail(subjectAbout('bounce', { bounce, seed }));
      statuses.add(/^Status: (.*)\r$/m.exec(text)?.[1] ?? '');
    }
    return [...statuses].sort();
  });
  assert.deepEqual(reasons, [
    ['5.1.1', '5.2.2', '5.7.1'],
    ['5.1.10', '5.2.2'],
    ['4.4.7', '5.1.1', '5.2.2'],
  ]);
});

test('what is above ASCII in a Subject is encoded, in the returned header it is marked as 8bit', () => {
  const header = `${ACCEPTED.header}X-Note: caf\xc3\xa9\r\n`.replace(
    /^Subject: .*$/m,
    'Subject: gr\xc3\xbcn',
  );
  const { text } = returnedMail(subjectAbout('complaint', { message: { header } }));
  assert.deepEqual(unfit(text), []);
  assert.match(
    text,
    /^Subject: FW: =\?UTF-8\?Q\?gr=C3=BCn\?=\r$|^Subject: =\?UTF-8\?Q\?FW=3A_gr=C3=BCn\?=\r$/m,
  );
  assert.match(text, /\r\nContent-Type: text\/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n/);
  assert.match(text, /^X-Note: caf\xc3\xa9\r$/m);
  assert.equal(headerFields(text).find(({ name }) => name === 'Content-Transfer-Encoding')?.value, '8bit');
});

/** Text with what hurts in it: line ends of all kinds, boundaries, ends of mails, fields about another message. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        ...[
          '\r\n',
          '\r',
          '\n',
          '\0',
          '\r\n.\r\n',
          '\r\n\r\n',
          '\r\n \r\n',
          '\t',
          '>',
          '<',
          '@',
          '"',
          '$&',
          '{recipient}',
          '\xff',
        ],
        ...[
          '--',
          'X-Windtunnel-Message: 7',
          'Bcc: you@victim.test',
          'redacted@gmail.com',
          'a'.repeat(1200),
          ' '.repeat(1200),
        ],
      ),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));
/** A SMTP client can put no CRLF into an envelope. */
const hostileWord = hostile.map((text) => text.replaceAll('\r\n', ''));

test('nothing in a message breaks out of its field, and no report has more parts or fields for it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FEEDBACK_SAMPLES),
      fc.record({
        header: hostile.map((text) => `Subject: ${text}\r\nFrom: <${text}>\r\nMessage-ID: <${text}>\r\n`),
        helo: hostileWord,
        address: hostileWord,
        dkimDomain: hostileWord,
        fromDomain: hostileWord,
      }),
      hostileWord,
      ({ subject }, changes: Partial<AcceptedMessage>, recipient) => {
        const message = { ...subject.message, ...changes };
        const header = `List-Unsubscribe: <mailto:u@news.sender.test>\r\n${changes.header}`;
        const { text } = returnedMail({ ...subject, recipient, message: { ...message, header } });
        assert.deepEqual(unfit(text), []);
        // Ids that repeat what the message had as its own may be missing.
        const optional = new Set([
          'References',
          'In-Reply-To',
          'X-Original-Message-ID',
          'Content-Transfer-Encoding',
        ]);
        const names = (whole: string) =>
          headerFields(whole)
            .map(({ name }) => name)
            .filter((name) => !optional.has(name));
        const plain = returnedMail(subject).text;
        assert.deepEqual(names(text), names(plain));
        assert.deepEqual(partTypes(text), partTypes(plain));
      },
    ),
    { numRuns: 300 },
  );
});

/** The types of all parts, by the boundaries that multiparts declare. */
function partTypes(text: string): string[] {
  const boundaries = [...text.matchAll(/boundary="([^"]+)"/g)].map((match) => match[1] as string);
  return boundaries.flatMap((boundary) =>
    text
      .split(`--${boundary}\r\n`)
      .slice(1)
      .map(
        (part) =>
          headerFields(part)
            .find(({ name }) => name === 'Content-Type')
            ?.value.replace(/;.*/s, '') ?? '',
      ),
  );
}

/** What SMTP does not carry: bare CR or LF, NUL, lines of more than 998 bytes, a header without an end, characters that are no bytes. */
function unfit(text: string): string[] {
  return [
    ...(/\r(?!\n)|(?<!\r)\n/.test(text) ? ['a bare CR or LF'] : []),
    ...(text.includes('\0') ? ['NUL'] : []),
    ...(text.split('\r\n').some((line) => line.length > 998) ? ['a long line'] : []),
    ...(/^(?:[!-9;-~]+:.*\r\n(?:[ \t]+\S.*\r\n)*)+\r\n/.test(text) ? [] : ['no header']),
    ...(text.endsWith('\r\n') ? [] : ['no end']),
    ...(/[\u0100-\uffff]/.test(text) ? ['characters'] : []),
  ];
}
