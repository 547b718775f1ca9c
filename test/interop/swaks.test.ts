import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openInteropLab } from '../support/interop-lab.ts';

const scenario = `
seed: 1
mta: { adapter: none, sources: [198.18.128.1] }
isps:
  gmail: { mailboxes: { unknown: 0, full: 0, disabled: 0 } }
  yahoo: { mailboxes: { unknown: 0, full: 0, disabled: 0 } }
  outlook: { mailboxes: { unknown: 0, full: 0, disabled: 0 } }
load: { rate: 1/s, duration: 1s }
`;

/** What an ISP says, without the code of the EHLO list, and with what differs each time masked. */
interface Words {
  readonly host: string;
  readonly domain: string;
  readonly banner: string;
  readonly offers: readonly string[];
  readonly starttls: string;
  readonly mail: string;
  readonly rcpt: string;
  readonly data: string;
  readonly dot: string;
  readonly quit: string;
}

const isps: Readonly<Record<string, Words>> = {
  gmail: {
    host: 'gmail-smtp-in.l.google.com',
    domain: 'gmail.com',
    banner: '220 mx.google.com ESMTP ID - gsmtp',
    offers: [
      'mx.google.com at your service, [198.18.128.1]',
      'SIZE 157286400',
      '8BITMIME',
      'STARTTLS',
      'ENHANCEDSTATUSCODES',
      'PIPELINING',
      'CHUNKING',
      'SMTPUTF8',
    ],
    starttls: '220 2.0.0 Ready to start TLS',
    mail: '250 2.1.0 OK ID - gsmtp',
    rcpt: '250 2.1.5 OK ID - gsmtp',
    data: '354 Go ahead ID - gsmtp',
    dot: '250 2.0.0 OK  SECONDS ID - gsmtp',
    quit: '221 2.0.0 closing connection ID - gsmtp',
  },
  yahoo: {
    host: 'mta5.am0.yahoodns.net',
    domain: 'yahoo.com',
    banner: '220 mta1382.mail.ne1.yahoo.com ESMTP ready',
    offers: ['mta1382.mail.ne1.yahoo.com', 'PIPELINING', 'SIZE 41943040', '8BITMIME', 'STARTTLS'],
    starttls: '220 Start TLS',
    mail: '250 sender <b-1@news.sender.test> ok',
    rcpt: '250 recipient <u1.0@yahoo.com> ok',
    data: '354 go ahead',
    dot: '250 ok dirdel',
    quit: '221 mta1382.mail.ne1.yahoo.com',
  },
  outlook: {
    host: 'outlook-com.olc.protection.outlook.com',
    domain: 'outlook.com',
    banner: '220 CH3PEPF00000015.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at DATE [ID]',
    offers: [
      'CH3PEPF00000015.mail.protection.outlook.com Hello [198.18.128.1]',
      'SIZE 49283072',
      'PIPELINING',
      'DSN',
      'ENHANCEDSTATUSCODES',
      'STARTTLS',
      '8BITMIME',
      'BINARYMIME',
      'CHUNKING',
      'SMTPUTF8',
    ],
    starttls: '220 2.0.0 SMTP server ready',
    mail: '250 2.1.0 Sender OK',
    rcpt: '250 2.1.5 Recipient OK',
    data: '354 Start mail input; end with <CRLF>.<CRLF>',
    dot: '250 2.6.0 <1@news.sender.test> [InternalId=NUMBER, Hostname=LV4PR05MB11200.namprd05.prod.outlook.com] 98 bytes in 0.222, 0.431 KB/sec Queued mail for delivery -> 250 2.1.5',
    quit: '221 2.0.0 Service closing transmission channel',
  },
};

const MESSAGE = [
  'From: a@news.sender.test',
  'Message-Id: <1@news.sender.test>',
  'Subject: dots',
  '',
  'Hello.',
  '.',
  '..',
  'Bye.',
];

test('swaks reads, line by line, what each ISP says, in the clear and under TLS', async (t) => {
  const lab = await openInteropLab(t, scenario, ['swaks']);
  if (!lab) return;
  for (const [id, words] of Object.entries(isps)) {
    await t.test(id, async () => {
      const { code, stdout, stderr } = await lab.run([
        ...['swaks', '--server', words.host, '--helo', 'out1.sender.test'],
        ...['--from', 'b-1@news.sender.test', '--to', `u1.0@${words.domain}`],
        ...['--data', MESSAGE.join('\n')],
        ...['--tls', '--tls-verify', '--tls-ca-path', join(lab.folder, 'ca.pem')],
      ]);
      assert.equal(code, 0, stdout + stderr);
      const lines = stdout.split('\n').map((line) => line.trimEnd());
      const names = [words.host, words.host.replace(/^[^.]+/, '*')];
      assert.ok(
        names.some((name) => lines.includes(`=== TLS peer DN="/CN=${name}"`)),
        stdout,
      );
      assert.deepEqual(lines.filter((line) => /^(<-|<~| ->| ~>)/.test(line)).map(masked), transcript(words));
      const seen = (await lab.observe()).isps[id];
      assert.deepEqual(
        seen?.attempts.map(({ recipient, outcome }) => ({ recipient, outcome })),
        [{ recipient: `u1.0@${words.domain}`, outcome: 'accepted' }],
      );
      assert.equal(seen?.transactions[0]?.bytes, Buffer.byteLength(`${MESSAGE.join('\r\n')}\r\n`));
    });
  }
});

/** As swaks draws it: `->` what it says, `<-` what it hears; `~` under TLS. */
function transcript(words: Words): string[] {
  const listed = (lines: readonly string[], mark: string): string[] =>
    lines.map((line, index) => `<${mark}  250${index < lines.length - 1 ? '-' : ' '}${line}`);
  return [
    `<-  ${words.banner}`,
    ' -> EHLO out1.sender.test',
    ...listed(words.offers, '-'),
    ' -> STARTTLS',
    `<-  ${words.starttls}`,
    ' ~> EHLO out1.sender.test',
    ...listed(
      words.offers.filter((line) => line !== 'STARTTLS'),
      '~',
    ),
    ' ~> MAIL FROM:<b-1@news.sender.test>',
    `<~  ${words.mail}`,
    ` ~> RCPT TO:<u1.0@${words.domain}>`,
    `<~  ${words.rcpt}`,
    ' ~> DATA',
    `<~  ${words.data}`,
    ...MESSAGE.map((line) => ` ~> ${line.replace(/^\./, '..')}`.trimEnd()),
    ' ~> .',
    `<~  ${words.dot}`,
    ' ~> QUIT',
    `<~  ${words.quit}`,
  ];
}

function masked(line: string): string {
  return line
    .replace(/\b[0-9a-f]{13}-[0-9a-f]{11}si\d{6}a\d\d\.\d+\b/, 'ID')
    .replace(/\[[0-9A-F]{16}\]/, '[ID]')
    .replace(/\bOK {2}\d{10}\b/, 'OK  SECONDS')
    .replace(/\bInternalId=\d{14}\b/, 'InternalId=NUMBER')
    .replace(/\b\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \+0000/, 'DATE');
}
