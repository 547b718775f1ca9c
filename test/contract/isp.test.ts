/** What every simulated ISP must do, through real sockets, whatever engine is below it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { loadProfile } from '../../fakes/isp/profile.ts';
import { type ResolvedIsp, type ResolveOptions, resolveIsp } from '../../fakes/isp/resolve.ts';
import type { IspObserver } from '../../fakes/isp/session.ts';
import { type Sink, startSink } from '../../fakes/isp/sink.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { createPrng, Purpose } from '../../src/core/prng.ts';

const prng = createPrng(42);
const WALL = new Date('2026-02-25T11:12:39.245Z');

/** The ISPs' own words; ids and times are masked. */
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
};
type IspName = keyof typeof SAID;
const DOMAIN: Record<IspName, string> = { gmail: 'gmail.com', yahoo: 'yahoo.com', outlook: 'outlook.com' };

for (const isp of Object.keys(SAID) as IspName[]) {
  const said = SAID[isp];
  const [fine, unknown, full] = ['fine', 'unknown', 'full'].map((fate) => addressWith(isp, fate)) as [
    string,
    string,
    string,
  ];
  const rcpt = (address: string): string[] => said.rcpt.map((line) => line.replace('{rcpt}', address));

  test(`${isp}: a message is taken, every reply in the ISP's words`, async (t) => {
    const { client, events } = await open(t, isp);
    assert.deepEqual(await client.reply(), said.greeting);
    assert.deepEqual(await client.ask('EHLO out1.sender.test'), said.ehlo);
    assert.deepEqual(await client.ask('MAIL FROM:<b-1@news.sender.test> SIZE=100'), said.mail);
    assert.deepEqual(await client.ask(`RCPT TO:<${fine}>`), rcpt(fine));
    assert.deepEqual(await client.ask('DATA'), said.data);
    assert.deepEqual(await client.ask(message()), said.dot);
    assert.deepEqual(await client.ask('RSET'), said.reset);
    assert.deepEqual(await client.ask('QUIT'), said.quit);
    assert.equal(await client.closed(), 'closed');
    assert.deepEqual(events.outcomes, ['accepted']);
    assert.deepEqual(events.attempts, [`${fine} accepted at dot, message 1`]);
    assert.deepEqual(events.connections, ['opened', 'closed after 1']);
  });

  for (const [fate, address, expected] of [
    ['an unknown user', unknown, said.unknown],
    ['a full mailbox', full, said.full],
  ] as const) {
    test(`${isp}: ${fate} is refused at ${expected.stage}`, async (t) => {
      const { client, events } = await open(t, isp);
      const replies = await client.deliver(address);
      assert.deepEqual(
        replies.at(-1),
        expected.lines.map((line) => line.replace('{rcpt}', address)),
      );
      assert.equal(client.stage, expected.stage);
      // The connection stays usable.
      assert.deepEqual((await client.deliver(fine)).at(-1), said.dot);
      await client.quit();
      const outcome = (expected.lines[0] as string).startsWith('5') ? 'rejected' : 'deferred';
      assert.deepEqual(events.outcomes, [outcome, 'accepted']);
      assert.equal(events.attempts.length, 2);
    });
  }

  test(`${isp}: a source over its rate hears so at ${said.throttled.stage}`, async (t) => {
    const { client, events } = await open(t, isp, { 'ip-rate': { rate: '1/h', burst: 1 } });
    assert.deepEqual((await client.deliver(fine)).at(-1), said.dot);
    assert.deepEqual((await client.deliver(fine)).at(-1), said.throttled.lines);
    assert.equal(client.stage, said.throttled.stage);
    if (said.throttled.closes) assert.equal(await client.closed(), 'closed');
    else await client.quit();
    assert.deepEqual(events.outcomes, ['accepted', 'throttled']);
  });

  test(`${isp}: a connection too many is refused at ${said.crowded.stage}`, async (t) => {
    const { client, sink, events } = await open(t, isp, { connections: 1 });
    await client.deliver(fine);
    const second = new Client(sink);
    t.after(() => second.destroy());
    const first = await second.reply();
    if (said.crowded.stage === 'connect') assert.deepEqual(first, said.crowded.lines);
    else
      assert.deepEqual(
        await second.ask('EHLO x.test', 'MAIL FROM:<b-2@news.sender.test>'),
        said.crowded.lines,
      );
    assert.equal(await second.closed(), 'closed');
    await client.quit();
    // A place that was given back is free again.
    const third = new Client(sink);
    t.after(() => third.destroy());
    assert.deepEqual((await third.deliver(fine)).at(-1), said.dot);
    await third.quit();
    assert.equal(sink.openConnections(), 0);
    assert.equal(events.connections.length, 6);
  });

  test(`${isp}: a whole message in one packet, and the same one byte at a time`, async (t) => {
    const { client, events } = await open(t, isp);
    await client.reply();
    const envelope = [
      'EHLO x.test',
      'MAIL FROM:<b-1@news.sender.test>',
      `RCPT TO:<${unknown}>`,
      `RCPT TO:<${fine}>`,
      'DATA',
    ];
    const expected = [
      said.ehlo,
      said.mail,
      said.unknown.stage === 'rcpt' ? said.unknown.lines : rcpt(unknown),
      rcpt(fine),
      said.data,
      said.dot,
    ];
    for (const write of [(text: string) => client.write(text), (text: string) => client.trickle(text)]) {
      await write(`${envelope.join('\r\n')}\r\n${message()}\r\n`);
      for (const lines of expected) assert.deepEqual(await client.reply(), lines);
    }
    await client.quit();
    const outcome = said.unknown.stage === 'rcpt' ? 'partial' : 'accepted';
    assert.deepEqual(events.outcomes, [outcome, outcome]);
    assert.equal(events.attempts.length, 4);
  });

  test(`${isp}: dots at the start of lines are not the end of the message`, async (t) => {
    const { client, events } = await open(t, isp);
    const body = '..\r\n...\r\n..a\r\n\r\nb';
    await client.deliver(fine, message(body));
    await client.quit();
    const unstuffed = message('.\r\n..\r\n.a\r\n\r\nb').length - '\r\n.'.length + '\r\n'.length;
    assert.deepEqual(events.bytes, [unstuffed]);
  });

  test(`${isp}: a client that leaves, resets or is cut off has abandoned its transaction`, async (t) => {
    const { client, sink, events } = await open(t, isp);
    await client.reply();
    await client.ask('EHLO x.test', 'MAIL FROM:<b-1@news.sender.test>', `RCPT TO:<${fine}>`, 'RSET');
    await client.ask('MAIL FROM:<b-1@news.sender.test>', `RCPT TO:<${fine}>`, 'DATA');
    client.write('Subject: half\r\n');
    client.destroy();
    await until(() => sink.openConnections() === 0);
    assert.deepEqual(events.outcomes, ['abandoned', 'abandoned']);
    assert.deepEqual(events.attempts, [
      `${fine} abandoned at rcpt, message undefined`,
      `${fine} abandoned at data, message undefined`,
    ]);
  });

  test(`${isp}: stopping the ISP drops what is under way`, async (t) => {
    const { client, sink, events } = await open(t, isp);
    await client.reply();
    await client.ask('EHLO x.test', 'MAIL FROM:<b-1@news.sender.test>', `RCPT TO:<${fine}>`);
    await sink.stop();
    assert.equal(await client.closed(), 'closed');
    assert.deepEqual(events.outcomes, ['dropped']);
    assert.deepEqual(events.attempts, [`${fine} dropped at rcpt, message undefined`]);
  });
}

