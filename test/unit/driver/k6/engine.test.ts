/** The engine with a k6 and an HTTP server that takes mail in, or does not. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, monotonicMicros, realClock } from '../../../../src/core/clock.ts';
import { HarnessError } from '../../../../src/core/errors.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import { type K6Driver, K6Engine } from '../../../../src/driver/k6/engine.ts';
import type { K6Plan } from '../../../../src/driver/k6/k6-plan.ts';
import type { ReadyNote } from '../../../../src/driver/k6/script-plan.ts';
import { type K6Wish, type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import type { LoadShape } from '../../../../src/driver/schedule.ts';
import { INJECTION_STATES, Packer, RecordView } from '../../../../src/record/attempt-log.ts';
import { k6Plan } from '../../../support/k6/plan.ts';
import { withEachK6 } from '../../../support/k6/stand-in.ts';

const K6: K6Wish = { api: 'kumomta', script: undefined, exec: undefined };

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'k6-engine-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server, and its port. */
async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => listener(request, response));
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const takes: RequestListener = (_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"success_count":1,"fail_count":0,"failed_recipients":[],"errors":[]}');
};

function load(shape: LoadShape, messages: number, changes: Partial<LoadPlan> = {}): LoadPlan {
  return plainLoad(shape, messages, { k6: K6, connections: 6, ...changes });
}

/** Of these none is dropped, however busy the machine. */
const SHARED: LoadShape = { executor: 'shared-iterations', vus: 6, iterations: 20, maxDuration: 60e6 };
const TWENTY: LoadShape = { executor: 'constant-arrival-rate', rate: 20, duration: 1e6 };

/** An engine that is ready. */
async function start(
  t: TestContext,
  path: string,
  port: number,
  loads: readonly LoadPlan[],
  changes: Partial<K6Plan> = {},
): Promise<{ engine: K6Engine; note: ReadyNote; folder: string }> {
  const folder = folderOf(t);
  const endpoint = { address: '127.0.0.1', port, api: 'kumomta' } as const;
  const plan = k6Plan(loads, { program: path, folder, endpoint, ...changes });
  const engine = await K6Engine.start(plan, loopbackOnly());
  t.after(() => engine.kill());
  return { engine, note: await engine.ready(), folder };
}

const soon = (): Clock => realClock(monotonicMicros() + 300_000);

/** The messages that were recorded, by what became of them. */
function messagesIn(packer: Packer): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  const bytes = packer.take();
  if (!bytes) return found;
  const view = new RecordView(bytes);
  for (view.index = 0; view.index < view.count; view.index++) {
    const state = INJECTION_STATES[view.outcome] as string;
    found[state] = [...(found[state] ?? []), view.message].sort((a, b) => a - b);
    assert.ok(view.at >= 0, `message ${view.message} was sent before the load began`);
  }
  return found;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test('a load is carried out, recorded, and measured', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const port = await serve(t, takes);
    const watched = ['http_req_duration{status:200}'];
    const { engine, note, folder } = await start(t, path, port, [load(SHARED, 20)], { watched });
    assert.deepEqual(note, { thresholds: {} });
    const packer = new Packer();
    const driver = engine.drive(soon(), packer);
    await driver.finished;
    assert.deepEqual(messagesIn(packer), { confirmed: upTo(20) });
    const { due, begun, confirmed, failed, dropped, connections } = driver.counters();
    assert.deepEqual([due, begun, confirmed, failed, dropped, connections], [20, 20, 20, 0, 0, 0]);
    assert.equal(driver.trouble(), undefined);
    const counts = Object.fromEntries(
      driver
        .metrics()
        .map(({ name, tags, value }) => [
          [name, ...Object.values(tags)].join(' '),
          'total' in value ? value.total : 'count' in value ? value.count : value.value,
        ]),
    );
    assert.equal(counts.http_reqs, 20, 'those of setup() are left out');
    assert.equal(counts.http_req_failed, 20);
    assert.equal(counts.http_req_duration, 20);
    assert.equal(counts['http_req_duration 200'], 20);
    assert.equal(counts.iterations, 20);
    assert.equal(counts.windtunnel_injection, undefined);
    assert.ok(JSON.parse(readFileSync(join(folder, 'k6-summary.json'), 'utf8')));
  }),
);

