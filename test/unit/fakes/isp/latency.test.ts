import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_ANSWER } from '../../../../fakes/isp/answer-times.ts';
import { FaultySession } from '../../../../fakes/isp/faulty-session.ts';
import { spread } from '../../../../fakes/isp/latency.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { createRenderer, type Rendered } from '../../../../fakes/isp/render.ts';
import { type ResolvedIsp, resolveIsp } from '../../../../fakes/isp/resolve.ts';
import type { LatencyWish } from '../../../../fakes/isp/resolve-latency.ts';
import type { IspObserver } from '../../../../fakes/isp/session.ts';
import { startSink } from '../../../../fakes/isp/sink.ts';
import { SlowSession } from '../../../../fakes/isp/slow-session.ts';
import { quantile } from '../../../../fakes/isp/spread.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import { VirtualClock } from '../../../../src/core/clock.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { parseScenario } from '../../../../src/scenario/load.ts';
import { planRun } from '../../../../src/scenario/plan.ts';
import { SmtpClient } from '../../../support/smtp-client.ts';
import { inFolder, profileText, REPLIES, testIsp, testProfile } from './profiles-for-tests.ts';

const EXPECTED =
  'expected a time such as 20ms, a range such as 10ms..30ms, or { median: 2s, p99: 5s }; real time, at most 10m';
const nobody: IspObserver = {
  connectionOpened() {},
  connectionClosed() {},
  replyLost() {},
  attempt() {},
  transaction() {},
};

test('the three forms, by the time that a share of the answers does not exceed', () => {
  const rows: [unknown, number, number, number][] = [
    ['20ms', 20, 20, 20],
    ['20ms@real', 20, 20, 20],
    ['0s', 0, 0, 0],
    ['10ms..30ms', 10.2, 20, 29.8],
    [{ median: '2s', p99: '5s' }, 800, 2000, 5000],
    [{ median: '2s', p99: '2s' }, 2000, 2000, 2000],
  ];
  for (const [text, low, middle, high] of rows) {
    const of = spread.parse(text);
    const found = [0.01, 0.5, 0.99].map((share) => Math.round(quantile(of, share) / 100) / 10);
    assert.deepEqual(found, [low, middle, high], JSON.stringify(text));
  }
});

test('no answer takes longer than a client has to wait', () => {
  const of = spread.parse({ median: '1s', p99: '10m' });
  assert.equal(quantile(of, 1 - 2 ** -33, LONGEST_ANSWER), 600e6);
  assert.ok(quantile(of, 2 ** -33) > 0);
});

for (const [name, time, place] of [
  ['no time', 'fast', 'found "fast"; EXPECTED'],
  ['a number without a unit', '20', 'found 20; EXPECTED'],
  ['simulated time', '20ms@sim', 'found "20ms@sim"; EXPECTED'],
  ['too long', '11m', 'found "11m"; EXPECTED'],
  ['a range that runs backwards', '30ms..10ms', 'found "30ms..10ms"; EXPECTED'],
  ['a range of three', '1ms..2ms..3ms', 'found "1ms..2ms..3ms"; EXPECTED'],
  [
    'a median above the 99th percentile',
    '{ median: 5s, p99: 2s }',
    'found {"median":"5s","p99":"2s"}; EXPECTED',
  ],
  ['a median of 0', '{ median: 0s, p99: 2s }', 'found {"median":"0s","p99":"2s"}; EXPECTED'],
  ['another percentile', '{ median: 1s, p95: 2s }', 'found {"median":"1s","p95":"2s"}; EXPECTED'],
] as const) {
  test(`a latency in a profile is refused with its place: ${name}`, () => {
    refused(
      `latency:\n  dot: { time: ${time}, source: x, mark: observed }\n`,
      `12:10: latency.dot.time: ${place.replace('EXPECTED', EXPECTED)}`,
    );
  });
}

