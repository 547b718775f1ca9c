import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { type OtherMail, startMailroom } from '../../../../fakes/mailroom/mailroom.ts';
import { readMail } from '../../../../fakes/mailroom/read-mail.ts';
import { RETURN_SAMPLES } from '../../../support/return-samples.ts';
import { until } from '../../../support/until.ts';

const HEAD = 'From: <someone@else.test>\r\nSubject: x\r\nMIME-Version: 1.0\r\n';
const REPORT = `${HEAD}Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n`;
const FEEDBACK = '--b\r\nContent-Type: message/feedback-report\r\n';
const RETURNED = '--b\r\nContent-Type: text/rfc822-headers\r\n\r\nX-Windtunnel-Message: 7\r\n--b--\r\n';
const MEGABYTE = 1_000_000;
/** Makes fields of its own wherever a bare CR or LF passes for a line end. */
const INJECTED = '\rX-Windtunnel-Message: 1\nBcc: <all@victim.test>\r\rDATA\n.\n';

/** Multiparts inside of one another. */
function nested(depth: number): string {
  let text = '';
  for (let i = 0; i < depth; i++) text += `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`;
  return `${HEAD}${text}Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n`;
}

const HOSTILE: readonly [name: string, mail: string][] = [
  ['10 MB of text', `${HEAD}\r\n${`${'x'.repeat(70)}\r\n`.repeat(10 * 14_000)}`],
  [
    'a complaint behind 10 MB',
    `${REPORT}--b\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(10 * 14_000)}${FEEDBACK}\r\nFeedback-Type: abuse\r\n${RETURNED}`,
  ],
  ['MIME nested a thousand deep', nested(1000)],
  ['MIME nested as deep as mailparser goes', nested(990)],
  ['MIME nested ten thousand deep', nested(10_000)],
  ['a hundred thousand parts', `${REPORT}${'--b\r\n\r\nx\r\n'.repeat(100_000)}--b--\r\n`],
  ['a hundred thousand headers', `${HEAD}${'X-A: b\r\n'.repeat(100_000)}\r\nhi`],
  ['a header of a megabyte', `${HEAD}X-A: ${'x'.repeat(MEGABYTE)}\r\n\r\nhi`],
  ['a header folded into a hundred thousand lines', `${HEAD}X-A: b${'\r\n c'.repeat(100_000)}\r\n\r\nhi`],
  ['a hundred thousand addresses', `${HEAD}To: ${'a@b.test, '.repeat(100_000)}\r\n\r\nhi`],
  ['a line of ten megabytes', `${HEAD}\r\n${'x'.repeat(10 * MEGABYTE)}`],
  ['no header and no line end', 'x'.repeat(2 * MEGABYTE)],
  ['NULs in the header', `From: a@b.test\r\nSubject: a\0b\r\n\r\nhi`],
  ['nothing but NULs', '\0'.repeat(MEGABYTE)],
  ['NULs in the text', `${HEAD}\r\n${'\0'.repeat(MEGABYTE)}`],
  [
    'broken base64',
    `${REPORT}${FEEDBACK}Content-Transfer-Encoding: base64\r\n\r\n${'!!!===\0A\r\n'.repeat(50_000)}${RETURNED}`,
  ],
  [
    'broken quoted-printable',
    `${REPORT}${FEEDBACK}Content-Transfer-Encoding: quoted-printable\r\n\r\n${'=ZZ=\r\n'.repeat(50_000)}${RETURNED}`,
  ],
  [
    'an unknown charset',
    `${REPORT}${FEEDBACK.trimEnd()}; charset="\xff\xfe"\r\n\r\n\xff\xfeF\0e\0e\0d\0${RETURNED}`,
  ],
  ['fields injected into the header', `Subject: x${INJECTED}\r\n\r\nhi`],
  ['fields injected into a report', `${REPORT}${FEEDBACK}\r\nUser-Agent: x${INJECTED}\r\n--b--\r\n`],
  [
    'a boundary of half a megabyte',
    `${HEAD}Content-Type: multipart/report; boundary="${'b'.repeat(500_000)}"\r\n\r\n--${'b'.repeat(500_000)}\r\n`,
  ],
  ['parameters without end', `${HEAD}Content-Type: multipart/report${'; a*0=b'.repeat(100_000)}\r\n\r\nhi`],
  ['a part whose type is empty', `${REPORT}--b\r\nContent-Type:\r\nX-A: b\r\n\r\nhi\r\n--b--\r\n`],
  ['nothing', ''],
];

