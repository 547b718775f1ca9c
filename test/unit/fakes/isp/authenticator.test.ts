import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Authenticator } from '../../../../fakes/isp/authenticator.ts';
import { IspSession } from '../../../../fakes/isp/isp-session.ts';
import type { DnsFailures } from '../../../../fakes/isp/lab-resolver.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import type { EngineName } from '../../../../fakes/isp/protocol.ts';
import { createRenderer } from '../../../../fakes/isp/render.ts';
import { type ResolvedIsp, resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { IspObserver, Session } from '../../../../fakes/isp/session.ts';
import { startSink } from '../../../../fakes/isp/sink.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { assertGolden } from '../../../support/golden.ts';
import { type Letter, SOURCE, SOURCE6, senderDns, writeLetter } from '../../../support/signed-mail.ts';

const WALL = new Date('2026-02-25T11:12:39.245Z');
const ELSEWHERE = '198.18.128.99';

/** One of the ISPs, with mailboxes for everyone. */
function ispNamed(name: string, authentication: unknown): ResolvedIsp {
  const nobody = { unknown: '0%', full: '0%', disabled: '0%' };
  return resolveIsp(loadProfile(name), { scale: 1, overrides: { mailboxes: nobody, authentication } });
}

/** Sessions at an ISP, and what its observer and its authenticator know. */
function openIsp(name: string, authentication: unknown, failures?: DnsFailures) {
  const isp = ispNamed(name, authentication);
  const prng = createPrng(1);
  const ends: string[] = [];
  const end = (what: string, outcome: string, reply: number | undefined): void =>
    void ends.push(`${what} ${outcome} ${reply === undefined ? '-' : isp.replies[reply]?.id}`);
  const observer: IspObserver = {
    connectionOpened() {},
    connectionClosed: (e) => end('connection', 'closed', e.reply),
    replyLost: () => {},
    attempt: (e) => end('attempt', e.outcome, e.reply),
    transaction: (e) => end('transaction', e.outcome, e.reply),
  };
  const authenticator = new Authenticator(isp, senderDns(failures), prng);
  const world = {
    isp,
    state: createState(isp),
    clock: new VirtualClock(),
    prng,
    observer,
    render: createRenderer(isp, prng, () => WALL, new Set()),
    authenticator,
    open: new Set<Session>(),
  };
  let connections = 0;
  const newSession = (address = SOURCE.address): IspSession => {
    const session = new IspSession(world, {
      connection: connections++,
      address,
      source: 0,
      client: address,
      netblock: 'n',
    });
    session.onConnect();
    session.onHelo('EHLO', SOURCE.helo);
    return session;
  };
  return { newSession, ends, authenticator, recipient: `u1.0@${isp.domains[0]}` };
}

/** Ids that differ from transaction to transaction, as stars. */
function masked(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replace(/[0-9a-f]+-[0-9a-f]+si\d+a\d+\.\d+/g, '*')
      .replace(/\[[^[\]]*\.outlook\.com [^[\]]*\]/g, '[*]')
      .replace(/InternalId=\d+|\d+ bytes|[\d.]+ KB/g, '*'),
  );
}

interface Mail extends Letter {
  readonly mailFrom: string;
  readonly address?: string;
  readonly tls?: boolean;
}

/** What an ISP answers to a message: the reply to MAIL if that is a refusal, or else to the dot. */
async function answer(
  name: string,
  mail: Mail,
  wish: object = {},
  failures?: DnsFailures,
): Promise<string[]> {
  const { newSession, recipient } = openIsp(name, { check: 'every', ...wish }, failures);
  const session = newSession(mail.address);
  if (mail.tls) {
    session.onSecured();
    session.onHelo('EHLO', SOURCE.helo);
  }
  const said = session.onMail(mail.mailFrom);
  if (said.code >= 400) return masked(said.lines);
  session.onRcpt(recipient);
  session.onData();
  const content = await writeLetter(mail);
  return masked((await session.onDot({ bytes: content.length, head: content })).lines);
}

const GOOD: Mail = { mailFrom: 'b@good.test', from: 'news@good.test', signedBy: 'good.test', tls: true };
const BARE: Mail = { mailFrom: 'b@bare.test', from: 'news@bare.test', tls: true };
/** Somebody who says to be good.test, whose policy is reject. */
const FORGED: Mail = {
  mailFrom: 'b@nodmarc.test',
  from: 'news@good.test',
  signedBy: 'nodmarc.test',
  tls: true,
};
const BULK = { bulk: 0 };
const noDns =
  (type: string): DnsFailures =>
  (_, asked) =>
    asked === type ? 'ESERVFAIL' : undefined;

