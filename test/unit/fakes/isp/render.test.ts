import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { profileNames } from '../../../../fakes/isp/profile.ts';
import {
  createRenderer,
  type Occasion,
  printedAddress,
  wireLines,
  wrap,
} from '../../../../fakes/isp/render.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { OCCASION, say, speaker, WALL } from '../../../support/transcript.ts';
import { testIsp } from './profiles-for-tests.ts';

/** The lines of a Gmail reply with its id masked. */
function gmail(id: string, occasion: Partial<Occasion> = {}): readonly string[] {
  return say('gmail', id, occasion).map((line) => line.replace(/\S+si\S+(?= - gsmtp$)/, '{gid}'));
}

// Written down from public logs: catalogue section 1a, sisimai's bounces (SOE), the issues that are named.
for (const [id, from, occasion, lines] of [
  [
    'G4',
    'a log of 2026',
    { sender: 'b-7@11690999.brevosend.com' },
    [
      '421-4.7.28 Gmail has detected an unusual rate of mail originating from your SPF',
      '421-4.7.28 domain [11690999.brevosend.com      35]. To protect our users from',
      '421-4.7.28 spam, mail sent from your domain has been temporarily rate limited.',
      '421-4.7.28 For more information, go to',
      '421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to',
      '421 4.7.28 review our Bulk Email Senders Guidelines. {gid} - gsmtp',
    ],
  ],
  [
    'G2',
    'the catalogue',
    { ip: '192.0.2.10' },
    [
      '421-4.7.28 [192.0.2.10      15] Our system has detected an unusual rate of',
      '421-4.7.28 unsolicited mail originating from your IP address. To protect our',
      '421-4.7.28 users from spam, mail sent from your IP address has been temporarily',
      '421-4.7.28 rate limited. Please visit',
      '421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to',
      '421 4.7.28 review our Bulk Email Senders Guidelines. {gid} - gsmtp',
    ],
  ],
  [
    'G15',
    'the catalogue',
    {},
    [
      '550-5.1.1 The email account that you tried to reach does not exist. Please try',
      "550-5.1.1 double-checking the recipient's email address for typos or",
      '550-5.1.1 unnecessary spaces. For more information, go to',
      '550 5.1.1  https://support.google.com/mail/?p=NoSuchUser {gid} - gsmtp',
    ],
  ],
  [
    'G22',
    'the catalogue',
    {},
    [
      '550-5.7.26 This mail has been blocked because the sender is unauthenticated.',
      '550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.',
      '550-5.7.26',
      '550-5.7.26  Authentication results:',
      '550-5.7.26  DKIM = did not pass',
      '550-5.7.26  SPF [news.sender.test] with ip: [192.0.2.10] = did not pass',
      '550-5.7.26',
      '550-5.7.26  For instructions on setting up authentication, go to',
      '550 5.7.26  https://support.google.com/mail/answer/81126#authentication {gid} - gsmtp',
    ],
  ],
  [
    'G14',
    'The-Login/SMTP-Smuggling-Tools#11, id on a line of its own as in the catalogue',
    { ip: '193.95.241.239' },
    [
      '550-5.7.1 [193.95.241.239      12] Gmail has detected that this message is',
      '550-5.7.1 likely unsolicited mail. To reduce the amount of spam sent to Gmail,',
      '550-5.7.1 this message has been blocked. For more information, go to',
      '550-5.7.1  https://support.google.com/mail/?p=UnsolicitedMessageError',
      '550 5.7.1 {gid} - gsmtp',
    ],
  ],
  [
    'G9-old',
    'maxking/docker-mailman#303',
    { ip: '104.248.27.183' },
    [
      '550-5.7.1 [104.248.27.183       1] Our system has detected an unusual rate of',
      '550-5.7.1 unsolicited mail originating from your IP address. To protect our',
      '550-5.7.1 users from spam, mail sent from your IP address has been blocked.',
      '550-5.7.1 Please visit',
      '550-5.7.1  https://support.google.com/mail/?p=UnsolicitedIPError to review our',
      '550 5.7.1 Bulk Email Senders Guidelines. {gid} - gsmtp',
    ],
  ],
  [
    'G16',
    'SOE',
    {},
    [
      '550-5.2.1 The email account that you tried to reach is inactive. For more',
      '550-5.2.1 information, go to',
      '550 5.2.1  https://support.google.com/mail/?p=DisabledUser {gid} - gsmtp',
    ],
  ],
  [
    'G18',
    'SOE',
    {},
    [
      "552-5.2.2 The recipient's inbox is out of storage space and inactive. Please",
      '552-5.2.2 direct the recipient to',
      '552 5.2.2  https://support.google.com/mail/?p=OverQuotaPerm {gid} - gsmtp',
    ],
  ],
  [
    'G21',
    'SOE',
    {},
    [
      '550-5.2.1 The user you are trying to contact is receiving mail at a rate that',
      '550-5.2.1 prevents additional messages from being delivered. For more',
      '550-5.2.1 information, please visit',
      '550 5.2.1  https://support.google.com/mail/?p=ReceivingRatePerm {gid} - gsmtp',
    ],
  ],
  [
    'G25-old',
    'SOE',
    { sender: 'x@cpanel.com' },
    [
      "550-5.7.1 Unauthenticated email from cpanel.com is not accepted due to domain's",
      '550-5.7.1 DMARC policy. Please contact the administrator of cpanel.com domain',
      '550-5.7.1 if this was a legitimate mail. Please visit',
      '550-5.7.1  https://support.google.com/mail/answer/2451690 to learn about the',
      '550 5.7.1 DMARC initiative. {gid} - gsmtp',
    ],
  ],
  [
    'G30-temp',
    'Xpra-org/xpra#3555',
    {},
    [
      "421-4.7.29 Your email has been rate limited because this message wasn't sent",
      '421-4.7.29 over a TLS connection. Gmail requires all bulk email senders to use',
      '421-4.7.29 TLS/SSL for SMTP connections. To set up TLS for email, visit',
      '421-4.7.29  https://support.google.com/a?p=tls-ssl',
      '421-4.7.29 To learn more about Gmail requirements for bulk senders, visit',
      '421 4.7.29  https://support.google.com/a?p=sender-guidelines. {gid} - gsmtp',
    ],
  ],
  [
    'G38',
    'laravel/laravel#6402',
    { command: 'EHLO' },
    [
      '421-4.7.0 Try again later, closing connection. (EHLO)',
      '421-4.7.0  For more information, go to',
      '421 4.7.0  https://support.google.com/a/answer/3221692 {gid} - gsmtp',
    ],
  ],
  [
    'G47',
    'SOE',
    { field: 'Subject' },
    [
      '550-5.7.1 This message is not RFC 5322 compliant. There are multiple Subject',
      '550-5.7.1 headers. To reduce the amount of spam sent to Gmail, this message has',
      '550-5.7.1 been blocked. Please visit',
      '550-5.7.1  https://support.google.com/mail/?p=RfcMessageNonCompliant and review',
      '550 5.7.1 RFC 5322 specifications for more information. {gid} - gsmtp',
    ],
  ],
  [
    'G50',
    'a log of 2024',
    { ip: '2a02:4780:10:d22e::1' },
    [
      "550-5.7.1 [2a02:4780:10:d22e::1] The IP you're using to send mail is not",
      '550-5.7.1 authorized to send email directly to our servers. Please use the SMTP',
      '550-5.7.1 relay at your service provider instead. For more information, go to',
      '550 5.7.1  https://support.google.com/mail/?p=NotAuthorizedError {gid} - gsmtp',
    ],
  ],
  [
    'G53-rcpt',
    'SOE',
    {},
    [
      '503-5.5.1 RCPT first. A mail transaction protocol command was issued out of',
      '503-5.5.1 sequence. For more information, go to',
      '503-5.5.1  https://support.google.com/a/answer/3221692 and review RFC 5321',
      '503 5.5.1 specifications. {gid} - gsmtp',
    ],
  ],
] as const) {
  test(`Gmail's ${id} breaks as in ${from}`, () => assert.deepEqual(gmail(id, occasion), lines));
}

