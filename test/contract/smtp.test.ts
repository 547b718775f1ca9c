/**
 * SMTP as every ISP speaks it, through real sockets, on both engines: order, syntax, line ends, sizes, extensions. What
 * the library smtp-server can't do is listed once, as CANNOT in support/isp-for-contract.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueCertificates } from '../../fakes/isp/certificates.ts';
import { ENGINES, type EngineName } from '../../fakes/isp/protocol.ts';
import { createAuthority } from '../../fakes/tls.ts';
import {
  addressWith,
  CANNOT,
  CONTRACT_ISPS,
  type ContractIsp,
  type Feature,
  messageText,
  openIsp,
} from '../support/isp-for-contract.ts';
import { until } from '../support/until.ts';

/** First lines of replies; ids are masked. */
const SAID = {
  gmail: {
    helloFirst: '503-5.5.1 EHLO/HELO first. A mail transaction protocol command was issued out',
    mailFirst: '503-5.5.1 Bad sequence of commands. For more information, go to',
    rcptFirst: '503-5.5.1 RCPT first. A mail transaction protocol command was issued out of',
    nested: '503-5.5.1 Bad sequence of commands. For more information, go to',
    unknown: '502-5.5.1 Unrecognized command. For more information, go to',
    tooMany: '502-5.5.1 Too many unrecognized commands, goodbye. For more information, go to',
    unimplemented: '502-5.5.1 Unimplemented command. For more information, go to',
    longCommand: '555-5.5.2 Syntax error, goodbye. For more information, go to',
    emptyHello: '501-5.5.4 Empty HELO/EHLO argument not allowed, closing connection. For more',
    badHello: '501-5.5.4 HELO/EHLO argument a!b invalid closing connection. For more',
    badSender: '555-5.5.2 Syntax error. For more information, go to',
    badRecipient: '555-5.5.2 Syntax error. For more information, go to',
    badParameter: '555-5.5.2 Syntax error. For more information, go to',
    badArgument: '555-5.5.2 Syntax error. For more information, go to',
    notAscii: '555-5.5.2 Syntax error. For more information, go to',
    tooBig: "552-5.3.4 Your message exceeded Google's message size limits. To view our",
    vrfy: "252 2.1.5 Send some mail, I'll try my best {gid} - gsmtp",
    help: '214 2.0.0  https://www.google.com/search?btnI&q=RFC+5321 {gid} - gsmtp',
    noop: '250 2.0.0 OK {gid} - gsmtp',
    startTls: '220 2.0.0 Ready to start TLS',
    tlsRepeated: '454 5.5.1 STARTTLS may not be repeated. {gid} - gsmtp',
    tlsPipelined: '523-5.7.10 SMTP protocol violation, no commands allowed to pipeline after',
    timeout: '451-4.4.2 Timeout - closing connection. For more information, go to',
    chunk: '250 2.0.0 OK {gid} - gsmtp',
    noDataAfterBdat: '503-5.5.1 No DATA after BDAT. A mail transaction protocol command was issued',
  },
  yahoo: {
    helloFirst: '503 Bad sequence of commands',
    mailFirst: '503 Bad sequence of commands',
    rcptFirst: '503 Bad sequence of commands',
    nested: '503 Bad sequence of commands',
    unknown: '500 Syntax error, command unrecognized',
    tooMany: '421 Too many errors, closing transmission channel',
    unimplemented: '500 Syntax error, command unrecognized',
    longCommand: '500 Syntax error, command unrecognized',
    emptyHello: '501 Syntax error in parameters or arguments',
    badHello: '501 Syntax error in parameters or arguments',
    badSender: '501 Syntax error in parameters or arguments',
    badRecipient: '501 Syntax error in parameters or arguments',
    badParameter: '501 Syntax error in parameters or arguments',
    badArgument: '501 Syntax error in parameters or arguments',
    notAscii: '501 Syntax error in parameters or arguments',
    tooBig: '552 Message size exceeds fixed maximum message size',
    vrfy: "252 send some mail, i'll try my best",
    help: '500 Syntax error, command unrecognized',
    noop: '250 ok',
    startTls: '220 Start TLS',
    tlsRepeated: '503 Bad sequence of commands',
    tlsPipelined: undefined,
    timeout: '421 Timeout waiting for command',
    chunk: undefined,
    noDataAfterBdat: undefined,
  },
  outlook: {
    helloFirst: '503 5.5.2 Send hello first {tok}',
    mailFirst: '503 5.5.2 Need mail command {tok}',
    rcptFirst: '503 5.5.2 Need rcpt command {tok}',
    nested: '503 5.5.2 Sender already specified {tok}',
    unknown: '500 5.3.3 Unrecognized command {tok}',
    tooMany: '421 4.7.0 Too many errors on this connection, closing transmission channel {tok}',
    unimplemented: '500 5.3.3 Unrecognized command {tok}',
    longCommand: '500 5.3.3 Unrecognized command {tok}',
    emptyHello: '501 5.5.4 Invalid arguments {tok}',
    badHello: '501 5.5.4 Invalid arguments {tok}',
    badSender: '501 5.5.4 Invalid arguments {tok}',
    badRecipient: '501 5.1.3 Invalid address {tok}',
    badParameter: '501 5.5.4 Invalid arguments {tok}',
    badArgument: '501 5.5.4 Invalid arguments {tok}',
    notAscii: '501 5.5.4 Invalid arguments {tok}',
    tooBig: '552 5.3.4 Message size exceeds fixed maximum message size {tok}',
    vrfy: '252 2.1.5 Cannot VRFY user',
    help: '500 5.3.3 Unrecognized command {tok}',
    noop: '250 2.0.0 OK',
    startTls: '220 2.0.0 SMTP server ready',
    tlsRepeated: '503 5.5.2 Only one STARTTLS command can be issued per session {tok}',
    tlsPipelined: undefined,
    timeout: '451 4.7.0 Timeout waiting for client input {tok}',
    chunk: '250 2.6.0 CHUNK received OK, 12 octets',
    noDataAfterBdat: '503 5.5.2 Sender already specified {tok}',
  },
  generic: {
    helloFirst: '503 5.5.1 Send hello first',
    mailFirst: '503 5.5.1 Bad sequence of commands',
    rcptFirst: '503 5.5.1 Bad sequence of commands',
    nested: '503 5.5.1 Bad sequence of commands',
    unknown: '500 5.5.1 Command unrecognized',
    tooMany: '421 4.7.0 Too many errors',
    unimplemented: '502 5.5.1 Command not implemented',
    longCommand: '500 5.5.2 Line too long',
    emptyHello: '501 5.5.4 Domain name expected',
    badHello: '501 5.5.4 Invalid domain name',
    badSender: '501 5.1.7 Syntax error in parameters or arguments',
    badRecipient: '501 5.1.3 Syntax error in parameters or arguments',
    badParameter: '555 5.5.4 Parameter not recognized',
    badArgument: '501 5.5.4 Syntax error in parameters or arguments',
    notAscii: '553 5.6.7 Address is not ASCII',
    tooBig: '552 5.3.4 Message size exceeds fixed limit',
    vrfy: '502 5.5.1 Command not implemented',
    help: '502 5.5.1 Command not implemented',
    noop: '250 2.0.0 ok',
    startTls: '220 Ready to start TLS',
    tlsRepeated: '503 5.5.1 TLS is active',
    tlsPipelined: undefined,
    timeout: '421 4.4.2 Timeout',
    chunk: '250 12 octets received',
    noDataAfterBdat: '503 5.5.1 Bad sequence of commands',
  },
} satisfies Record<ContractIsp, unknown>;

