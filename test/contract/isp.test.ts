/** What every simulated ISP must do, through real sockets, whatever engine is below it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINES } from '../../fakes/isp/protocol.ts';
import { UNSUPPORTED } from '../../fakes/isp/smtp-server-engine.ts';
import { addressWith, CONTRACT_ISPS, connectTo, messageText, openIsp } from '../support/isp-for-contract.ts';
import type { SmtpClient } from '../support/smtp-client.ts';
import { until } from '../support/until.ts';

/** The ISPs' own words; ids and times are masked. EHLO without STARTTLS, since no certificates are given. */
const SAID = {
  gmail: {
    greeting: ['220 mx.google.com ESMTP {gid} - gsmtp'],
    ehlo: [
      '250-mx.google.com at your service, [127.0.0.1]',
      '250-SIZE 157286400',
      '250-8BITMIME',
      '250-ENHANCEDSTATUSCODES',
      '250-PIPELINING',
      '250-CHUNKING',
      '250 SMTPUTF8',
    ],
    mail: ['250 2.1.0 OK {gid} - gsmtp'],
    rcpt: ['250 2.1.5 OK {gid} - gsmtp'],
    data: ['354 Go ahead {gid} - gsmtp'],
    dot: ['250 2.0.0 OK  1772017959 {gid} - gsmtp'],
    reset: ['250 2.1.5 Flushed {gid} - gsmtp'],
    quit: ['221 2.0.0 closing connection {gid} - gsmtp'],
    unknown: {
      stage: 'rcpt',
      lines: [
        '550-5.1.1 The email account that you tried to reach does not exist. Please try',
        "550-5.1.1 double-checking the recipient's email address for typos or",
        '550-5.1.1 unnecessary spaces. For more information, go to',
        '550 5.1.1  https://support.google.com/mail/?p=NoSuchUser {gid} - gsmtp',
      ],
    },
    full: {
      stage: 'rcpt',
      lines: [
        "452-4.2.2 The recipient's inbox is out of storage space. Please direct the",
        '452-4.2.2 recipient to',
        '452 4.2.2  https://support.google.com/mail/?p=OverQuotaTemp {gid} - gsmtp',
      ],
    },
    throttled: {
      stage: 'dot',
      closes: true,
      lines: [
        '421-4.7.28 [127.0.0.1      15] Our system has detected an unusual rate of',
        '421-4.7.28 unsolicited mail originating from your IP address. To protect our',
        '421-4.7.28 users from spam, mail sent from your IP address has been temporarily',
        '421-4.7.28 rate limited. Please visit',
        '421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to',
        '421 4.7.28 review our Bulk Email Senders Guidelines. {gid} - gsmtp',
      ],
    },
    crowded: {
      stage: 'connect',
      lines: [
        '421-4.4.5 Server busy, try again later. For more information, go to',
        '421 4.4.5  https://support.google.com/a/answer/3221692 {gid} - gsmtp',
      ],
    },
  },
  yahoo: {
    greeting: ['220 mta1382.mail.ne1.yahoo.com ESMTP ready'],
    ehlo: ['250-mta1382.mail.ne1.yahoo.com', '250-PIPELINING', '250-SIZE 41943040', '250 8BITMIME'],
    mail: ['250 sender <b-1@news.sender.test> ok'],
    rcpt: ['250 recipient <{rcpt}> ok'],
    data: ['354 go ahead'],
    dot: ['250 ok dirdel'],
    reset: ['250 ok'],
    quit: ['221 mta1382.mail.ne1.yahoo.com'],
    unknown: {
      stage: 'dot',
      lines: [
        "554 delivery error: dd This user doesn't have a yahoo.com account ({rcpt}) [0] - mta1382.mail.ne1.yahoo.com",
      ],
    },
    full: { stage: 'dot', lines: ['552 5.2.2 mailbox is full'] },
    throttled: {
      stage: 'mail',
      closes: true,
      lines: [
        '421 4.7.0 [TSS04] Messages from 127.0.0.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
      ],
    },
    crowded: { stage: 'connect', lines: ['421 Service not available, closing transmission channel'] },
  },
  outlook: {
    greeting: [
      '220 CH3PEPF00000015.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at Wed, 25 Feb 2026 11:12:39 +0000 [{sid}]',
    ],
    ehlo: [
      '250-CH3PEPF00000015.mail.protection.outlook.com Hello [127.0.0.1]',
      '250-SIZE 49283072',
      '250-PIPELINING',
      '250-DSN',
      '250-ENHANCEDSTATUSCODES',
      '250-8BITMIME',
      '250-BINARYMIME',
      '250-CHUNKING',
      '250 SMTPUTF8',
    ],
    mail: ['250 2.1.0 Sender OK'],
    rcpt: ['250 2.1.5 Recipient OK'],
    data: ['354 Start mail input; end with <CRLF>.<CRLF>'],
    dot: [
      '250 2.6.0 <1@news.sender.test> [InternalId={iid}, Hostname=LV4PR05MB11200.namprd05.prod.outlook.com] {bytes} bytes in 0.222, {kbs} KB/sec Queued mail for delivery -> 250 2.1.5',
    ],
    reset: ['250 2.0.0 Resetting'],
    quit: ['221 2.0.0 Service closing transmission channel'],
    unknown: {
      stage: 'rcpt',
      lines: ['550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). {tok}'],
    },
    full: { stage: 'dot', lines: ['554 5.2.2 mailbox full {tok}'] },
    throttled: {
      stage: 'rcpt',
      closes: false,
      lines: ['451 4.7.500 Server busy. Please try again later from [127.0.0.1]. (AS77712344) {tok}'],
    },
    crowded: {
      stage: 'mail',
      lines: [
        '451 4.7.652 The mail server [127.0.0.1] has exceeded the maximum number of connections. (S3115) {tok}',
      ],
    },
  },
  generic: {
    greeting: ['220 mx.generic.test ESMTP'],
    ehlo: [
      '250-mx.generic.test',
      '250-PIPELINING',
      '250-SIZE 100000',
      '250-8BITMIME',
      '250-ENHANCEDSTATUSCODES',
      '250-DSN',
      '250-CHUNKING',
      '250-BINARYMIME',
      '250 SMTPUTF8',
    ],
    mail: ['250 2.1.0 <b-1@news.sender.test> ok'],
    rcpt: ['250 2.1.5 <{rcpt}> ok'],
    data: ['354 go ahead'],
    dot: ['250 2.0.0 taken'],
    reset: ['250 2.0.0 ok'],
    quit: ['221 2.0.0 bye'],
    unknown: { stage: 'rcpt', lines: ['550 5.1.1 <{rcpt}> unknown'] },
    full: { stage: 'rcpt', lines: ['452 4.2.2 full'] },
    throttled: { stage: 'mail', closes: false, lines: ['451 4.7.1 slower'] },
    crowded: { stage: 'connect', lines: ['421 4.7.0 too many connections'] },
  },
};
for (const engine of ENGINES)
  for (const isp of CONTRACT_ISPS) {
    const said = SAID[isp];
    const name = `${isp} on ${engine}`;
    const fine = addressWith(isp, 'fine');
    const unknown = addressWith(isp, 'unknown');
    const rcpt = (address: string): string[] => said.rcpt.map((line) => line.replace('{rcpt}', address));
    const ehlo = offered(said.ehlo, engine === 'native' ? new Set() : UNSUPPORTED);

    test(`${name}: a message is taken, every reply in the ISP's words`, async (t) => {
      const { client, outcomes, attempts, connections } = await openIsp(t, isp, engine);
      assert.deepEqual(await client.reply(), said.greeting);
      assert.deepEqual(await client.ask('EHLO out1.sender.test'), ehlo);
      assert.deepEqual(await client.ask('MAIL FROM:<b-1@news.sender.test> SIZE=100'), said.mail);
      assert.deepEqual(await client.ask(`RCPT TO:<${fine}>`), rcpt(fine));
      assert.deepEqual(await client.ask('DATA'), said.data);
      assert.deepEqual(await client.ask(messageText()), said.dot);
      assert.deepEqual(await client.ask('RSET'), said.reset);
      assert.deepEqual(await client.ask('QUIT'), said.quit);
      assert.equal(await client.closed(), 'closed');
      assert.deepEqual(outcomes, ['accepted']);
      assert.deepEqual(attempts, [`${fine} accepted at dot, message 1`]);
      assert.deepEqual(connections, ['opened', 'closed after 1']);
    });

    for (const [fate, address, expected] of [
      ['an unknown user', unknown, said.unknown],
      ['a full mailbox', addressWith(isp, 'full'), said.full],
    ] as const) {
      test(`${name}: ${fate} is refused at ${expected.stage}`, async (t) => {
        const { client, outcomes, attempts } = await openIsp(t, isp, engine);
        await greet(client);
        assert.deepEqual(await deliver(client, address), {
          stage: expected.stage,
          last: expected.lines.map((line) => line.replace('{rcpt}', address)),
        });
        // The connection stays usable.
        assert.deepEqual((await deliver(client, fine)).last, said.dot);
        await quit(client);
        const outcome = (expected.lines[0] as string).startsWith('5') ? 'rejected' : 'deferred';
        assert.deepEqual(outcomes, [outcome, 'accepted']);
        assert.equal(attempts.length, 2);
      });
    }

    test(`${name}: a source over its rate hears so at ${said.throttled.stage}`, async (t) => {
      const overrides = { limits: { 'ip-rate': { rate: '1/h', burst: 1 } } };
      const { client, outcomes } = await openIsp(t, isp, engine, { overrides });
      await greet(client);
      assert.deepEqual((await deliver(client, fine)).last, said.dot);
      const { stage, lines } = said.throttled;
      assert.deepEqual(await deliver(client, fine), { stage, last: lines });
      if (said.throttled.closes) assert.equal(await client.closed(), 'closed');
      else await quit(client);
      assert.deepEqual(outcomes, ['accepted', 'throttled']);
    });

    test(`${name}: a connection too many is refused at ${said.crowded.stage}`, async (t) => {
      const overrides = { limits: { connections: 1 } };
      const { client, sink, connections } = await openIsp(t, isp, engine, { overrides });
      await greet(client);
      await deliver(client, fine);
      const second = connectTo(t, sink);
      const first = await second.reply();
      if (said.crowded.stage === 'connect') assert.deepEqual(first, said.crowded.lines);
      else
        assert.deepEqual(
          await second.ask('EHLO x.test', 'MAIL FROM:<b-2@news.sender.test>'),
          said.crowded.lines,
        );
      assert.equal(await second.closed(), 'closed');
      await quit(client);
      // A place that was given back is free again.
      const third = connectTo(t, sink);
      await greet(third);
      assert.deepEqual((await deliver(third, fine)).last, said.dot);
      await quit(third);
      assert.equal(sink.openConnections(), 0);
      assert.equal(connections.length, 6);
    });

    test(`${name}: a whole message in one packet, and the same one byte at a time`, async (t) => {
      const { client, outcomes, attempts } = await openIsp(t, isp, engine);
      await client.reply();
      const text = [
        'EHLO x.test',
        'MAIL FROM:<b-1@news.sender.test>',
        `RCPT TO:<${unknown}>`,
        `RCPT TO:<${fine}>`,
        'DATA',
        `${messageText()}\r\n`,
      ].join('\r\n');
      const expected = [
        ehlo,
        said.mail,
        said.unknown.stage === 'rcpt'
          ? said.unknown.lines.map((line) => line.replace('{rcpt}', unknown))
          : rcpt(unknown),
        rcpt(fine),
        said.data,
        said.dot,
      ];
      assert.deepEqual(await client.exchange(text, expected.length), expected);
      await client.trickle(text);
      assert.deepEqual(await client.exchange('', expected.length), expected);
      await quit(client);
      const outcome = said.unknown.stage === 'rcpt' ? 'partial' : 'accepted';
      assert.deepEqual(outcomes, [outcome, outcome]);
      assert.equal(attempts.length, 4);
    });

    test(`${name}: a client that leaves, resets or is cut off has abandoned its transaction`, async (t) => {
      const { client, sink, outcomes, attempts } = await openIsp(t, isp, engine);
      await client.reply();
      const envelope = ['MAIL FROM:<b-1@news.sender.test>', `RCPT TO:<${fine}>`];
      await client.ask('EHLO x.test', ...envelope, 'RSET', ...envelope, 'DATA');
      client.write('Subject: half\r\n');
      client.destroy();
      await until(() => sink.openConnections() === 0);
      assert.deepEqual(outcomes, ['abandoned', 'abandoned']);
      assert.deepEqual(attempts, [
        `${fine} abandoned at rcpt, message undefined`,
        `${fine} abandoned at data, message undefined`,
      ]);
    });

    test(`${name}: stopping the ISP drops what is under way`, async (t) => {
      const { client, sink, outcomes, attempts } = await openIsp(t, isp, engine);
      await greet(client);
      await client.ask('MAIL FROM:<b-1@news.sender.test>', `RCPT TO:<${fine}>`);
      await sink.stop();
      assert.equal(await client.closed(), 'closed');
      assert.deepEqual(outcomes, ['dropped']);
      assert.deepEqual(attempts, [`${fine} dropped at rcpt, message undefined`]);
    });
  }