test('yahoo: the connection ends without a word after its ration of messages', async (t) => {
  const { client, events } = await open(t, 'yahoo', { 'messages-per-connection': 2 });
  const fine = addressWith('yahoo', 'fine');
  for (let n = 0; n < 2; n++) assert.deepEqual((await client.deliver(fine)).at(-1), SAID.yahoo.dot);
  client.write(`MAIL FROM:<b-3@news.sender.test>\r\nRCPT TO:<${fine}>\r\n`);
  assert.equal(await client.closed(), 'closed');
  assert.deepEqual(client.unread(), []);
  assert.deepEqual(events.outcomes, ['accepted', 'accepted', 'recycled']);
  assert.equal(events.attempts.at(-1), 'undefined dropped at mail, message undefined');
});

test('an incident for one source throttles it while it lasts', async (t) => {
  const incidents = [{ start: 10e6, end: 20e6, source: 0, limits: { 'ip-rate': '0/s' } }];
  const { client, clock } = await open(t, 'outlook', {}, incidents);
  const fine = addressWith('outlook', 'fine');
  const heard = [];
  for (const at of [9e6, 10e6, 19e6, 20e6, 21e6]) {
    clock.advance(at - clock.now());
    heard.push((await client.deliver(fine)).at(-1)?.at(-1)?.slice(0, 3));
  }
  // At its end the bucket is empty; a fifth of a second later it holds the next message.
  assert.deepEqual(heard, ['250', '451', '451', '451', '250']);
});