test('a stage that there is not, and a time without a source, are refused', () => {
  const entry = '{ time: 1ms, source: x, mark: observed }';
  refused(`latency:\n  dto: ${entry}\n`, '12:3: latency.dto: unknown key "dto"; did you mean dot?');
  refused(
    'latency:\n  dot: { time: 1ms, mark: observed }\n',
    '12:3: latency.dot.source: found nothing; expected string',
  );
});

function refused(more: string, expected: string): void {
  inFolder(profileText([], [], more), REPLIES, (file) =>
    assert.throws(
      () => loadProfile(file),
      (error: Error) => {
        assert.equal(error.message, `${file}:${expected}`);
        return true;
      },
    ),
  );
}

const PROFILE = `latency:
  connect: { time: 10ms..30ms, source: x, mark: observed }
  dot: { time: 2s, source: x, mark: observed }
`;
const CONNECT = { kind: 'even', min: 10e3, max: 30e3 };

test('a scenario turns it on, and may name other times', () => {
  const rows: [LatencyWish | undefined, unknown][] = [
    [undefined, null],
    ['off', null],
    ['on', { connect: CONNECT, dot: { kind: 'even', min: 2e6, max: 2e6 } }],
    [
      { mail: '5ms', dot: { median: '1s', p99: '3s' } },
      {
        connect: CONNECT,
        mail: { kind: 'even', min: 5e3, max: 5e3 },
        dot: { kind: 'log-normal', median: 1e6, p99: 3e6 },
      },
    ],
  ];
  for (const [latency, expected] of rows)
    assert.deepEqual(
      testIsp([], [], { scale: 60, overrides: { latency } }, PROFILE).latency,
      expected,
      JSON.stringify(latency),
    );
});

test('it is what runs', () => {
  const text = 'load: { rate: 1/s, duration: 1s }\nisps: { gmail: { latency: on }, yahoo: {} }\n';
  const { isps } = planRun(parseScenario(text, 's.yaml'));
  assert.deepEqual(
    isps.map(({ resolved }) => resolved.latency),
    [{ connect: CONNECT }, null],
  );
});

test('what a scenario can not ask for', () => {
  const rows: [string, LatencyWish, string][] = [
    [
      `engine: smtp-server\n${PROFILE}`,
      'on',
      'latency: the engine smtp-server answers at once; expected engine native in the profile, or off',
    ],
    ['', 'on', 'latency: Test has none in its profile; expected times such as { dot: 20ms }'],
    [PROFILE, { dto: '1s' }, 'latency.dto: unknown stage "dto"; did you mean dot?'],
    [PROFILE, { dot: 5 }, `latency.dot: found 5; ${EXPECTED}`],
  ];
  for (const [more, latency, message] of rows) {
    const profile = testProfile([], [], more);
    assert.throws(
      () => resolveIsp(profile, { scale: 1, overrides: { latency } }),
      (error) => error instanceof HarnessError && error.message === message,
      message,
    );
  }
});

test('the ISPs that come with the harness have what was observed', () => {
  const found = ['gmail', 'outlook', 'yahoo'].map(
    (name) => resolveIsp(loadProfile(name), { scale: 60, overrides: { latency: 'on' } }).latency,
  );
  assert.deepEqual(found, [
    { connect: CONNECT },
    { dot: { kind: 'even', min: 222e3, max: 222e3 } },
    { dot: { kind: 'even', min: 2e6, max: 2e6 } },
  ]);
});

function slowSession(isp: ResolvedIsp, seed = 1, connection = 0): SlowSession {
  const prng = createPrng(seed);
  const world = {
    isp,
    state: createState(isp),
    clock: new VirtualClock(),
    prng,
    open: new Set<never>(),
    render: createRenderer(isp, prng, () => new Date(0), new Set<string>()),
    observer: nobody,
  };
  const peer = { connection, address: '192.0.2.1', source: 0, client: '192.0.2.1', netblock: '192.0.2.0/24' };
  return new SlowSession(world, peer, isp.latency ?? {});
}