test('answers decide what became of a message', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const answers: [
      string,
      listener: RequestListener | undefined,
      state: string,
      trouble: RegExp | undefined,
    ][] = [
      ['refused', (_, response) => response.writeHead(429).end('slow down'), 'refused', undefined],
      ['cut off', (request) => request.socket.destroy(), 'unconfirmed', /./],
      ['nobody listens', undefined, 'refused', /./],
    ];
    for (const [name, listener, state, trouble] of answers) {
      const port = listener ? await serve(t, listener) : 1;
      const two: LoadShape = { executor: 'shared-iterations', vus: 2, iterations: 2, maxDuration: 10e6 };
      const { engine } = await start(t, path, port, [load(two, 2)]);
      const packer = new Packer();
      const driver = engine.drive(soon(), packer);
      await driver.finished;
      assert.deepEqual(messagesIn(packer), { [state]: [0, 1] }, name);
      assert.equal(driver.counters().failed, 2, name);
      if (trouble) assert.match(driver.trouble() ?? '', trouble, name);
    }
  }),
);

test(
  'segments share the messages out, and what is dropped has numbers of its own',
  { timeout: 90_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const port = await serve(t, takes);
      const seen: number[] = [];
      const begun: { driver: K6Driver; packer: Packer }[] = [];
      const engines = await Promise.all(
        [0, 1, 2].map((worker) => start(t, path, port, [load(SHARED, 20)], { share: { worker, of: 3 } })),
      );
      const clock = soon();
      for (const { engine } of engines) {
        const packer = new Packer();
        begun.push({ driver: engine.drive(clock, packer), packer });
      }
      for (const { driver, packer } of begun) {
        await driver.finished;
        const { confirmed = [], ...others } = messagesIn(packer);
        assert.deepEqual(others, {});
        seen.push(...confirmed);
      }
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        upTo(20),
      );

      // The only virtual user is kept waiting: whoever is due meanwhile is dropped.
      const waiting = await serve(t, (request, response) => {
        setTimeout(() => takes(request, response), 2000);
      });
      const { engine } = await start(t, path, waiting, [load(TWENTY, 20, { connections: 1 })]);
      const packer = new Packer();
      const driver = engine.drive(soon(), packer);
      await driver.finished;
      const { confirmed, dropped } = messagesIn(packer);
      assert.deepEqual(confirmed, [0]);
      assert.deepEqual(dropped, upTo(20).slice(1));
    }),
);

test('a load that is stopped ends, and what was cut off is unconfirmed', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    let requests = 0;
    let tell = (): void => {};
    const enough = new Promise<void>((resolve) => {
      tell = resolve;
    });
    // The first request is never answered.
    const port = await serve(t, (request, response) => {
      if (++requests > 1) takes(request, response);
      if (requests === 5) tell();
    });
    const long: LoadShape = { executor: 'constant-arrival-rate', rate: 20, duration: 600e6 };
    const { engine } = await start(t, path, port, [load(long, 12_000)]);
    const packer = new Packer();
    const driver = engine.drive(soon(), packer);
    await enough;
    driver.stop();
    await driver.finished;
    const { unconfirmed = [], confirmed = [] } = messagesIn(packer);
    assert.ok(unconfirmed.includes(0), 'the one that was kept waiting');
    assert.ok(confirmed.length > 0);
    assert.equal(driver.trouble(), undefined, 'that it was stopped is no trouble');
  }),
);