test('recipients that are named after a refused MAIL share its reply, and count once', async (t) => {
  const { client, events } = await open(t, 'outlook', { 'ip-hour': 0 }, [], (isp) => ({
    ...isp,
    replies: isp.replies.map((reply) => ({ ...reply, closes: false })),
  }));
  await client.reply();
  await client.ask('EHLO x.test');
  client.write('MAIL FROM:<b-1@news.sender.test>\r\nRCPT TO:<u1.0@outlook.com>\r\nDATA\r\nRSET\r\n');
  const heard = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
  assert.deepEqual(
    heard.map(([line]) => line?.slice(0, 3)),
    ['451', '503', '503', '250'],
  );
  assert.deepEqual(events.outcomes, ['throttled']);
  assert.deepEqual(events.attempts, ['u1.0@outlook.com throttled at mail, message undefined']);
  // The connection goes on.
  assert.match((await client.ask('MAIL FROM:<b-2@news.sender.test>'))[0] ?? '', /^451 4\.7\.650 /);
});

/** An address that has the fate at this seed, found by asking chance as the policy does. */
function addressWith(name: IspName, fate: string): string {
  const isp = resolveIsp(loadProfile(name), { scale: 1 });
  for (let mailbox = 0; ; mailbox++) {
    const address = `u${mailbox}.0@${DOMAIN[name]}`;
    const at = prng.chance(Purpose.mailboxFate, prng.hash(address), isp.number);
    const bounds = isp.mailboxes.map((_, kind) =>
      isp.mailboxes.slice(0, kind + 1).reduce((sum, m) => sum + m.share, 0),
    );
    const met = isp.mailboxes[bounds.findIndex((bound) => at < bound)];
    if ((met?.name ?? 'fine') === fate) return address;
  }
}

function message(body = 'Hello'): string {
  return `X-Windtunnel-Message: 1\r\nMessage-ID: <1@news.sender.test>\r\n\r\n${body}\r\n.`;
}

interface Context {
  after(act: () => unknown): void;
}