/** How late the answers of a session with two transactions are, in milliseconds. */
async function delays(session: SlowSession | FaultySession): Promise<(number | undefined)[]> {
  const message = { bytes: 5, head: Buffer.from('x\r\n\r\n') };
  const answers: Rendered[] = [session.onConnect(), session.onHelo('EHLO', 'x.test')];
  for (let n = 0; n < 2; n++) {
    answers.push(
      session.onMail('b@news.sender.test'),
      session.onRcpt('a@isp.test'),
      session.onRcpt('b@isp.test'),
    );
    answers.push(session.onData(), await session.onDot(message));
  }
  answers.push(session.onError('unknown-command'), session.onReset(), session.onQuit());
  return answers.map(({ delayMs }) => delayMs);
}

const every = (time: string): LatencyWish =>
  Object.fromEntries(['connect', 'ehlo', 'mail', 'rcpt', 'data', 'dot'].map((stage) => [stage, time]));

test('each stage has its own delay, and what is no stage has none', async () => {
  const latency = { connect: '1ms', ehlo: '2ms', mail: '3ms', rcpt: '4ms', data: '5ms', dot: '6500us' };
  const isp = testIsp([], [], { scale: 60, overrides: { latency } });
  const transaction = [3, 4, 4, 5, 6.5];
  assert.deepEqual(await delays(slowSession(isp)), [
    ...[1, 2],
    ...transaction,
    ...transaction,
    ...[undefined, undefined, undefined],
  ]);
});

test('a stage without a time has no delay', async () => {
  const isp = testIsp([], [], { overrides: { latency: { ehlo: '2ms' } } });
  const found = await delays(slowSession(isp));
  assert.deepEqual(
    found.filter((delay) => delay !== undefined),
    [2],
  );
  assert.equal(found[1], 2);
});

test('chance depends on seed, connection, transaction and answer, and on nothing else', async () => {
  const isp = testIsp([], [], { overrides: { latency: every('10ms..30ms') } });
  const found = (await delays(slowSession(isp))).slice(0, 12) as number[];
  assert.deepEqual((await delays(slowSession(isp))).slice(0, 12), found);
  assert.equal(new Set(found).size, 12);
  assert.ok(found.every((delay) => delay >= 10 && delay <= 30));
  for (const other of [slowSession(isp, 2), slowSession(isp, 1, 1)])
    assert.ok((await delays(other)).every((delay, index) => delay === undefined || delay !== found[index]));
});

test('what an incident delays comes later still', async () => {
  const isp = testIsp([], [], {
    overrides: { latency: { ehlo: '2ms', dot: '6ms' } },
    incidents: [{ start: 0, end: 1e6, effect: { kind: 'tarpit', delay: 100e3 } }],
  });
  const transaction = [100, 100, 100, 100, 106];
  assert.deepEqual(await delays(new FaultySession(slowSession(isp))), [
    ...[100, 102],
    ...transaction,
    ...transaction,
    ...[100, 100, 100],
  ]);
});

test('an ISP with latency keeps its banner back, one without does not', async () => {
  for (const [latency, heard] of [
    [{ connect: '10m' }, []],
    ['off', ['220 hi']],
  ] as const) {
    let opened = (): void => {};
    const taken = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const sink = await startSink({
      isp: testIsp([], [], { overrides: { latency } }),
      listen: [{ address: '127.0.0.1', port: 0 }],
      clock: new VirtualClock(),
      prng: createPrng(1),
      observer: { ...nobody, connectionOpened: () => opened() },
      sourceOf: () => 0,
    });
    const client = new SmtpClient(sink.addresses[0] ?? assert.fail());
    await taken;
    client.end();
    await sink.stop();
    await client.closed();
    assert.deepEqual(client.unread(), heard);
    client.destroy();
  }
});