test('each failure is answered in the words of the ISP', async () => {
  const table: [about: string, isp: string, mail: Mail, wish?: object, failures?: DnsFailures][] = [
    ['nothing is wrong', 'gmail', GOOD, BULK],
    ['unauthenticated', 'gmail', BARE],
    ['hard fail', 'gmail', { ...BARE, mailFrom: 'b@hard.test', from: 'news@hard.test' }],
    ['forged', 'gmail', FORGED],
    [
      'forged, and DNS fails',
      'gmail',
      { ...GOOD, address: ELSEWHERE, spoilt: true },
      { rules: { reverse: 'off' } },
      (name, type) => (type === 'TXT' && name === 'good.test' ? 'ETIMEOUT' : undefined),
    ],
    ['no name', 'gmail', { ...GOOD, address: ELSEWHERE }],
    ['no name over IPv6', 'gmail', { ...GOOD, address: '2001:2:0:1::99' }],
    ['bulk in the clear', 'gmail', { ...GOOD, tls: false }, BULK],
    ['bulk without SPF', 'gmail', { ...GOOD, mailFrom: 'b@bare.test' }, BULK],
    [
      'bulk without SPF, for good',
      'gmail',
      { ...GOOD, mailFrom: 'b@bare.test' },
      { bulk: 0, rules: { 'bulk-spf': 'G29-perm' } },
    ],
    ['bulk with a bad signature', 'gmail', { ...GOOD, spoilt: true }, BULK],
    ['bulk without alignment', 'gmail', { ...FORGED, from: 'news@watching.test' }, BULK],
    [
      'bulk without DMARC',
      'gmail',
      { mailFrom: 'b@nodmarc.test', from: 'a@nodmarc.test', signedBy: 'nodmarc.test', tls: true },
      BULK,
    ],
    ['two From fields', 'gmail', { ...GOOD, edit: (m) => `From: a@bare.test\r\n${m}` }],
    ['no Message-ID', 'gmail', { ...GOOD, edit: (m) => m.replace(/^Message-ID:.*\r\n/im, '') }],
    ['nothing is wrong', 'yahoo', GOOD, BULK],
    ['no name', 'yahoo', { ...GOOD, address: ELSEWHERE }],
    ['a sender that does not exist', 'yahoo', { ...GOOD, mailFrom: 'b@nowhere.test' }],
    ['a sender that DNS can not tell of', 'yahoo', GOOD, {}, noDns('SOA')],
    ['unauthenticated', 'yahoo', BARE],
    ['forged', 'yahoo', FORGED],
    ['bulk without DKIM', 'yahoo', { ...GOOD, signedBy: undefined }, BULK],
    ['no Date', 'yahoo', { ...GOOD, edit: (m) => m.replace(/^Date:.*\r\n/im, '') }],
    ['nothing is wrong', 'outlook', GOOD, BULK],
    ['forged', 'outlook', FORGED],
    ['unauthenticated', 'outlook', BARE],
    ['unauthenticated over IPv6', 'outlook', { ...BARE, address: SOURCE6.address }],
    ['bulk, SPF fails', 'outlook', { ...GOOD, mailFrom: 'b@bare.test' }, BULK],
    ['no From', 'outlook', { ...GOOD, edit: (m) => m.replace(/^From:.*\r\n/im, '') }],
  ];
  const dialogues: string[] = [];
  for (const [about, name, mail, wish, failures] of table)
    dialogues.push([`# ${name}: ${about}`, ...(await answer(name, mail, wish, failures)), ''].join('\n'));
  assertGolden('test/golden/authentication.txt', dialogues.join('\n'));
});