test('the break moves with the length of the address', () => {
  const long = say('gmail', 'G2', { ip: '2001:db8:85a3:1234:5678:8a2e:370:7334' });
  assert.equal(long[0], '421-4.7.28 [2001:db8:85a3:1234:5678:8a2e:370:7334      15] Our system has');
});

test('Outlook chains its tokens and names the agent as in a log of 2025', () => {
  const [blocked = ''] = say('outlook', 'O21-pfa', { ip: '82.98.171.203' });
  assert.match(
    blocked,
    /^550 5\.7\.1 Unfortunately, messages from \[82\.98\.171\.203\] weren't sent\. Please contact your Internet service provider since part of their network is on our block list \(S3150\)\. You can also refer your provider to http:\/\/mail\.live\.com\/mail\/troubleshooting\.aspx#errors\. \[Name=Protocol Filter Agent\]\[AGT=PFA\]\[MxId=11BC[0-9A-F]{12}\] \[[A-Z0-9]+\.namprd04\.prod\.outlook\.com 2026-02-25T11:12:39\.245Z [0-9A-F]{16}\]$/,
  );
  const [dmarc = ''] = say('outlook', 'O36', { fromDomain: 'df.example.jp' });
  assert.match(
    dmarc,
    /^550 5\.7\.509 Access denied, sending domain \[DF\.EXAMPLE\.JP\] does not pass DMARC verification and has a DMARC policy of reject\.( \[[A-Z0-9]+\.namprd0\d\.prod\.outlook\.com \S+Z [0-9A-F]{16}\]){2}$/,
  );
  const passed = { spf: false, dkim: true, dmarc: true };
  const [level = ''] = say('outlook', 'O35', { fromDomain: 'nyaaaan.example.jp', passed });
  assert.match(
    level,
    /sending domain NYAAAAN\.EXAMPLE\.JP doesn't meet .* Spf= Fail , Dkim= Pass , DMARC= Pass \[CH3PEPF/,
  );
});