async function open(
  t: Context,
  name: IspName,
  limits: Record<string, unknown> = {},
  incidents: NonNullable<ResolveOptions['incidents']> = [],
  change = (isp: ResolvedIsp): ResolvedIsp => isp,
) {
  const clock = new VirtualClock();
  const events = {
    outcomes: [] as string[],
    attempts: [] as string[],
    connections: [] as string[],
    bytes: [] as number[],
  };
  const observer: IspObserver = {
    connectionOpened: () => void events.connections.push('opened'),
    connectionClosed: (e) => void events.connections.push(`closed after ${e.transactions}`),
    attempt: (e) =>
      void events.attempts.push(`${e.recipient} ${e.outcome} at ${e.stage}, message ${e.headerMessage}`),
    transaction: (e) => {
      events.outcomes.push(e.outcome);
      events.bytes.push(e.bytes);
    },
  };
  const isp = change(resolveIsp(loadProfile(name), { scale: 1, overrides: { limits }, incidents }));
  const listen = [{ address: '127.0.0.1', port: 0 }];
  const sink = await startSink({ isp, listen, clock, prng, observer, sourceOf: () => 0, wall: () => WALL });
  const client = new Client(sink);
  t.after(async () => {
    client.destroy();
    await sink.stop();
  });
  return { client, sink, clock, events };
}

/** A client that sends what it is told and reads whole replies, with ids masked. */
class Client {
  /** The stage of the last command of `deliver`. */
  stage = '';
  readonly #socket: Socket;
  readonly #lines: string[] = [];
  #rest = '';
  #greeted = false;
  #wake = (): void => {};

  constructor(sink: Sink) {
    const { port, address } = sink.addresses[0] as { port: number; address: string };
    this.#socket = connect({ port, host: address, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk) => {
      const lines = (this.#rest + String(chunk)).split('\r\n');
      this.#rest = lines.pop() as string;
      this.#lines.push(...lines.map(mask));
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#wake());
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Writes each byte in a packet of its own. */
  async trickle(text: string): Promise<void> {
    for (const byte of text)
      await new Promise<void>((resolve) => void this.#socket.write(byte, () => resolve()));
  }

  /** Sends lines one after the other and returns the reply to the last. */
  async ask(...lines: string[]): Promise<string[]> {
    let reply: string[] = [];
    for (const line of lines) {
      this.write(`${line}\r\n`);
      reply = await this.reply();
    }
    return reply;
  }

  async reply(): Promise<string[]> {
    this.#greeted = true;
    for (;;) {
      const end = this.#lines.findIndex((line) => line[3] !== '-');
      if (end >= 0) return this.#lines.splice(0, end + 1);
      if (this.#socket.closed) throw new Error(`connection closed; unread: ${this.#lines.join(' | ')}`);
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  /** Sends a message without pipelining, stops at the first refusal, and returns all replies. */
  async deliver(recipient: string, content = message()): Promise<string[][]> {
    if (!this.#greeted) {
      await this.reply();
      await this.ask('EHLO x.test');
    }
    const replies: string[][] = [];
    const steps = {
      mail: 'MAIL FROM:<b-1@news.sender.test>',
      rcpt: `RCPT TO:<${recipient}>`,
      data: 'DATA',
      dot: content,
    };
    for (const [stage, command] of Object.entries(steps)) {
      this.stage = stage;
      replies.push(await this.ask(command));
      const code = replies.at(-1)?.[0]?.slice(0, 3) ?? '';
      if (code < '400') continue;
      if (stage === 'rcpt') await this.ask('RSET');
      break;
    }
    return replies;
  }

  async quit(): Promise<void> {
    await this.ask('QUIT');
    await this.closed();
  }

  async closed(): Promise<'closed'> {
    if (!this.#socket.closed) await once(this.#socket, 'close');
    return 'closed';
  }

  unread(): string[] {
    return this.#lines;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function mask(line: string): string {
  return line
    .replace(/[0-9a-f]{13}-[0-9a-f]{11}si\d{5,8}[0-9a-z]{2,3}\.\d{1,3}/, '{gid}')
    .replace(/\[[A-Z0-9]+\.\w+prd\d\d\.prod\.outlook\.com 2026-02-25T11:12:39\.245Z [0-9A-F]{16}\]/, '{tok}')
    .replace(/\[[0-9A-F]{16}\]/, '[{sid}]')
    .replace(/InternalId=\d{14}/, 'InternalId={iid}')
    .replace(/\d+ bytes in 0\.222, \d+\.\d{3} KB/, '{bytes} bytes in 0.222, {kbs} KB');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
