import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { messageOfSender, recipientOf, unsubscribeOf } from '../../../src/core/identity.ts';
import type { ContentPlan } from '../../../src/driver/message/content.ts';
import type { MessagePlan } from '../../../src/driver/message.ts';
import { messagesOf, received, wireText } from '../../support/message-maker.ts';

const LATIN1_EML = [
  'Return-Path: <other@elsewhere.test>',
  'Received: from a by b;',
  '\tMon, 1 Jan 2024 00:00:00 +0000',
  'DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.test;',
  ' b=stale',
  'From: Somebody <somebody@elsewhere.test>',
  'To: list@elsewhere.test',
  'Bcc: hidden@elsewhere.test',
  'Message-ID: <old@elsewhere.test>',
  'Date: Mon, 1 Jan 2024 00:00:00 +0000',
  'Subject: {{recipient}} stays as it is',
  'X-Odd-Spacing:   two  blanks\t',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: 8bit',
  '',
  '.a dot',
  'Gr\xfc\xdfe from {{recipient}}',
  '',
  '',
].join('\r\n');
const eml = (text: string): ContentPlan => ({ kind: 'eml', files: [{ file: 'a.eml', text }] });

/** Text with what makes encoders work: dots, equals signs, non-ASCII, long lines, blanks at line ends. */
const words = fc.constantFrom(
  'News',
  '.dot',
  '=',
  'Grüße',
  '日本',
  'x'.repeat(90),
  '{{mailbox}}',
  ' ',
  '\n',
  '\n.',
);
const text = fc.array(words, { minLength: 1, maxLength: 30 }).map((list) => list.join(' '));
const content: fc.Arbitrary<Exclude<ContentPlan, { kind: 'eml' }>> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record({ kind: fc.constant('html' as const), text, html: text.map((t) => `<body>${t}</body>`) }),
  fc.record({ kind: fc.constant('attachment' as const), text, html: fc.option(text, { nil: undefined }) }),
);

test('a receiver reads back what was asked, in every size, content and number of recipients', async () => {
  await fc.assert(
    fc.asyncProperty(
      content,
      fc.integer({ min: 1, max: 40_000 }),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom('one-click', 'mailto', 'none'),
      fc.nat(5000),
      text.map((t) => t.replaceAll('\n', '')),
      async (content, bytes, recipients, unsubscribe, number, subject) => {
        const plan = {
          content,
          size: { kind: 'uniform', min: bytes, max: bytes },
          recipients,
          unsubscribe,
          headers: [
            { name: 'Subject', value: `s${subject}` },
            { name: 'x-job', value: 'job {{message}}' },
          ],
        } satisfies Partial<MessagePlan>;
        const message = (await messagesOf(plan))(number);
        const wire = wireText(message);
        for (const line of wire.split('\r\n')) assert.ok(line.length <= 998 && !/[\r\n]/.test(line));
        assert.ok(wire.endsWith('\r\n'));
        assert.doesNotMatch(wire, /^\.(?!\.)/m);

        const bare = received(message);
        const smallest = received(
          (await messagesOf({ ...plan, size: { kind: 'uniform', min: 1, max: 1 } }))(number),
        );
        assert.ok(bare.length <= Math.max(bytes, smallest.length));
        assert.ok(bare.length > bytes - 100);

        const mail = await simpleParser(bare);
        const [first = ''] = message.recipients;
        const mailbox = first.slice(0, first.indexOf('@'));
        const merged = (template: string): string => template.replaceAll('{{mailbox}}', mailbox);
        assert.equal(mail.headers.get('x-windtunnel-message'), String(number));
        assert.equal(mail.headers.get('x-job'), `job ${number}`);
        assert.equal(mail.messageId, `<${number}@news.sender.test>`);
        assert.equal(mail.date?.toISOString(), '2026-11-23T10:00:00.000Z');
        assert.equal(squeezed(mail.subject), squeezed(merged(`s${subject}`)));
        assert.deepEqual(
          [mail.to ?? []].flat().flatMap((to) => to.value.map(({ address }) => address)),
          message.recipients,
        );
        assert.deepEqual(
          message.recipients.map((address) => recipientOf(address)?.slot),
          [...message.recipients.keys()],
        );
        assert.equal(messageOfSender(message.sender), number);
        assert.ok(mail.text?.startsWith(merged(content.text)), 'the text comes first');
        if ('html' in content && content.html !== undefined)
          assert.ok(String(mail.html).startsWith(merged(content.html).replace(/<\/body>.*/s, '')));
        assert.equal(mail.attachments.length, content.kind === 'attachment' ? 1 : 0);
        for (const attachment of mail.attachments) assert.equal(attachment.size % 57, 0);
      },
    ),
    { numRuns: 150 },
  );
});

/** Without blanks: readers differ in how many they keep where a header was folded. */
function squeezed(text = ''): string {
  return text.replace(/\s+/g, '');
}

test('the same seed gives the same messages, in any order, and another seed other sizes', async () => {
  const size = { kind: 'log-normal', median: 3000, p95: 9000, max: 20_000 } as const;
  const [one, two, other] = await Promise.all([
    messagesOf({ size }),
    messagesOf({ size }),
    messagesOf({ size }, undefined, 2),
  ]);
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  const backwards = new Map([...numbers].reverse().map((n) => [n, wireText(two(n))]));
  for (const n of numbers) assert.equal(wireText(one(n)), backwards.get(n));
  assert.notDeepEqual(
    numbers.map((n) => one(n).body.length),
    numbers.map((n) => other(n).body.length),
  );
});