// "Checked: that list matches none of five current throttle texts" (facts about MTAs, PowerMTA).
test('the five throttle texts that a common PowerMTA configuration does not know', () => {
  const texts = [
    [
      'yahoo',
      'Y1-2022',
      '421 4.7.0 [TSS04] Messages from 192.0.2.10 temporarily deferred due to user complaints',
    ],
    ['yahoo', 'Y3', '421 [IPTS04] Messages from 192.0.2.10 temporarily deferred'],
    [
      'gmail',
      'G2',
      '421 4.7.28 [192.0.2.10      15] Our system has detected an unusual rate of unsolicited mail',
    ],
    [
      'gmail',
      'G20',
      '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents',
    ],
    [
      'outlook',
      'O1-s843',
      '451 4.7.650 The mail server [192.0.2.10] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S843) [CH3PEPF',
    ],
  ] as const;
  // Some of its 62 patterns.
  const list =
    /HVU:B1|RLY:|\[TS0[123]\]|\[GL01\]|421 Message temporarily deferred|exceeded the rate limit|exceeded the connection limit|too many|try again later/i;
  for (const [name, id, expected] of texts) {
    // As an MTA writes down several lines: codes once.
    const said = say(name, id).map((line, at) =>
      at === 0 ? line.replace(/^(\d+)-/, '$1 ') : line.replace(/^\d+[- ][\d.]+ /, ''),
    );
    const text = said.join(' ');
    assert.equal(text.slice(0, expected.length), expected);
    assert.doesNotMatch(text, list);
  }
});

