/** An ISP on three worker processes takes what it would take on one. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ResolvedIsp } from '../../fakes/isp/resolve.ts';
import { sleepMs } from '../../src/core/clock.ts';
import { platform } from '../../src/core/process.ts';
import { type IspInProcesses, type Outcomes, startInProcesses } from '../support/isp-in-processes.ts';
import { lacking } from '../support/skip.ts';
import { SmtpClient } from '../support/smtp-client.ts';
import { limitLine, testIsp } from '../unit/fakes/isp/profiles-for-tests.ts';

/** More of them than workers, and two that none of the run's sources are. */
const SOURCES = Array.from({ length: 7 }, (_, n) => `127.0.0.${n + 11}`);
const STRANGERS = ['127.0.0.101', '127.0.0.102'];

/** Transactions that a client begins, on so many connections one after the other. */
interface Course {
  readonly from: string;
  readonly messages: number;
  readonly connections: number;
}

async function start(t: TestContext, isp: ResolvedIsp, workers: number): Promise<IspInProcesses> {
  const running = await startInProcesses(isp, workers, SOURCES);
  t.after(() => running.kill());
  return running;
}

/** Sends a course's messages, whatever is said to them; returns how many were taken. */
async function follow(
  { endpoints }: IspInProcesses,
  { from, messages, connections }: Course,
): Promise<number> {
  const [endpoint] = endpoints;
  let taken = 0;
  assert.ok(endpoint);
  const each = Math.ceil(messages / connections);
  for (let sent = 0; sent < messages; sent += each) {
    const client = new SmtpClient({ ...endpoint, localAddress: from });
    await client.reply();
    await client.ask('EHLO out.s.test');
    for (let n = sent; n < Math.min(messages, sent + each); n++) {
      const dialogue = [
        `MAIL FROM:<b-${n}@s.test>`,
        `RCPT TO:<u${n}.0@isp.test>`,
        'DATA',
        'Subject: x\r\n\r\nhello\r\n.',
      ];
      for (const line of dialogue) {
        const [reply] = await client.ask(line);
        if (/^[23]/.test(reply ?? '')) {
          if (line === dialogue.at(-1)) taken++;
          continue;
        }
        await client.ask('RSET');
        break;
      }
    }
    await client.ask('QUIT');
  }
  return taken;
}

async function outcomesOf(
  t: TestContext,
  isp: ResolvedIsp,
  workers: number,
  courses: readonly Course[],
): Promise<Outcomes> {
  const running = await start(t, isp, workers);
  await Promise.all(courses.map((course) => follow(running, course)));
  return running.stop();
}

test("a source's limits are exact when its ISP runs on three workers", async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const isp = testIsp(
    [
      limitLine('a', { kind: 'window', count: 25, per: '1h', stage: 'mail', reply: 'T2' }),
      limitLine('b', {
        kind: 'window',
        unit: 'recipients',
        count: 40,
        per: '1h',
        stage: 'rcpt',
        reply: 'T3',
      }),
      limitLine('c', { rate: '1/h', burst: 20, stage: 'mail', reply: 'T2' }),
    ],
    ['unknown: { share: 20%, reply: T5 }'],
  );
  const courses = [...SOURCES, ...STRANGERS].map((from, n) => ({
    from,
    messages: 5 + 9 * n,
    connections: 1 + (n % 3),
  }));
  const [single, split] = [await outcomesOf(t, isp, 0, courses), await outcomesOf(t, isp, 3, courses)];
  assert.deepEqual(split, single);
  const { accepted = 0, rejected = 0, throttled } = single[SOURCES[6] as string] ?? {};
  assert.deepEqual([accepted + rejected, throttled], [20, 39]);
  assert.ok(accepted > 0 && rejected > 0);
});

const shared = [
  ['netblock', { kind: 'window', count: 300, per: '1h' }],
  ['sender-domain', { kind: 'window', count: 300, per: '1h' }],
  ['isp', { rate: '1/h', burst: 300 }],
] as const;
for (const [key, rule] of shared) {
  test(`a limit of 300 by ${key} lets 294 to 300 pass on three workers`, async (t) => {
    if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
    const isp = testIsp([limitLine('x', { key, stage: 'mail', reply: 'T2', ...rule })]);
    const running = await start(t, isp, 3);
    // One has most to send, the others little, each on the worker that it has. What was refused is tried again, for as
    // long as a busy machine needs to pass units around, and then once more.
    const courses = SOURCES.map((from, n) => ({ from, messages: n === 0 ? 600 : 20, connections: 1 }));
    const [most] = courses;
    assert.ok(most);
    const taken = await Promise.all(courses.map((course) => follow(running, course)));
    let sum = taken.reduce((total, n) => total + n, 0);
    for (let round = 0; round < 50 && sum < 294; round++) sum += await follow(running, most);
    await follow(running, most);
    const accepted = Object.values(await running.stop()).reduce((sum, one) => sum + (one.accepted ?? 0), 0);
    assert.ok(accepted >= 294 && accepted <= 300, `${accepted}`);
  });
}

test('what all sources could have had is the same on three workers as on one', async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const hour = { kind: 'window', per: '1h', stage: 'mail', reply: 'T2' };
  const isp = testIsp([
    limitLine('x', { ...hour, count: 30 }),
    limitLine('y', { ...hour, key: 'netblock', count: 80 }),
    limitLine('z', { ...hour, key: 'sender-domain', count: 150 }),
  ]);
  for (const workers of [0, 3]) {
    const running = await start(t, isp, workers);
    const until = async (expected: number): Promise<void> => {
      while (running.samples.get('credit') !== expected) await sleepMs(20);
    };
    // Nobody has come: seven sources, each in a network of its own as far as is known.
    await until(7 * 30);
    const [endpoint] = running.endpoints;
    assert.ok(endpoint);
    const clients = SOURCES.slice(0, 3).map((from) => new SmtpClient({ ...endpoint, localAddress: from }));
    for (const client of clients) assert.deepEqual(await client.reply(), ['220 hi']);
    await until(80 + 4 * 30);
    await clients[0]?.ask('EHLO out.s.test', 'MAIL FROM:<b-1@s.test>');
    await until(150);
    for (const client of clients) await client.ask('QUIT');
    await running.stop();
  }
});

test('a penalty that a domain earns at one worker holds at the others', async (t) => {
  if (platform !== 'linux') return lacking(t, 'only Linux has all of 127.0.0.0/8 on its loopback');
  const penalty = `penalties:
  sender-domain:
    { on: [x], after: 5, per: 1h, forget: 1h, levels: [[{ for: 1h, reply: T11 }]], source: test, mark: assumed }
`;
  const ration = { key: 'connection', kind: 'window', count: 10 };
  const limit = limitLine('x', { ...ration, stage: 'mail', reply: 'T2' });
  const isp = testIsp([limit], [], {}, penalty);
  const running = await start(t, isp, 3);
  await follow(running, { from: SOURCES[0] as string, messages: 15, connections: 1 });
  const [endpoint] = running.endpoints;
  assert.ok(endpoint);
  for (let refused = false; !refused; ) {
    const other = new SmtpClient({ ...endpoint, localAddress: SOURCES[1] as string });
    await other.reply();
    const [mail] = await other.ask('EHLO out.s.test', 'MAIL FROM:<b-1@s.test>');
    refused = mail === '553 5.7.1 blocked';
    assert.ok(refused || mail?.startsWith('250'), `refused by nothing but the penalty, not with ${mail}`);
    await other.ask('QUIT');
  }
});
