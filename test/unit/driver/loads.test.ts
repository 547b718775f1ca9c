/** What each kind of load does over real sockets: how many iterations, on how many connections, over how many workers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMicros, realClock, sleepMs } from '../../../src/core/clock.ts';
import { loopbackOnly } from '../../../src/core/proof.ts';
import { type DriverPlan, startDriver } from '../../../src/driver/driver.ts';
import type { DriverCounters } from '../../../src/driver/injections.ts';
import type { LoadShape } from '../../../src/driver/schedule.ts';
import {
  CONNECTION_EVENTS,
  INJECTION_STATES,
  Kind,
  Packer,
  RecordView,
} from '../../../src/record/attempt-log.ts';
import { planFor, type Script, serve } from '../../support/scripted-server.ts';

interface Outcome {
  /** Final and deferred injections: `message state code`. */
  readonly injections: string[];
  readonly probes: number[];
  readonly connections: Record<string, number>;
  readonly counters: Readonly<DriverCounters>;
}

/** Carries out a plan, shared by so many workers in this process. */
async function carryOut(plan: DriverPlan, workers = 1): Promise<Outcome> {
  const clock = realClock(monotonicMicros());
  const packer = new Packer();
  const drivers = await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      startDriver({ ...plan, share: { worker, of: workers } }, clock, packer, loopbackOnly()),
    ),
  );
  await Promise.all(drivers.map((driver) => driver.finished));
  const view = new RecordView(packer.take() ?? new Uint8Array());
  const injections: string[] = [];
  const probes: number[] = [];
  const connections: Record<string, number> = {};
  for (view.index = 0; view.index < view.count; view.index++) {
    if (view.kind === Kind.injection)
      injections.push(`${view.message} ${INJECTION_STATES[view.outcome]} ${view.code}`);
    else if (view.kind === Kind.probe) probes.push(view.code);
    else {
      const event = CONNECTION_EVENTS[view.outcome] as string;
      connections[event] = (connections[event] ?? 0) + 1;
    }
  }
  const counters = drivers.map((driver) => driver.counters()).reduce(added);
  return {
    injections: injections.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
    probes,
    connections,
    counters,
  };
}

function added(a: Readonly<DriverCounters>, b: Readonly<DriverCounters>): DriverCounters {
  const sum = Object.keys(a).map((key) => [
    key,
    a[key as keyof DriverCounters] + b[key as keyof DriverCounters],
  ]);
  return Object.fromEntries(sum) as unknown as DriverCounters;
}

const confirmed = (...messages: number[]): string[] => messages.map((n) => `${n} confirmed 250`);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('loads that know how many iterations they have: exactly those, over any number of workers', async (t) => {
  const rows: [LoadShape, workers: number, messages: number, connections: number][] = [
    [{ executor: 'constant-arrival-rate', rate: 100, duration: 100e3 }, 1, 10, 4],
    [{ executor: 'constant-arrival-rate', rate: 100, duration: 100e3 }, 3, 10, 4],
    [
      { executor: 'ramping-arrival-rate', startRate: 0, stages: [{ duration: 200e3, target: 100 }] },
      3,
      10,
      4,
    ],
    [{ executor: 'shared-iterations', vus: 4, iterations: 10, maxDuration: 60e6 }, 1, 10, 4],
    [{ executor: 'shared-iterations', vus: 3, iterations: 10, maxDuration: 60e6 }, 3, 10, 3],
    [{ executor: 'shared-iterations', vus: 40, iterations: 10, maxDuration: 60e6 }, 1, 10, 10],
    [{ executor: 'per-vu-iterations', vus: 3, iterations: 4, maxDuration: 60e6 }, 1, 12, 3],
    [{ executor: 'per-vu-iterations', vus: 4, iterations: 3, maxDuration: 60e6 }, 3, 12, 4],
  ];
  for (const [shape, workers, messages, connections] of rows) {
    for (const pipelineAcrossMessages of [false, true]) {
      const { port, seen } = await serve(t, {});
      const plan = planFor(port, { load: { shape, messages }, pipelineAcrossMessages });
      const outcome = await carryOut(plan, workers);
      const row = `${JSON.stringify(shape)} over ${workers}, pipelined ${pipelineAcrossMessages}`;
      // A machine that is busy with other things may have no connection before an arrival rate's tenth of a second is over.
      const dropped = outcome.injections.filter(
        (line) => shape.executor.endsWith('rate') && line.endsWith('dropped 0'),
      );
      const expected = upTo(messages).map((n) =>
        dropped.includes(`${n} dropped 0`) ? `${n} dropped 0` : `${n} confirmed 250`,
      );
      assert.deepEqual(outcome.injections, expected, row);
      assert.equal(seen.messages.length, messages - dropped.length, row);
      assert.ok(seen.peak <= connections, `${row}: ${seen.peak} connections`);
      // The load may be over before the last one has had its greeting.
      const { opened = 0 } = outcome.connections;
      const ready = shape.executor.endsWith('rate')
        ? opened <= seen.connections
        : opened === seen.connections;
      assert.ok(ready, `${row}: ${opened} ready of ${seen.connections}`);
      assert.equal(outcome.counters.connections, 0, row);
    }
  }
});