test('ids have the forms that the ISPs give theirs', () => {
  for (const [name, reply, form] of [
    ['gmail', 'G-mail', /^250 2\.1\.0 OK [0-9a-f]{13}-[0-9a-f]{11}si\d{5,8}[0-9a-z]{2,3}\.\d{1,3} - gsmtp$/],
    ['gmail', 'G-dot', /^250 2\.0\.0 OK {2}1772017959 \S+ - gsmtp$/],
    [
      'yahoo',
      'Y23',
      /^554 delivery error: dd This user doesn't have a isp\.test account \(u1\.0@isp\.test\) \[0\] - mta1382\.mail\.ne1\.yahoo\.com$/,
    ],
    ['outlook', 'O-greeting', /ready at Wed, 25 Feb 2026 11:12:39 \+0000 \[[0-9A-F]{16}\]$/],
    [
      'outlook',
      'O3',
      /\(S3115\) \[CH3PEPF00000015\.namprd04\.prod\.outlook\.com 2026-02-25T11:12:39\.245Z [0-9A-F]{16}\]$/,
    ],
    [
      'outlook',
      'O-dot',
      /^250 2\.6\.0 <7@news\.sender\.test> \[InternalId=\d{14}, .* 64654 bytes in 0\.222, 284\.408 KB\/sec Queued mail/,
    ],
  ] as const) {
    const [line = ''] = say(name, reply);
    assert.match(line, form);
  }
});

test('an id lasts as long as its transaction, or its session', () => {
  const same = say('gmail', 'G-mail');
  assert.deepEqual(say('gmail', 'G-mail'), same);
  assert.notDeepEqual(say('gmail', 'G-mail', { transaction: 2 }), same);
  assert.notDeepEqual(say('gmail', 'G-mail', { connection: 4 }), same);
  assert.deepEqual(say('outlook', 'O3', { transaction: 2 }), say('outlook', 'O3'));
});

test('what looks like a placeholder in an address stays as it is', () => {
  assert.deepEqual(say('yahoo', 'Y-rcpt', { recipient: '{x}{ip}$&%s@yahoo.com' }), [
    '250 recipient <{x}{ip}$&%s@yahoo.com> ok',
  ]);
  const [first = '', ...rest] = gmail('G51-rcpt', { recipient: '{gid}@gmail.com' });
  assert.equal(first, '553-5.1.3 The recipient address <{gid}@gmail.com> is not a valid RFC 5321');
  assert.equal(rest.at(-1), '553 5.1.3 specifications. {gid} - gsmtp');
});

test('addresses are printed as ISPs print them', () => {
  for (const [address, printed, block] of [
    ['192.0.2.10', '192.0.2.10', '192.0.2.0'],
    ['::ffff:192.0.2.10', '192.0.2.10', '192.0.2.0'],
    ['2001:DB8:0:0:1:0:0:A', '2001:db8::1:0:0:a', '2001:db8::'],
    ['2001:0db8:0001:0002:0003:0004:0005:0006', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['fe80::1%eth0', 'fe80::1', 'fe80::'],
    ['::1', '::1', '::'],
  ] as const) {
    assert.equal(printedAddress(address), printed);
    assert.match(say('gmail', 'G-ehlo', { ip: address })[0] ?? '', new RegExp(`, \\[${printed}\\]$`));
    assert.ok(gmail('G3', { ip: address }).join(' ').includes(`IP Netblock ${block}.`), address);
  }
});

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 1200 }),
  fc.constantFrom(
    'a\r\n250 2.0.0 OK',
    'a\u2028b',
    '\0\x7f',
    `${'a'.repeat(300)}@${'b'.repeat(300)}`,
    '€'.repeat(400),
    '{gid}{tok}',
    ' ',
    '',
  ),
);

test('whatever a client calls itself, a reply stays one reply of lines that are short enough', () => {
  const speakers = profileNames().map(speaker);
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (ip, helo, sender, other) => {
      const occasion: Occasion = {
        ...OCCASION,
        ids: {},
        ip,
        helo,
        sender,
        recipient: other,
        messageId: other,
        dkimDomain: helo,
        fromDomain: sender,
        command: other,
        field: helo,
      };
      for (const { isp, render } of speakers) {
        isp.replies.forEach(({ id, code, enhanced }, index) => {
          const { lines } = render(index, occasion);
          for (const [at, line] of lines.entries()) {
            const separator = at < lines.length - 1 ? '-' : ' ';
            const codes = `${code}${separator}${enhanced === null ? '' : enhanced}`;
            assert.ok(`${line} `.startsWith(codes), `${id}: ${line}`);
            assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u, id);
            assert.ok(Buffer.byteLength(line) <= 510, `${id}: ${Buffer.byteLength(line)}`);
          }
        });
      }
    }),
    { numRuns: 60 },
  );
});