for (const engine of ENGINES) {
  test(`yahoo on ${engine}: the connection ends without a word after its ration of messages`, async (t) => {
    const overrides = { limits: { 'messages-per-connection': 2 } };
    const { client, outcomes, attempts } = await openIsp(t, 'yahoo', engine, { overrides });
    const fine = addressWith('yahoo', 'fine');
    await greet(client);
    for (let n = 0; n < 2; n++) assert.deepEqual((await deliver(client, fine)).last, SAID.yahoo.dot);
    client.write(`MAIL FROM:<b-3@news.sender.test>\r\nRCPT TO:<${fine}>\r\n`);
    assert.equal(await client.closed(), 'closed');
    assert.deepEqual(client.unread(), []);
    assert.deepEqual(outcomes, ['accepted', 'accepted', 'recycled']);
    assert.equal(attempts.at(-1), 'undefined dropped at mail, message undefined');
  });

  test(`outlook on ${engine}: an incident for one source throttles it while it lasts`, async (t) => {
    const incidents = [{ start: 10e6, end: 20e6, source: 0, limits: { 'ip-rate': '0/s' } }];
    const { client, clock } = await openIsp(t, 'outlook', engine, { incidents });
    await greet(client);
    const heard = [];
    for (const at of [9e6, 10e6, 19e6, 20e6, 21e6]) {
      clock.advance(at - clock.now());
      heard.push((await deliver(client, addressWith('outlook', 'fine'))).last?.at(-1)?.slice(0, 3));
    }
    // At its end the bucket is empty; a fifth of a second later it holds the next message.
    assert.deepEqual(heard, ['250', '451', '451', '451', '250']);
  });

  test(`outlook on ${engine}: recipients named after a refused MAIL share its reply, and count once`, async (t) => {
    const { client, outcomes, attempts } = await openIsp(t, 'outlook', engine, {
      overrides: { limits: { 'ip-hour': 0 } },
      change: (isp) => ({ ...isp, replies: isp.replies.map((reply) => ({ ...reply, closes: false })) }),
    });
    await greet(client);
    const heard = await client.exchange(
      'MAIL FROM:<b-1@news.sender.test>\r\nRCPT TO:<u1.0@outlook.com>\r\nDATA\r\nRSET\r\n',
      4,
    );
    assert.deepEqual(
      heard.map(([line]) => line?.slice(0, 3)),
      ['451', '503', '503', '250'],
    );
    assert.deepEqual(outcomes, ['throttled']);
    assert.deepEqual(attempts, ['u1.0@outlook.com throttled at mail, message undefined']);
    // The connection goes on.
    assert.match((await client.ask('MAIL FROM:<b-2@news.sender.test>'))[0] ?? '', /^451 4\.7\.650 /);
  });
}