test('virtual users go on for as long as they are wanted, each on one connection', async (t) => {
  const rows: [LoadShape, workers: number, connections: number][] = [
    [{ executor: 'constant-vus', vus: 5, duration: 200e3 }, 1, 5],
    [{ executor: 'constant-vus', vus: 5, duration: 200e3 }, 2, 5],
    [
      {
        executor: 'ramping-vus',
        startVUs: 2,
        gracefulRampDown: 30e6,
        stages: [
          { duration: 100e3, target: 6 },
          { duration: 100e3, target: 6 },
        ],
      },
      1,
      6,
    ],
  ];
  for (const [shape, workers, connections] of rows) {
    const { port, seen } = await serve(t, {});
    const { injections, counters } = await carryOut(
      planFor(port, { load: { shape, messages: 1e6 } }),
      workers,
    );
    const row = `${JSON.stringify(shape)} over ${workers}`;
    assert.equal(seen.connections, connections, row);
    assert.equal(injections.length, seen.messages.length, row);
    assert.equal(new Set(injections).size, injections.length, `${row}: no number twice`);
    assert.ok(
      injections.every((line) => line.endsWith('confirmed 250')),
      row,
    );
    assert.ok(counters.confirmed >= connections, row);
  }
});

test('users that are no longer wanted end after what they are doing, or are ended', async (t) => {
  const shape: LoadShape = {
    executor: 'ramping-vus',
    startVUs: 4,
    gracefulRampDown: 50e3,
    stages: [
      { duration: 100e3, target: 4 },
      { duration: 0, target: 1 },
      { duration: 400e3, target: 1 },
    ],
  };
  let stalled = 0;
  // Every second user is never answered after its first message.
  const { port, seen } = await serve(t, { dot: () => (stalled++ >= 4 && stalled % 2 === 0 ? '' : '250 ok') });
  const { connections } = await carryOut(
    planFor(port, { load: { shape, messages: 1e6, gracefulStop: 100e3 } }),
  );
  assert.deepEqual(connections, { opened: 4 });
  assert.equal(seen.connections, 4);
});

test('users that only say NOOP hold their connections and send no mail', async (t) => {
  const shape: LoadShape = { executor: 'constant-vus', vus: 10, duration: 300e3 };
  const { port, seen } = await serve(t, {});
  const plan = planFor(port, { load: { shape, messages: 1e6, action: 'noop', pause: 50e3 } });
  const { injections, probes, connections, counters } = await carryOut(plan);
  assert.deepEqual(injections, []);
  assert.deepEqual([seen.connections, seen.peak, seen.messages.length], [10, 10, 0]);
  assert.deepEqual(connections, { opened: 10 });
  assert.equal(probes.length, seen.noops);
  assert.ok(probes.every((code) => code === 250) && seen.noops >= 20, `${seen.noops}`);
  assert.equal(counters.noops, seen.noops);
});

test('a NOOP that is refused, and a server that hangs up on it', async (t) => {
  const shape: LoadShape = { executor: 'constant-vus', vus: 1, duration: 100e3 };
  for (const [noop, code] of [
    ['421 closing', 421],
    [undefined, 0],
  ] as const) {
    const { port } = await serve(t, { noop: once(noop, '250 here') });
    const load = { shape, messages: 1e6, action: 'noop', pause: 10e6 } as const;
    const { probes, connections, counters } = await carryOut(planFor(port, { load }));
    assert.deepEqual([probes[0], connections.lost, counters.failed], [code, 1, 1]);
  }
});