test('a long address is shortened, what follows it is kept', () => {
  const mid = `${'x'.repeat(900)}@sender.test`;
  const [line = ''] = say('outlook', 'O-dot', { messageId: mid });
  assert.match(line, /^250 2\.6\.0 <x{256}> \[InternalId=.* Queued mail for delivery -> 250 2\.1\.5$/);
  const [refused = ''] = say('yahoo', 'Y23', { recipient: `a@${'b'.repeat(253)}` });
  assert.match(refused, /\(a@b{62}\) \[0\] - mta1382\.mail\.ne1\.yahoo\.com$/);
});

test('a text that leaves no room is cut at a character', () => {
  const isp = { ...testIsp(), wrap: null };
  const replies = isp.replies.map((reply) => ({ ...reply, lines: [`${'a'.repeat(495)}{from}`] }));
  const { lines } = createRenderer(
    { ...isp, replies },
    createPrng(1),
    () => WALL,
    new Set(),
  )(12, {
    ...OCCASION,
    sender: '€€€€€',
  });
  assert.equal(Buffer.byteLength(lines[0] ?? ''), 505);
  assert.match(lines[0] ?? '', /a$/);
});

test('codes stand before every line', () => {
  for (const [reply, lines, expected] of [
    [{ code: 250, enhanced: null }, ['a', 'b'], ['250-a', '250 b']],
    [
      { code: 550, enhanced: '5.7.26' },
      ['a', '', ' http://b'],
      ['550-5.7.26 a', '550-5.7.26', '550 5.7.26  http://b'],
    ],
    [{ code: 221, enhanced: null }, [''], ['221']],
  ] as const) {
    assert.deepEqual(wireLines(reply, lines), expected);
  }
});

test('wrapping', () => {
  for (const [text, columns, expected] of [
    ['a bc', 4, ['a bc']],
    ['a bcd', 4, ['a', 'bcd']],
    ['abcdef gh', 4, ['abcdef', 'gh']],
    ['[a    1] b', 8, ['[a    1]', 'b']],
    [' http://x to y', 12, [' http://x to', 'y']],
  ] as const) {
    assert.deepEqual(wrap(text, columns), expected);
  }
});

test('EHLO offers only what the engine can do, and no STARTTLS once encrypted', () => {
  const { isp, render } = speaker('gmail');
  const poor = createRenderer(isp, createPrng(1), () => WALL, new Set(['STARTTLS', 'SMTPUTF8']));
  assert.deepEqual(poor(isp.answers.ehlo, OCCASION).lines.slice(2), [
    '250-8BITMIME',
    '250-ENHANCEDSTATUSCODES',
    '250-PIPELINING',
    '250 CHUNKING',
  ]);
  for (const [tls, offered] of [
    [false, ['250-STARTTLS']],
    [true, []],
  ] as const) {
    const { lines } = render(isp.answers.ehlo, { ...OCCASION, tls });
    assert.deepEqual(
      lines.filter((line) => line.endsWith('STARTTLS')),
      offered,
    );
    assert.equal(lines.at(-1), '250 SMTPUTF8');
  }
  // One that names nobody, too.
  const plain = testIsp();
  const replies = plain.replies.map((reply) => ({ ...reply, lines: ['hello', 'STARTTLS'] }));
  const terse = createRenderer({ ...plain, replies }, createPrng(1), () => WALL, new Set());
  assert.deepEqual(terse(plain.answers.ehlo, { ...OCCASION, tls: true }).lines, ['250 hello']);
});