test('what becomes of a transaction that is authenticated', async () => {
  const { newSession, ends, authenticator, recipient } = openIsp('gmail', 'every');
  const content = await writeLetter(BARE);
  const begin = (mailFrom = BARE.mailFrom): IspSession => {
    const session = newSession();
    session.onMail(mailFrom);
    session.onRcpt(recipient);
    session.onData();
    return session;
  };
  const table: [about: string, act: () => Promise<unknown>, expected: string[]][] = [
    [
      'a refusal is its end',
      async () => begin().onDot({ bytes: content.length, head: content }),
      ['attempt rejected G22', 'transaction rejected G22'],
    ],
    [
      'one that passes is accepted',
      async () => {
        const good = await writeLetter(GOOD);
        return begin(GOOD.mailFrom).onDot({ bytes: good.length, head: good });
      },
      ['attempt accepted G-dot', 'transaction accepted G-dot'],
    ],
    [
      'a message that is larger than what was kept is not judged',
      async () => begin().onDot({ bytes: content.length + 1, head: content }),
      ['attempt accepted G-dot', 'transaction accepted G-dot'],
    ],
    [
      'a client that leaves before the verdict hears none',
      async () => {
        const session = begin();
        const answered = session.onDot({ bytes: content.length, head: content });
        session.onClose();
        assert.deepEqual((await answered).lines, []);
      },
      ['attempt abandoned -', 'transaction abandoned -', 'connection closed -'],
    ],
    [
      'an ISP that stops before the verdict has dropped it',
      async () => {
        const session = begin();
        const answered = session.onDot({ bytes: content.length, head: content });
        session.onClose(true);
        assert.deepEqual((await answered).lines, []);
      },
      ['attempt dropped -', 'transaction dropped -', 'connection closed -'],
    ],
  ];
  for (const [about, act, expected] of table) {
    ends.length = 0;
    await act();
    assert.deepEqual(ends, expected, about);
  }
  const { checked, passed, unread, byRule } = authenticator.counts;
  assert.deepEqual([checked, passed, unread, byRule.unauthenticated], [5, 1, 1, 3]);
});

test('a sample is measured and has no consequences', async () => {
  const { newSession, authenticator } = openIsp('gmail', 'sampled');
  const looked: number[] = [];
  for (let n = 0; n < 20_000; n++) if (authenticator.looksAt(n >> 4, n & 15)) looked.push(n);
  // 1 % of 20,000 is 200, give or take 14.
  assert.ok(looked.length > 140 && looked.length < 260, `${looked.length} of 20000`);
  assert.equal(authenticator.looksAt((looked[0] ?? 0) >> 4, (looked[0] ?? 0) & 15), true);
  const content = await writeLetter(BARE);
  let later = 0;
  for (let n = 0; n < 400; n++) {
    const session = newSession(ELSEWHERE);
    assert.equal(session.onMail('b@nowhere.test').code, 250);
    session.onRcpt(`u${n}.0@gmail.com`);
    session.onData();
    const answered = session.onDot({ bytes: content.length, head: content });
    if (answered instanceof Promise) later++;
    // Its bucket may be empty by now.
    assert.ok([250, 421].includes((await answered).code));
    session.onQuit();
  }
  const { checked, byRule } = authenticator.counts;
  assert.ok(later > 0 && later < 20, `${later} of 400`);
  assert.deepEqual([checked, byRule.reverse], [later, later]);
});

/** Says each text when the one before was answered, and returns the codes of all replies. */
async function converse(port: number, texts: readonly string[]): Promise<number[]> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  const waiting = [...texts];
  const codes: number[] = [];
  socket.on('data', (lines: string) => {
    const ends = [...lines.matchAll(/^(\d{3}) /gm)].map(([, code]) => Number(code));
    codes.push(...ends);
    if (ends.length > 0 && waiting.length > 0) socket.write(waiting.shift() as string);
  });
  await once(socket, 'close');
  return codes;
}

test('both engines wait for the verdict before they read on', async (t) => {
  for (const engine of ['native', 'smtp-server'] satisfies EngineName[]) {
    await t.test(engine, async () => {
      const isp = { ...ispNamed('gmail', 'every'), engine };
      const nothing = (): void => {};
      const sink = await startSink({
        isp,
        listen: [{ address: '127.0.0.1', port: 0 }],
        clock: new VirtualClock(),
        prng: createPrng(1),
        observer: {
          connectionOpened: nothing,
          connectionClosed: nothing,
          replyLost: nothing,
          attempt: nothing,
          transaction: nothing,
        },
        sourceOf: () => 0,
        resolver: senderDns(),
        simulatedAddress: () => SOURCE.address,
      });
      try {
        const transaction = async ({ mailFrom, ...letter }: Mail): Promise<string[]> => [
          `MAIL FROM:<${mailFrom}>\r\n`,
          'RCPT TO:<u1.0@gmail.com>\r\n',
          'DATA\r\n',
          `${(await writeLetter(letter)).toString('latin1')}\r\n.\r\n`,
        ];
        const said = [
          `EHLO ${SOURCE.helo}\r\n`,
          ...(await transaction(BARE)),
          ...(await transaction(GOOD)),
          'QUIT\r\n',
        ];
        // The library does not read on behind a dot in the same packet; our own engine must not lose its place.
        const codes = await converse(
          sink.addresses[0]?.port ?? 0,
          engine === 'native' ? [said.join('')] : said,
        );
        assert.deepEqual(codes, [220, 250, 250, 250, 354, 550, 250, 250, 354, 250, 221]);
        assert.equal(sink.authentication()?.checked, 2);
      } finally {
        await sink.stop();
      }
    });
  }
});