test('a connection is closed after as many messages as it may carry', async (t) => {
  const rows: [LoadShape, pipelined: boolean][] = [
    [{ executor: 'shared-iterations', vus: 1, iterations: 7, maxDuration: 60e6 }, false],
    [{ executor: 'shared-iterations', vus: 1, iterations: 7, maxDuration: 60e6 }, true],
    [{ executor: 'per-vu-iterations', vus: 1, iterations: 7, maxDuration: 60e6 }, true],
    [{ executor: 'constant-arrival-rate', rate: 1000, duration: 7e3 }, false],
  ];
  for (const [shape, pipelineAcrossMessages] of rows) {
    const { port, seen } = await serve(t, {});
    const load = { shape, messages: 7, connections: 1, messagesPerConnection: 3 };
    // The last message may wait for its connection until the load has ended, so that an open load drops it,
    // and the connection that was opened for it carries nothing.
    const { injections } = await carryOut(planFor(port, { load, pipelineAcrossMessages }));
    assert.equal(injections.length, 7);
    const taken = injections.filter((line) => line.endsWith('confirmed 250')).length;
    await until(() => seen.open === 0);
    assert.equal(
      seen.perConnection.reduce((a, b) => a + b, 0),
      taken,
    );
    assert.ok(
      seen.perConnection.every((n) => n <= 3),
      `${seen.perConnection}`,
    );
    if (shape.executor !== 'constant-arrival-rate') assert.deepEqual(seen.perConnection, [3, 3, 1]);
  }
});

test('what is refused for now is handed over again, as often as the load says', async (t) => {
  const retry = { wait: 1000, times: 2 };
  const rows = (): [string, Script, typeof retry | undefined, string[]][] => [
    ['never', { mail: () => '451 later' }, undefined, ['0 refused 451']],
    [
      'taken at the second try',
      { mail: once('451 later', '250 ok') },
      retry,
      ['0 deferred 451', '0 confirmed 250'],
    ],
    [
      'refused for good after the tries',
      { mail: () => '451 later' },
      retry,
      ['0 deferred 451', '0 deferred 451', '0 refused 451'],
    ],
    ['a 5xx is final', { rcpt: () => '550 unknown' }, retry, ['0 refused 550']],
    ['after the dot', { dot: once('452 full', '250 ok') }, retry, ['0 deferred 452', '0 confirmed 250']],
    [
      'a connection that is lost before the message is out',
      { mail: once(undefined, '250 ok') },
      retry,
      ['0 deferred 0', '0 confirmed 250'],
    ],
    ['no reply to the dot is never tried again', { dot: () => undefined }, retry, ['0 unconfirmed 0']],
  ];
  for (const shape of [
    { executor: 'shared-iterations', vus: 1, iterations: 1, maxDuration: 60e6 },
    {
      executor: 'ramping-arrival-rate',
      startRate: 1000,
      stages: [
        { duration: 1e3, target: 1000 },
        { duration: 0, target: 0 },
        { duration: 1.5e6, target: 0 },
      ],
    },
  ] as const satisfies LoadShape[]) {
    for (const [name, script, wish, expected] of rows()) {
      const { port } = await serve(t, { pipelining: false, ...script });
      const { injections } = await carryOut(planFor(port, { load: { shape, messages: 1, retry: wish } }));
      assert.deepEqual(injections, expected, `${name}, ${shape.executor}`);
    }
  }
});

/** Waits until the server has noticed what the driver has done. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleepMs(5);
}

/** Answers one way the first time, another way afterwards. */
function once(first: string | undefined, then: string): () => string | undefined {
  let told = false;
  return () => {
    if (told) return then;
    told = true;
    return first;
  };
}

test('a load begins at its time, and several run side by side under their own numbers', async (t) => {
  const { port, seen } = await serve(t, {});
  const plan = planFor(port);
  const [plain] = plan.loads;
  assert.ok(plain);
  const shape: LoadShape = { executor: 'shared-iterations', vus: 1, iterations: 3, maxDuration: 60e6 };
  const { injections } = await carryOut({
    ...plan,
    loads: [
      { ...plain, shape, messages: 3 },
      {
        ...plain,
        shape,
        messages: 3,
        start: 200e3,
        recipients: { ...plain.recipients, firstMessage: 3, firstMailbox: 3 },
      },
    ],
  });
  assert.deepEqual(injections, confirmed(...upTo(6)));
  assert.deepEqual(
    seen.messages.map(({ sender }) => sender.split('@')[0]),
    upTo(6).map((n) => `b-${n}`),
    'the second load comes behind the first',
  );
});

