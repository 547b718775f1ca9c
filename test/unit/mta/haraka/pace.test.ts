import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { mock, test } from 'node:test';
import { answer, code, type Next, pluginWith } from './plugins-for-tests.ts';

interface Pace {
  shareOf(connections: number | undefined, workers?: number): number;
  wait(next: Next, hmail: { num_failures: number }): void;
  Lane: new (most: number, rate: number | undefined, push: (hmail: Mail) => void) => Lane;
}
interface Lane {
  meet(next: Next, hmail: Mail): void;
}
/** A message as far as a lane sees it. */
interface Mail {
  readonly name: string;
  next_cb: () => void;
}

const { plugin } = pluginWith<Pace>('pace', {});

test('the hooks depend on the plan', () => {
  const isp = { id: 'gmail', domains: ['gmail.com'] };
  const table: { settings: object; hooks: string[] }[] = [
    { settings: { isps: [isp] }, hooks: [] },
    { settings: { waits: [] }, hooks: ['deferred wait'] },
    { settings: { isps: [{ ...isp, concurrency: 5 }] }, hooks: ['send_email admit'] },
    { settings: { isps: [{ ...isp, rate: 5 }] }, hooks: ['send_email admit'] },
  ];
  for (const { settings, hooks } of table) assert.deepEqual(pluginWith('pace', settings).hooks, hooks);
});

test('short waits are given by number of failures', async () => {
  const waits = [
    { seconds: 1, times: 1 },
    { seconds: 5, times: 2 },
    { seconds: 15, times: 3 },
  ];
  const { plugin } = pluginWith<Pace>('pace', { waits });
  const table: [failures: number, expect: unknown[]][] = [
    [1, [code.denysoft, 1]],
    [2, [code.denysoft, 5]],
    [3, [code.denysoft, 5]],
    [4, [code.denysoft, 15]],
    [6, [code.denysoft, 15]],
    [7, [code.cont]],
  ];
  for (const [num_failures, expect] of table) {
    assert.deepEqual(await answer((next) => plugin.wait(next, { num_failures })), expect);
  }
});

test('a worker has its share of an ISP’s connections, at least one', () => {
  const table: [connections: number | undefined, workers: number | undefined, share: number][] = [
    [undefined, 4, Number.POSITIVE_INFINITY],
    [10, undefined, 10],
    // The first of the workers.
    [10, 4, 3],
    [8, 4, 2],
    [2, 4, 1],
  ];
  for (const [connections, workers, share] of table)
    assert.equal(plugin.shareOf(connections, workers), share);
});

/** A lane under a clock of its own, with Haraka's delivery queue around it. */
function laneFor(
  most: number,
  rate?: number,
  attempt: () => void = () => {},
): { tried: string[]; arrive(name: string): Mail; freed: string[] } {
  const tried: string[] = [];
  const freed: string[] = [];
  const deliver = (mail: Mail): void => {
    mail.next_cb = () => void freed.push(mail.name);
    lane.meet(() => {
      tried.push(mail.name);
      attempt();
    }, mail);
  };
  const lane = new plugin.Lane(most, rate, deliver);
  return {
    tried,
    freed,
    arrive(name) {
      const mail: Mail = { name, next_cb: () => {} };
      deliver(mail);
      return mail;
    },
  };
}

test('no more attempts run at a time than connections are allowed; the others wait in their order', () => {
  const { tried, freed, arrive } = laneFor(2);
  const [a, b] = ['a', 'b', 'c', 'd'].map(arrive);
  assert.deepEqual(tried, ['a', 'b']);
  assert.deepEqual(freed, ['c', 'd'], 'who waits gives its place in the delivery queue back');
  b?.next_cb();
  assert.deepEqual(tried, ['a', 'b', 'c']);
  b?.next_cb();
  assert.deepEqual(tried, ['a', 'b', 'c'], 'an end counts once');
  a?.next_cb();
  assert.deepEqual(tried, ['a', 'b', 'c', 'd']);
});

test('an attempt holds its place until its connection is closed, whoever takes listeners off it', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  // Whoever limits an ISP looks at sockets.
  pluginWith('pace', { isps: [{ id: 'gmail', domains: ['gmail.com'], concurrency: 1 }] });
  const sockets: Socket[] = [];
  const { tried, arrive } = laneFor(1, undefined, () => {
    // As Haraka does, some time after the hook.
    setImmediate(() => sockets.push(connect(port, '127.0.0.1')));
  });
  const [a] = ['a', 'b'].map(arrive);
  await new Promise(setImmediate);
  a?.next_cb();
  assert.deepEqual(tried, ['a'], 'the message is done, its connection not');
  sockets[0]?.removeAllListeners().destroy();
  assert.deepEqual(tried, ['a', 'b']);
  await new Promise(setImmediate);
  sockets[1]?.destroy();
});

test('attempts are spread over the seconds as the rate says', (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1e6 });
  const { tried, arrive } = laneFor(Number.POSITIVE_INFINITY, 10);
  for (let i = 0; i < 40; i++) arrive(String(i));
  const first = tried.length;
  assert.ok(first >= 1 && first <= 2, `${first} at once`);
  for (const second of [1, 2, 3]) {
    for (let i = 0; i < 1000; i++) mock.timers.tick(1);
    assert.equal(tried.length, first + second * 10);
  }
});