/** Hands a mail over as SMTP wants it, byte for byte but for dot-stuffing. */
async function hand(client: Socket, to: string, mail: string): Promise<string> {
  const ask = async (text: string): Promise<string> => {
    client.write(text, 'latin1');
    const [answer] = (await once(client, 'data')) as [string];
    return answer;
  };
  await ask('MAIL FROM:<>\r\n');
  await ask(`RCPT TO:<${to}>\r\n`);
  await ask('DATA\r\n');
  const stuffed = mail.replace(/(^|\r\n)\./g, '$1..');
  return await ask(`${stuffed}${stuffed === '' || stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`);
}

test('hostile mail is taken, counted as malformed, joined by its address, and harms nothing that comes after it', async (t) => {
  const mails: OtherMail[] = [];
  const mailroom = await startMailroom({
    address: '127.0.0.1',
    port: 0,
    hostname: 'mx.news.sender.test',
    onDsn: () => assert.fail('that is no DSN'),
    onMail: (mail) => void mails.push(mail),
  });
  t.after(() => mailroom.stop());
  const client = connect(mailroom.port, '127.0.0.1').setEncoding('latin1');
  t.after(() => client.destroy());
  await once(client, 'data');
  client.write('EHLO hostile.test\r\n');
  await once(client, 'data');
  for (const [at, [name, mail]] of HOSTILE.entries()) {
    assert.match(await hand(client, `b-${at}@news.sender.test`, mail), /^250 /, name);
    const { kind, message } = mails.at(-1) ?? {};
    assert.deepEqual({ kind, message }, { kind: 'malformed', message: at }, name);
  }
  const good = `${REPORT}${FEEDBACK}\r\nFeedback-Type: abuse\r\n${RETURNED}`;
  assert.match(await hand(client, 'fbl@news.sender.test', good), /^250 /);
  assert.deepEqual([mails.at(-1)?.kind, mails.at(-1)?.message], ['complaint', 7]);
  const { kinds, malformed, mails: taken } = mailroom.received;
  const all = HOSTILE.length;
  assert.deepEqual([kinds.malformed, malformed, kinds.complaint, taken], [all, all, 1, all + 1]);
});

test('a client that sends a command without end is sent away, and the next one is served', async (t) => {
  const mailroom = await startMailroom({
    address: '127.0.0.1',
    port: 0,
    hostname: 'mx.news.sender.test',
    onDsn: () => {},
    onMail: () => {},
  });
  t.after(() => mailroom.stop());
  const endless = connect(mailroom.port, '127.0.0.1').setEncoding('latin1');
  let said = '';
  endless.on('data', (text: string) => {
    said += text;
  });
  endless.on('error', () => {});
  endless.write('X'.repeat(5 * MEGABYTE), 'latin1');
  await until(() => /^500 /m.test(said) || endless.destroyed);
  const next = connect(mailroom.port, '127.0.0.1').setEncoding('latin1');
  t.after(() => next.destroy());
  t.after(() => endless.destroy());
  assert.match(String((await once(next, 'data'))[0]), /^220 /);
});

test('whatever is cut out of a mail or put into it, it is read', async () => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\r\n',
      '\r\n\r\n',
      '\0',
      '--part',
      '--part--',
      ': ',
      'Content-Type: ',
      '; boundary=',
      '=?',
      '<u7.1@',
    ),
  );
  const places = fc.tuple(fc.nat(3000), fc.nat(200));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...RETURN_SAMPLES),
      fc.array(fc.tuple(places, junk), { maxLength: 5 }),
      async ({ raw, to }, changes) => {
        let text = raw;
        for (const [[at, length], put] of changes) text = text.slice(0, at) + put + text.slice(at + length);
        const mail = await readMail(Buffer.from(text, 'latin1'), to, { sender: '' });
        assert.equal(mail.malformed > 0, mail.kind === 'malformed');
      },
    ),
    { numRuns: 300 },
  );
});