/** An EHLO reply without what an engine can't do. */
function offered(lines: readonly string[], without: ReadonlySet<string>): string[] {
  const kept = lines.filter((line) => !without.has(line.slice(4)));
  return kept.map((line, index) => `250${index < kept.length - 1 ? '-' : ' '}${line.slice(4)}`);
}

/** Sends a message without pipelining, stops at the first refusal, and returns all replies and where it stopped. */
async function deliver(
  client: SmtpClient,
  recipient: string,
  content = messageText(),
): Promise<{ stage: string; last: string[] | undefined }> {
  const steps = {
    mail: 'MAIL FROM:<b-1@news.sender.test>',
    rcpt: `RCPT TO:<${recipient}>`,
    data: 'DATA',
    dot: content,
  };
  let last: string[] | undefined;
  for (const [stage, command] of Object.entries(steps)) {
    last = await client.ask(command);
    if ((last[0] ?? '') < '400') continue;
    if (stage === 'rcpt') await client.ask('RSET');
    return { stage, last };
  }
  return { stage: 'dot', last };
}

async function greet(client: SmtpClient): Promise<void> {
  await client.reply();
  await client.ask('EHLO x.test');
}

async function quit(client: SmtpClient): Promise<void> {
  await client.ask('QUIT');
  await client.closed();
}