const MAIL = 'MAIL FROM:<b-1@news.sender.test>';
const AUTHORITY = await createAuthority();
const CERTIFICATES = await issueCertificates(AUTHORITY, ['mx.isp.test']);

/** What would be delivered if a server saw the end of a message before `ends`. */
function smuggled(ends: string, recipient: string): string {
  return `Subject: a\r\n\r\na${ends}${MAIL}\r\nRCPT TO:<${recipient}>\r\nDATA\r\nSubject: b\r\n\r\nb\r\n.\r\n`;
}

/** Line ends that are none, around a dot (SMTP smuggling, CVE-2023-51764 and its relatives). */
const NO_END = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\n.\r',
  '\r.\n',
  '\n\n.\r\n',
  '\r\r\n.\n',
  '\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
  '\r\n. \r\n',
  '\r\n..\r\n',
  '\u0085.\u0085',
];

for (const engine of ENGINES) for (const isp of CONTRACT_ISPS) contract(engine, isp);

function contract(engine: EngineName, isp: ContractIsp): void {
  const said = SAID[isp];
  const fine = addressWith(isp, 'fine');
  const RCPT = `RCPT TO:<${fine}>`;
  const dialogue = (
    what: string,
    needs: readonly Feature[],
    act: (open: Awaited<ReturnType<typeof openIsp>>) => Promise<void>,
    options: Parameters<typeof openIsp>[3] = {},
  ): void => {
    if (needs.some((feature) => CANNOT[engine].has(feature))) return;
    test(`${isp} on ${engine}: ${what}`, async (t) => {
      const open = await openIsp(t, isp, engine, options);
      await open.client.reply();
      await act(open);
    });
  };

  for (const [what, commands, reply] of [
    ['MAIL before EHLO', [MAIL], said.helloFirst],
    ['RCPT before MAIL', ['EHLO x.test', RCPT], said.mailFirst],
    ['DATA before MAIL', ['EHLO x.test', 'DATA'], said.mailFirst],
    ['DATA before RCPT', ['EHLO x.test', MAIL, 'DATA'], said.rcptFirst],
    ['MAIL in a transaction', ['EHLO x.test', MAIL, MAIL], said.nested],
    ['a command that nobody knows', ['EHLO x.test', 'HALLO'], said.unknown],
    ['a line without a command', ['EHLO x.test', ''], said.unknown],
    ['a command beyond ASCII', ['EHLO x.test', 'NO\xc3\x96P'], said.unknown],
    ['a command with a NUL', ['EHLO x.test', 'NO\0OP'], said.unknown],
    ['a bare LF between commands', ['EHLO x.test', 'NOOP\nNOO\nNOOP'], said.unknown],
    ['a command that is not carried out', ['EHLO x.test', 'EXPN list'], said.unimplemented],
    ['EHLO without a name', ['EHLO'], said.emptyHello],
    ['EHLO with a name that is none', ['EHLO a!b'], said.badHello],
    ['a sender without brackets', ['EHLO x.test', 'MAIL FROM:a@b.test'], said.badSender],
    ['a sender without a domain', ['EHLO x.test', 'MAIL FROM:<a>'], said.badSender],
    ['a recipient with a blank', ['EHLO x.test', MAIL, 'RCPT TO:<a b@c.test>'], said.badRecipient],
    ['a null recipient', ['EHLO x.test', MAIL, 'RCPT TO:<>'], said.badRecipient],
    ['two senders in one command', ['EHLO x.test', `${MAIL}\rRCPT TO:<a@b.test>`], said.badSender],
    ['a parameter that was not offered', ['EHLO x.test', `${MAIL} FOO=1`], said.badParameter],
    ['a size that is no number', ['EHLO x.test', `${MAIL} SIZE=much`], said.badArgument],
    ['a parameter twice', ['EHLO x.test', `${MAIL} SIZE=1 SIZE=2`], said.badArgument],
    ['DATA with an argument', ['EHLO x.test', MAIL, RCPT, 'DATA now'], said.badArgument],
    ['an address beyond ASCII', ['EHLO x.test', 'MAIL FROM:<\xc3\xbc@b.test>'], said.notAscii],
    ['a message that is declared too big', ['EHLO x.test', `${MAIL} SIZE=999999999`], said.tooBig],
  ] as const) {
    dialogue(`${what} is answered with an error`, ['words for errors'], async ({ client }) => {
      const heard = await client.ask(...commands);
      assert.equal(heard[0], reply);
      const closes = /closing connection/.test(heard.join());
      if (closes) assert.equal(await client.closed(), 'closed');
      else assert.match((await client.ask('NOOP'))[0] ?? '', /^250 /);
    });
  }

  dialogue('VRFY, HELP and NOOP', ['courtesies'], async ({ client }) => {
    assert.deepEqual(
      [await client.ask('VRFY u1'), await client.ask('HELP'), await client.ask('NOOP x')].map((r) => r[0]),
      [said.vrfy, said.help, said.noop],
    );
  });

  dialogue('commands in any case, addresses with routes and blanks', ['words for errors'], async (open) => {
    const { client, attempts } = open;
    await client.ask(
      'ehlo x.test',
      'mail from:<>',
      `Rcpt To: <@a.test,@b.test:${fine}>  `,
      'data',
      messageText(),
    );
    assert.deepEqual(attempts, [`${fine} accepted at dot, message 1`]);
  });

  dialogue('parameters are taken where they are offered', ['words for errors'], async ({ client }) => {
    const codes = async (...commands: string[]): Promise<string | undefined> =>
      (await client.ask(...commands))[0]?.slice(0, 3);
    const offered = (await client.ask('EHLO x.test')).map((line) => line.slice(4).split(' ')[0]);
    for (const [keyword, mail, rcpt] of [
      ['8BITMIME', 'BODY=8BITMIME', ''],
      ['SMTPUTF8', 'SMTPUTF8', ''],
      ['DSN', 'RET=HDRS ENVID=a+2Bb', 'NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b.test'],
      ['BINARYMIME', 'BODY=BINARYMIME', ''],
    ] as const) {
      const has = offered.includes(keyword);
      assert.equal((await codes(`${MAIL} ${mail}`))?.startsWith('2'), has, mail);
      if (has) assert.equal(await codes(`${RCPT} ${rcpt}`.trim()), '250', rcpt);
      await client.ask('RSET');
    }
  });

  dialogue('unknown commands are borne for a while', ['words for errors'], async ({ client }) => {
    const borne = isp === 'generic' ? 3 : 10;
    for (let n = 0; n < borne; n++) assert.equal((await client.ask('HALLO'))[0], said.unknown);
    assert.equal((await client.ask('HALLO'))[0], said.tooMany);
    assert.equal(await client.closed(), 'closed');
  });

  dialogue('a command line that is too long', ['line lengths'], async ({ client, sink }) => {
    const longest = isp === 'generic' ? 512 : 1024;
    assert.equal((await client.ask(`NOOP ${'x'.repeat(longest - 7)}`))[0], said.noop);
    assert.equal((await client.ask(`NOOP ${'x'.repeat(longest - 6)}`))[0], said.longCommand);
    if (/goodbye/.test(said.longCommand)) {
      assert.equal(await client.closed(), 'closed');
      assert.equal(sink.openConnections(), 0);
      return;
    }
    // However long it is, there is one answer, and nothing of it is a command.
    client.write('x'.repeat(200_000));
    assert.equal((await client.ask('\nNOOP'))[0], said.longCommand);
    assert.equal((await client.ask('NOOP'))[0], said.noop);
  });

  dialogue('dots at the start of lines are not the end of the message', [], async ({ client, bytes }) => {
    await client.ask('EHLO x.test', MAIL, RCPT, 'DATA', messageText('..\r\n...\r\n..a\r\n\r\nb'));
    await client.ask(MAIL, RCPT, 'DATA', '.');
    const unstuffed = messageText('.\r\n..\r\n.a\r\n\r\nb').length - '.'.length;
    assert.deepEqual(bytes, [unstuffed, 0]);
  });

  dialogue('the end of a message in any two packets', [], async ({ client, outcomes }) => {
    await client.ask('EHLO x.test');
    const text = `a\r\n.b\r\n.\r\n`;
    for (let at = 1; at < text.length; at++) {
      await client.ask(MAIL, RCPT, 'DATA');
      client.write(text.slice(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      await client.exchange(text.slice(at), 1);
    }
    assert.equal(outcomes.filter((o) => o === 'accepted').length, text.length - 1);
  });

  dialogue('bare line ends never end a message', [], async ({ client, outcomes, bytes }) => {
    await client.ask('EHLO x.test');
    for (const ends of NO_END) {
      const text = smuggled(ends, fine);
      await client.ask(MAIL, RCPT, 'DATA');
      assert.match((await client.exchange(text, 1))[0]?.[0] ?? '', /^250/, JSON.stringify(ends));
      // The reply to this and nothing before it: none of the content was taken for a command.
      assert.equal((await client.ask('NOOP'))[0]?.slice(0, 3), '250');
      assert.deepEqual(client.unread(), []);
      if (!ends.includes('\r\n.')) assert.equal(bytes.at(-1), text.length - '.\r\n'.length);
    }
    assert.deepEqual(
      outcomes,
      NO_END.map(() => 'accepted'),
    );
  });

  dialogue(
    'a message larger than was offered',
    [],
    async ({ client, outcomes }) => {
      const heard = await client.exchange(
        `EHLO x.test\r\n${MAIL}\r\n${RCPT}\r\nDATA\r\n${messageText(`${'x'.repeat(98)}\r\n`.repeat(50))}\r\n`,
        5,
      );
      assert.equal(heard.at(-1)?.[0], said.tooBig);
      assert.deepEqual(outcomes, ['rejected']);
    },
    { change: (resolved) => ({ ...resolved, rules: { ...resolved.rules, size: 4000 } }) },
  );

  dialogue('a line of a message that is too long', ['line lengths'], async ({ client, outcomes }) => {
    await client.ask('EHLO x.test');
    for (const length of [998, 999, 5000]) {
      const lines = `short\r\n${'x'.repeat(length)}\r\nshort`;
      const reply = await client.ask(MAIL, RCPT, 'DATA', messageText(lines));
      const refused = isp === 'generic' && length > 998;
      if (refused) assert.equal(reply[0], '554 5.6.0 Message has a line that is too long');
      else assert.match(reply[0] ?? '', /^250 /);
    }
    const long = isp === 'generic' ? 'rejected' : 'accepted';
    assert.deepEqual(outcomes, ['accepted', long, long]);
  });

  dialogue('a client that sends all and ends its side is answered', ['half-open'], async (open) => {
    const { client, sink, outcomes } = open;
    client.write(`EHLO x.test\r\n${MAIL}\r\n${RCPT}\r\nDATA\r\n${messageText()}\r\nNOO`);
    client.end();
    const codes = [];
    for (let n = 0; n < 5; n++) codes.push((await client.reply())[0]?.slice(0, 3));
    assert.deepEqual(codes, ['250', '250', '250', '354', '250']);
    assert.equal(await client.closed(), 'closed');
    assert.deepEqual([outcomes, sink.openConnections()], [['accepted'], 0]);
  });

  dialogue('commands after QUIT are not read', [], async ({ client, connections }) => {
    const text = `EHLO x.test\r\nQUIT\r\n${MAIL}\r\nNOOP\r\n`;
    assert.deepEqual((await client.exchange(text, 2))[1]?.[0]?.slice(0, 3), '221');
    await client.closed();
    assert.deepEqual([client.unread(), connections], [[], ['opened', 'closed after 0']]);
  });

  dialogue('a client that talks before it is greeted is answered in order', [], async ({ client }) => {
    const codes = await client.exchange(`EHLO x.test\r\nNOOP\r\n${MAIL}\r\n`, 3);
    assert.deepEqual(
      codes.map(([line]) => line?.slice(0, 3)),
      ['250', '250', '250'],
    );
  });

  dialogue('a reset leaves nothing open', [], async ({ client, sink, outcomes }) => {
    await client.ask('EHLO x.test', MAIL, RCPT, 'DATA');
    client.write('Subject: half');
    client.reset();
    await until(() => sink.openConnections() === 0);
    assert.deepEqual(outcomes, ['abandoned']);
  });

  dialogue(
    'a client that says nothing is sent away',
    ['idle'],
    async ({ client, sink, outcomes }) => {
      await client.ask('EHLO x.test', MAIL);
      client.write('RCPT TO:<'); // half a command is none
      assert.equal((await client.reply())[0], said.timeout);
      assert.equal(await client.closed(), 'closed');
      assert.deepEqual([outcomes, sink.openConnections()], [['dropped'], 0]);
    },
    { change: (resolved) => ({ ...resolved, rules: { ...resolved.rules, idle: 60e3 } }) },
  );

  const chunks = isp !== 'yahoo';
  dialogue('BDAT', ['chunks'], async ({ client, outcomes, bytes, attempts }) => {
    await client.ask('EHLO x.test');
    if (!chunks) {
      await client.ask(MAIL, RCPT);
      assert.equal((await client.ask('BDAT 0 LAST'))[0], said.unknown);
      return;
    }
    const head = 'X-Windtunnel-Message: 1\r\n\r\n';
    const heard = await client.exchange(
      // Two chunks and an empty one, all in one packet; a chunk may hold anything.
      `${MAIL}\r\n${RCPT}\r\nBDAT ${head.length}\r\n${head}BDAT 12\r\n\r\n.\r\nQUIT\r\n\0BDAT 0 LAST\r\n`,
      5,
    );
    assert.deepEqual(
      heard.map(([line]) => line?.slice(0, 3)),
      ['250', '250', '250', '250', '250'],
    );
    assert.equal(heard[3]?.[0], said.chunk);
    assert.deepEqual([outcomes, bytes], [['accepted'], [head.length + 12]]);
    assert.deepEqual(attempts, [`${fine} accepted at dot, message 1`]);
  });

  if (chunks) {
    dialogue('BDAT that can not be', ['chunks', 'words for errors'], async ({ client, outcomes }) => {
      // The chunk of a BDAT that is refused is thrown away.
      assert.equal((await client.exchange('BDAT 6 LAST\r\nQUIT\r\n', 1))[0]?.[0], said.helloFirst);
      await client.ask('EHLO x.test');
      assert.equal((await client.exchange('BDAT 6 LAST\r\nQUIT\r\n', 1))[0]?.[0], said.mailFirst);
      await client.ask(MAIL);
      assert.equal((await client.exchange('BDAT 6 LAST\r\nQUIT\r\n', 1))[0]?.[0], said.rcptFirst);
      await client.ask(RCPT);
      await client.exchange('BDAT 1\r\na', 1);
      assert.equal((await client.ask('DATA'))[0], said.noDataAfterBdat);
      assert.equal((await client.ask(RCPT))[0], said.nested);
      await client.ask('RSET');
      assert.equal((await client.ask('BDAT many'))[0], said.badArgument);
      // What follows could be the chunk.
      assert.equal(await client.closed(), 'closed');
      assert.deepEqual(outcomes, ['abandoned']);
    });
  }

  dialogue(
    'STARTTLS',
    ['tls'],
    async ({ client, outcomes }) => {
      const before = await client.ask('EHLO x.test');
      await client.ask(MAIL);
      assert.deepEqual(await client.ask('STARTTLS'), [said.startTls]);
      await client.secure(AUTHORITY.caPem, 'mx.isp.test');
      // What was said in the clear is forgotten.
      assert.equal((await client.ask(MAIL))[0], said.helloFirst);
      const after = await client.ask('EHLO x.test');
      const keywords = (lines: readonly string[]): string[] => lines.map((line) => line.slice(4));
      assert.deepEqual(
        keywords(after),
        keywords(before).filter((line) => line !== 'STARTTLS'),
      );
      assert.notDeepEqual(after, before);
      assert.equal((await client.ask('STARTTLS'))[0], said.tlsRepeated);
      await client.ask(MAIL, RCPT, 'DATA', messageText(), 'QUIT');
      await client.closed();
      assert.deepEqual(outcomes, ['abandoned', 'accepted']);
    },
    { certificates: CERTIFICATES },
  );

  dialogue(
    'commands behind STARTTLS in the clear are never carried out',
    ['tls'],
    async (open) => {
      const { client, outcomes } = open;
      assert.equal((await client.ask('STARTTLS'))[0], said.helloFirst);
      await client.ask('EHLO x.test');
      const [heard] = await client.exchange(`STARTTLS\r\n${MAIL}\r\n`, 1);
      if (said.tlsPipelined !== undefined) {
        assert.equal(heard?.[0], said.tlsPipelined);
        return;
      }
      assert.equal(heard?.[0], said.startTls);
      await client.secure(AUTHORITY.caPem, 'mx.isp.test');
      await client.ask('EHLO x.test');
      assert.equal((await client.ask(RCPT))[0], said.mailFirst);
      assert.deepEqual(outcomes, []);
    },
    { certificates: CERTIFICATES },
  );
}
