import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { LatencyWish } from '../../../../fakes/isp/resolve-latency.ts';
import type { IspObserver } from '../../../../fakes/isp/session.ts';
import { type Sink, startSink } from '../../../../fakes/isp/sink.ts';
import type { Effect } from '../../../../fakes/isp/verdict.ts';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { SmtpClient } from '../../../support/smtp-client.ts';
import { until } from '../../../support/until.ts';

const TO_TWO = ['EHLO x.test', 'MAIL FROM:<b-7@news.sender.test>', 'RCPT TO:<u1.0@gmail.com>'];
const MESSAGE = 'X-Windtunnel-Message: 7\r\n\r\nx\r\n.\r\n';

interface Case {
  readonly effect?: Effect;
  readonly latency?: LatencyWish;
  /** What the client does once its message was taken. */
  readonly next: (client: SmtpClient, sink: Sink, seen: readonly string[]) => unknown;
}

/** Hands Gmail one message for two recipients, and returns what it observes of them. */
async function meet({ effect, latency = 'off', next }: Case): Promise<string[]> {
  const seen: string[] = [];
  const clock = new VirtualClock();
  const observer: IspObserver = {
    connectionOpened() {},
    connectionClosed() {},
    attempt: ({ recipient, outcome, at }) => {
      seen.push(`${at} ${recipient} ${outcome}`);
      clock.advance(1);
    },
    replyLost: ({ recipient, sender, headerMessage, at }) =>
      seen.push(`${at} ${recipient} lost, ${sender} ${headerMessage}`),
    transaction() {},
  };
  const isp = resolveIsp(loadProfile('gmail'), {
    scale: 1,
    overrides: { mailboxes: { unknown: 0, full: 0, disabled: 0 }, authentication: 'off', latency },
    ...(effect ? { incidents: [{ start: 0, end: 1e6, effect }] } : {}),
  });
  const sink = await startSink({
    isp,
    listen: [{ address: '127.0.0.1', port: 0 }],
    clock,
    prng: createPrng(1),
    observer,
    sourceOf: () => 0,
  });
  const client = new SmtpClient(sink.addresses[0] ?? assert.fail());
  try {
    await client.reply();
    await client.ask(...TO_TWO, 'RCPT TO:<u2.1@gmail.com>', 'DATA');
    client.write(MESSAGE);
    await until(() => seen.length > 0);
    await next(client, sink, seen);
  } finally {
    client.destroy();
    await sink.stop();
  }
  return seen;
}

const ACCEPTED = ['0 u1.0@gmail.com accepted', '0 u2.1@gmail.com accepted'];
const LOST = [
  '0 u1.0@gmail.com lost, b-7@news.sender.test 7',
  '0 u2.1@gmail.com lost, b-7@news.sender.test 7',
];
const leaveAndSee = async (client: SmtpClient, _: Sink, seen: readonly string[]): Promise<void> => {
  client.reset();
  await until(() => seen.length > ACCEPTED.length);
};
const leave = (client: SmtpClient): void => client.destroy();
const wait = (client: SmtpClient): Promise<unknown> => client.closed();

const CASES: readonly [string, Case, boolean][] = [
  ['a reply that was read', { next: (client) => client.reply() }, false],
  ['a reply that comes late', { latency: { dot: '20ms' }, next: (client) => client.reply() }, false],
  [
    'a reply that was read, and a late one to QUIT that was not waited for',
    {
      effect: { kind: 'tarpit', delay: 5e3 },
      next: async (client) => {
        await client.reply();
        client.write('NOOP\r\nQUIT\r\n');
        client.destroy();
      },
    },
    false,
  ],
  ['a reply that the ISP loses', { effect: { kind: 'lose-reply' }, next: wait }, true],
  ['a stall in its place', { effect: { kind: 'stall', stage: 'dot' }, next: leave }, true],
  [
    'a connection that ends half in its place',
    { effect: { kind: 'half-open', stage: 'dot' }, next: wait },
    true,
  ],
  [
    'a late reply that is lost too',
    { effect: { kind: 'lose-reply' }, latency: { dot: '20ms' }, next: wait },
    true,
  ],
  ['a client that does not wait for a late reply', { latency: { dot: '10m' }, next: leaveAndSee }, true],
  [
    'a client that ends its side before a late reply',
    {
      latency: { dot: '20ms' },
      next: async (client) => {
        client.end();
        await client.closed();
      },
    },
    true,
  ],
  [
    'an ISP that stops before its late reply',
    { latency: { dot: '10m' }, next: (_, sink) => sink.stop() },
    true,
  ],
  [
    'a reply, and the mail host out of reach afterwards',
    {
      next: async (client, sink) => {
        await client.reply();
        sink.setReaching('127.0.0.1', false);
        client.write('QUIT\r\n');
        await client.reply();
      },
    },
    false,
  ],
  [
    'a late reply, and another mail host out of reach',
    {
      latency: { dot: '20ms' },
      next: (client, sink) => {
        sink.setReaching('127.0.0.9', false);
        return client.reply();
      },
    },
    false,
  ],
  [
    'a late reply of a mail host that is out of reach by then',
    {
      latency: { dot: '20ms' },
      next: (client, sink) => {
        sink.setReaching('127.0.0.1', false);
        // Here, without a network that drops it, it arrives all the same.
        return client.reply();
      },
    },
    true,
  ],
  [
    'a late reply of a mail host that is within reach again',
    {
      latency: { dot: '20ms' },
      next: (client, sink) => {
        sink.setReaching('127.0.0.1', false);
        sink.setReaching('127.0.0.1', true);
        return client.reply();
      },
    },
    false,
  ],
  [
    'a mail host that goes down before its late reply',
    { latency: { dot: '10m' }, next: (_, sink) => sink.setListening('127.0.0.1', false) },
    true,
  ],
];

for (const [name, about, lost] of CASES) {
  test(`${name} ${lost ? 'is one' : 'is none'} that the client can’t have read`, async () => {
    assert.deepEqual(await meet(about), lost ? [...ACCEPTED, ...LOST] : ACCEPTED);
  });
}