test("a user's script tells its thresholds, is measured, and must hand over mail", { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const port = await serve(t, takes);
    const post = `http.post('http://mta.test/api/inject/v1', JSON.stringify({
      envelope_sender: 'me@mine.test', recipients: [{ email: 'you@recipient.test' }],
      content: 'Subject: hello\\r\\n\\r\\nhello\\r\\n' }), { tags: { kind: 'mail' } });`;
    const thresholds = {
      'http_reqs{kind:mail}': ['count==5'],
      // By the address that the script names, wherever the MTA under test is.
      'http_reqs{name:http://mta.test/api/inject/v1}': ['count==5'],
    };
    const options = `export const options = { thresholds: ${JSON.stringify(thresholds)} };`;
    const numbered = `import http from 'k6/http'; windtunnel.number(http); ${options}`;
    const rows: [string, script: string, confirmed: number[], RegExp | undefined][] = [
      ['mail is handed over', `${numbered} export default () => { ${post} }`, upTo(5), undefined],
      ['none is', `${numbered} export default () => {}`, [], /mine\.js: no mail was handed over$/],
      [
        'an exception in each iteration',
        `${numbered} export default () => { throw new Error('no luck'); }`,
        [],
        /mine\.js: no mail was handed over\n.*no luck/,
      ],
    ];
    for (const [name, text, expected, failure] of rows) {
      const script = join(folderOf(t), 'mine.js');
      writeFileSync(script, text);
      const five: LoadShape = { executor: 'shared-iterations', vus: 2, iterations: 5, maxDuration: 10e6 };
      const loads = [load(five, 5, { k6: { ...K6, script } })];
      const { engine, note } = await start(t, path, port, loads);
      assert.deepEqual(note.thresholds, thresholds, name);
      const packer = new Packer();
      const driver = engine.drive(soon(), packer);
      if (failure)
        await assert.rejects(driver.finished, (error) => {
          assert.ok(error instanceof HarnessError, name);
          assert.equal(error.kind, 'invalid-scenario', name);
          assert.match(error.message, failure, name);
          return true;
        });
      else await driver.finished;
      assert.deepEqual(messagesIn(packer).confirmed ?? [], expected, name);
      if (expected.length > 0)
        for (const tag of ['kind', 'name'])
          assert.deepEqual(
            driver.metrics().find(({ tags }) => tag in tags)?.value,
            { kind: 'counter', count: 5 },
            tag,
          );
      if (name === 'an exception in each iteration') assert.match(driver.trouble() ?? '', /no luck/);
    }
  }),
);

test('an address that is not loopback is no target without a seal', async (t) => {
  const endpoint = { address: '192.0.2.1', port: 80, api: 'kumomta' } as const;
  const plan = k6Plan([load(TWENTY, 20)], { folder: folderOf(t), endpoint });
  await assert.rejects(K6Engine.start(plan, loopbackOnly()), /refusing to send load to 192\.0\.2\.1/);
});

test('a k6 that ends too early fails the run, with its last words', { timeout: 30_000 }, async (t) => {
  const program = join(folderOf(t), 'k6');
  const rows: [string, text: string, RegExp][] = [
    ['at once', 'exit 0', /^k6: k6 ended before its virtual users were there$/],
    [
      'in trouble',
      'echo "level=error msg=\\"unknown flag: --out\\"" >&2; exit 255',
      /exit code 255\nunknown flag: --out$/,
    ],
    ['killed', 'kill -KILL $$', /^k6: k6 was ended by SIGKILL$/],
  ];
  for (const [name, text, message] of rows) {
    writeFileSync(program, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    await assert.rejects(start(t, program, 1, [load(TWENTY, 20)]), { message }, name);
  }
});

test('without a seal a script of the user reaches this machine alone', { timeout: 60_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const script = join(folderOf(t), 'mine.js');
    const text = `import http from 'k6/http';
      windtunnel.number(http);
      export default () => {
        http.post('http://mine.test/api/inject/v1', JSON.stringify({ envelope_sender: 'me@mine.test',
          recipients: [{ email: 'you@recipient.test' }], content: 'Subject: hello\\r\\n\\r\\nhello\\r\\n' }));
        http.get('http://192.0.2.1/', { timeout: '50s' });
      };`;
    writeFileSync(script, text);
    const one: LoadShape = { executor: 'shared-iterations', vus: 1, iterations: 1, maxDuration: 10e6 };
    const loads = [load(one, 1, { k6: { ...K6, script } })];
    const { engine } = await start(t, path, await serve(t, takes), loads);
    const packer = new Packer();
    const driver = engine.drive(soon(), packer);
    await driver.finished;
    assert.deepEqual(messagesIn(packer), { confirmed: [0] });
    assert.match(driver.trouble() ?? '', /192\.0\.2\.1.* blacklisted range/i);
  }),
);