test('what is not answered in time at the end of the load is ended', async (t) => {
  const shapes: LoadShape[] = [
    { executor: 'constant-arrival-rate', rate: 2, duration: 1e6 },
    { executor: 'constant-vus', vus: 2, duration: 1e6 },
    { executor: 'shared-iterations', vus: 2, iterations: 2, maxDuration: 1e6 },
  ];
  for (const shape of shapes) {
    const { port } = await serve(t, { dot: () => '' });
    const load = { shape, messages: 2, gracefulStop: 300e3 };
    const { injections } = await carryOut(planFor(port, { load, pipelineAcrossMessages: false }));
    assert.deepEqual(injections, ['0 unconfirmed 0', '1 unconfirmed 0'], shape.executor);
  }
});

test('iterations that were counted beforehand and for which there was no time are dropped, as in k6', async (t) => {
  const maxDuration = 200e3;
  const rows: [LoadShape, workers: number, messages: number][] = [
    [{ executor: 'shared-iterations', vus: 2, iterations: 9, maxDuration }, 1, 9],
    [{ executor: 'shared-iterations', vus: 2, iterations: 9, maxDuration }, 2, 9],
    [{ executor: 'per-vu-iterations', vus: 3, iterations: 3, maxDuration }, 2, 9],
  ];
  for (const [shape, workers, messages] of rows) {
    const { port } = await serve(t, { dot: () => '' });
    const load = { shape, messages, gracefulStop: 0 };
    const plan = planFor(port, { load, pipelineAcrossMessages: false });
    const { injections, counters } = await carryOut(plan, workers);
    assert.deepEqual(
      injections.map((line) => Number.parseInt(line, 10)),
      upTo(messages),
      JSON.stringify(shape),
    );
    // Of each user's messages one was under way.
    assert.ok(counters.dropped >= messages - 3, `${counters.dropped} dropped`);
    assert.ok(injections.every((line) => !line.endsWith(' confirmed 250')));
  }
});

test('connections that are refused, fail or are lost are counted by what was said', async (t) => {
  const shape: LoadShape = { executor: 'shared-iterations', vus: 1, iterations: 1, maxDuration: 400e3 };
  const { port } = await serve(t, { greeting: '554 no' });
  const refused = await carryOut(planFor(port, { load: { shape, messages: 1, gracefulStop: 0 } }));
  assert.ok((refused.connections.refused ?? 0) >= 1);
  assert.deepEqual(Object.keys(refused.connections), ['refused']);

  const { port: lost } = await serve(t, { dot: () => '421 enough' });
  const after = await carryOut(planFor(lost, { load: { shape, messages: 1 } }));
  assert.deepEqual(after.injections, ['0 refused 421']);
});

test('what follows bad news is handed over at its moment, to that recipient, and counts as no load’s', async (t) => {
  const { port, seen } = await serve(t, {});
  const load = {
    shape: { executor: 'constant-arrival-rate' as const, rate: 10, duration: 1e6 },
    messages: 10,
  };
  const clock = realClock(monotonicMicros());
  const packer = new Packer();
  const driver = await startDriver(
    planFor(port, { load, pipelineAcrossMessages: false }),
    clock,
    packer,
    loopbackOnly(),
  );
  const first = 3_000_000_000;
  const order = (n: number, due: number) => ({ message: first + n, original: { message: 4, slot: 0 }, due });
  // The last one is due long after the load.
  driver.followUp([order(0, 300e3), order(1, 500e3), order(2, 60e6)]);
  await driver.finished;
  const view = new RecordView(packer.take() ?? new Uint8Array());
  const followed: unknown[] = [];
  let opened = 0;
  for (view.index = 0; view.index < view.count; view.index++) {
    if (view.kind === Kind.injectorConnection) opened++;
    if (view.kind === Kind.injection && view.message >= first)
      followed.push([view.message - first, view.at, INJECTION_STATES[view.outcome], view.recipients]);
  }
  assert.deepEqual(followed, [
    [0, 300e3, 'confirmed', 1],
    [1, 500e3, 'confirmed', 1],
  ]);
  const { begun, confirmed, connections } = driver.counters();
  assert.deepEqual([begun, confirmed, connections], [10, 10, 0]);
  assert.ok(opened >= 1 && opened <= 10, `${opened} connections`);
  const original = seen.messages.find(({ sender }) => sender.startsWith('b-4@'));
  assert.ok(original);
  const after = seen.messages.filter(({ sender }) => /^b-300000000[01]@/.test(sender));
  assert.deepEqual(
    after.map(({ recipients }) => recipients),
    [original.recipients, original.recipients],
  );
});