test('placeholders, sender domains and virtual MTAs', async () => {
  const make = await messagesOf({
    load: 'spring',
    senders: [
      { domain: 'a.test', signed: false },
      { domain: 'b.test', signed: false },
    ],
    vmtas: ['vmta_1', 'vmta_2', 'vmta_3'],
    recipients: 2,
    headers: [
      { name: 'Subject', value: 'Grüße_an {{mailbox}} von {{vmta}}' },
      { name: 'x-virtual-mta', value: '{{vmta}}' },
      { name: 'X-All', value: '{{message}} {{recipient}} {{domain}} {{sender}} {{load}}' },
    ],
  });
  const headers = await Promise.all(
    [0, 1, 2, 3].map(async (n) => {
      const { headers, subject, from } = await simpleParser(received(make(n)));
      return [from?.text, subject, headers.get('x-virtual-mta'), headers.get('x-all')];
    }),
  );
  assert.deepEqual(headers, [
    ['news@a.test', 'Grüße_an u0.0 von vmta_1', 'vmta_1', '0 u0.0@gmail.com gmail.com news@a.test spring'],
    ['news@b.test', 'Grüße_an u2.0 von vmta_2', 'vmta_2', '1 u2.0@gmail.com gmail.com news@b.test spring'],
    ['news@a.test', 'Grüße_an u4.0 von vmta_3', 'vmta_3', '2 u4.0@gmail.com gmail.com news@a.test spring'],
    ['news@b.test', 'Grüße_an u6.0 von vmta_1', 'vmta_1', '3 u6.0@gmail.com gmail.com news@b.test spring'],
  ]);
});

test('how to unsubscribe can be read back', async () => {
  const rows = [
    ['one-click', 'https://news.sender.test/unsubscribe/7/0', 'List-Unsubscribe=One-Click'],
    ['mailto', 'mailto:unsubscribe-7.0@news.sender.test', undefined],
    ['none', undefined, undefined],
  ] as const;
  for (const [unsubscribe, target, post] of rows) {
    const wire = wireText((await messagesOf({ unsubscribe }))(7));
    assert.equal(/^List-Unsubscribe: <(.*)>\r$/m.exec(wire)?.[1], target);
    assert.equal(/^List-Unsubscribe-Post: (.*)\r$/m.exec(wire)?.[1], post);
    if (target !== undefined) assert.deepEqual(unsubscribeOf(target), { message: 7, slot: 0 });
  }
});

test('only messages from files can have 8-bit bytes', async () => {
  const fields = (text: string): string => `Subject: x\r\n${text}`;
  const rows: [Partial<MessagePlan>, boolean][] = [
    [{ content: eml(LATIN1_EML) }, true],
    [{ content: eml(fields('X-Raw: \xfc\r\n\r\nhello\r\n')) }, true],
    [{ content: eml(fields('\r\nhello\r\n')) }, false],
    [{ content: { kind: 'html', text: 'Grüße', html: '<p>Grüße 日本</p>' } }, false],
    [{ headers: [{ name: 'Subject', value: 'Grüße, {{mailbox}}' }] }, false],
  ];
  for (const [changes, eightBit] of rows) {
    const message = (await messagesOf(changes))(3);
    assert.equal(message.eightBit, eightBit);
    assert.equal(/[^\0-\x7f]/.test(wireText(message)), eightBit);
  }
});

test('a file keeps all but what belongs to another journey', async () => {
  const wire = wireText((await messagesOf({ content: eml(LATIN1_EML), headers: [] }))(3));
  assert.equal(
    wire,
    [
      'From: news@news.sender.test',
      'To: u3.0@gmail.com',
      'Message-ID: <3@news.sender.test>',
      'Date: Mon, 23 Nov 2026 10:00:00 +0000',
      'X-Windtunnel-Message: 3',
      'Subject: {{recipient}} stays as it is',
      'X-Odd-Spacing:   two  blanks\t',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: 8bit',
      '',
      '..a dot',
      'Gr\xfc\xdfe from {{recipient}}',
      '',
      '',
    ].join('\r\n'),
  );
});

test("a scenario's headers take the place of a file's, and files are used in turn", async () => {
  const files = ['Subject: one\n\nfirst\n', 'Subject: two\n\nsecond'].map((text) => ({ file: 'x', text }));
  const make = await messagesOf({
    content: { kind: 'eml', files },
    headers: [{ name: 'subject', value: 'mine {{message}}' }],
  });
  for (const [n, body] of ['first', 'second', 'first'].entries()) {
    const wire = wireText(make(n));
    assert.deepEqual(wire.match(/^subject:.*(?=\r)/gim), [`subject: mine ${n}`]);
    assert.ok(wire.endsWith(`\r\n\r\n${body}\r\n`));
  }
});

test('a message that is like another goes to one of its recipients alone, under its own number', async () => {
  const messages = await messagesOf({
    recipients: 3,
    senders: [
      { domain: 'one.test', signed: false },
      { domain: 'two.test', signed: false },
    ],
    vmtas: ['a', 'b', 'c'],
    headers: [{ name: 'X-Virtual-MTA', value: '{{vmta}}' }],
    unsubscribe: 'one-click',
  });
  const original = messages(7);
  const after = messages(3_000_000_000, { message: 7, slot: 2 });
  assert.deepEqual(after.recipients, [original.recipients[2]]);
  assert.deepEqual([original.sender, after.sender], ['b-7@two.test', 'b-3000000000@two.test']);
  const text = wireText(after);
  assert.match(text, /^X-Virtual-MTA: b\r$/m);
  assert.match(text, /^X-Windtunnel-Message: 3000000000\r$/m);
  assert.deepEqual(unsubscribeOf(/<(https:[^>]+)>/.exec(text)?.[1] ?? ''), {
    message: 3_000_000_000,
    slot: 0,
  });
});
