import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, checkMessage } from '../../../../fakes/isp/check-message.ts';
import { createLabResolver } from '../../../../fakes/isp/lab-resolver.ts';
import { UnsignedMail } from '../../../../fakes/isp/unsigned-mail.ts';
import { buildZones } from '../../../../fakes/zones.ts';
import { SENDERS, SOURCE, SOURCE6, senderDns, writeLetter } from '../../../support/signed-mail.ts';

const MTA = 'mx.isp.test';
const client = (sender: string, source = SOURCE): Client => ({ ...source, sender, tls: true });

test('what is remembered of unsigned mail is what would be found again', async () => {
  const memory = new UnsignedMail();
  const froms = [
    'news@good.test',
    'News <news@strict.test>',
    'a@good.test, b@bare.test',
    'nobody',
    'x@missing.test',
  ];
  const senders = [
    ...SENDERS.map(({ domain }) => `b-1@${domain}`),
    '',
    'good.test',
    '@hard.test',
    'a@b@good.test',
  ];
  for (const from of froms) {
    const letter = await writeLetter({ from });
    for (const sender of senders) {
      for (const source of [SOURCE, SOURCE6, { address: '198.18.128.99', helo: 'nobody.test' }]) {
        const expected = await checkMessage(senderDns(), client(sender, source), letter, MTA);
        const first = await checkMessage(senderDns(), client(sender, source), letter, MTA, memory);
        const second = await checkMessage(
          senderDns(),
          client(sender.replace('b-1', 'b-2'), source),
          letter,
          MTA,
          memory,
        );
        assert.deepEqual([first, second], [expected, expected], `${from}, MAIL FROM:<${sender}>`);
      }
    }
  }
});

test('mail is judged anew where more than its From field, its client and the domain of MAIL FROM may count', async (t) => {
  const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;
  const from = 'From: a@good.test';
  const table: [about: string, head: string, sender: string, isAlike: boolean][] = [
    ['the same again', head('Subject: 1', from), 'b-1@good.test', true],
    ['another number in MAIL FROM', head('Subject: 1', from), 'b-2@good.test', true],
    ['other fields', head('Received: from a by b', from, 'Subject: 2'), 'b-1@good.test', true],
    ['another domain in MAIL FROM', head(from), 'b-1@bare.test', false],
    ['no MAIL FROM', head(from), '', false],
    ['another From', head('From: b@good.test'), 'b-1@good.test', false],
    ['From in two lines', head('From: A', '\t<a@good.test>'), 'b-1@good.test', false],
    ['two From fields', head(from, from), 'b-1@good.test', false],
    ['From without a colon', head(from, 'from'), 'b-1@good.test', false],
    ['a blank before From', head(' From: a@good.test'), 'b-1@good.test', false],
    ['a seal', head('ARC-Seal: i=1', from), 'b-1@good.test', false],
    ['a signature of another spelling', head('dkim-signature : v=1', from), 'b-1@good.test', false],
    ['a character beyond ASCII', head(from, 'Subject: \xe4'), 'b-1@good.test', false],
    ['a bare line feed', head(`X: 1\n${from}`), 'b-1@good.test', false],
    ['a bare carriage return', head(`X: 1\r${from}`), 'b-1@good.test', false],
  ];
  for (const [about, text, sender, isAlike] of table) {
    await t.test(about, async () => {
      const memory = new UnsignedMail();
      let judged = 0;
      const judge = (message: string, sender: string) =>
        memory.judged(message, client(sender), senderDns().resolve, async () => {
          judged++;
          return await checkMessage(senderDns(), client(sender), Buffer.from(message, 'latin1'), MTA);
        });
      await judge(head('Subject: 1', from), 'b-1@good.test');
      await judge(text, sender);
      assert.equal(judged, isAlike ? 1 : 2);
    });
  }
});

test('a record that names the sender with a macro is read for each sender', async () => {
  const sender = {
    domain: 'macro.test',
    spf: 'v=spf1 exists:%{l}.good.test -all',
    dkim: [],
    dmarc: null,
    mx: [],
  };
  const named = { ...sender, domain: 'known.good.test', spf: 'auto' };
  const resolver = createLabResolver(
    buildZones({ isps: [], senders: [sender, named], sources: [{ ...SOURCE, helo: 'known.good.test' }] }),
  );
  const memory = new UnsignedMail();
  const letter = await writeLetter({ from: 'a@macro.test' });
  const results = [];
  for (const local of ['unknown', 'known', 'unknown']) {
    const { spf } = await checkMessage(resolver, client(`${local}@macro.test`), letter, MTA, memory);
    results.push(spf.result);
  }
  assert.deepEqual(results, ['fail', 'pass', 'fail']);
});
