import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../src/core/errors.ts';
import {
  answerOf,
  type HttpApi,
  type HttpEndpoint,
  type HttpMessage,
  type InjectionAnswer,
  requestOf,
} from '../../src/core/http-injection.ts';
import type { MtaEvent, RunningMta } from '../../src/mta/adapter.ts';
import { haraka } from '../../src/mta/haraka/adapter.ts';
import { hostHere, Isp, planWith, SENDER, until } from '../support/haraka-ground.ts';

const APIS = ['kumomta', 'sparkpost'] as const;
const KEY = 'e6f1a0c2'.repeat(5);

/** What came of a message that was posted. */
interface Posted {
  readonly status: number;
  readonly text: string;
  readonly answer: InjectionAnswer;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function post({ address, port, api, key }: HttpEndpoint, message: HttpMessage): Promise<Posted> {
  const { path, headers, body } = requestOf(api, key, message);
  return new Promise((resolve, reject) => {
    const sent = request({ host: address, port, path, method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, text, answer: answerOf(api, status, text, message) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function message(number: number, recipients: readonly string[], header = ''): HttpMessage {
  return {
    sender: `b-${number}@${SENDER}`,
    recipients,
    content: `Subject: message ${number}\r\nX-Number: ${number}\r\n${header}\r\n.dots\r\n..\r\nend\r\n`,
  };
}

function doorsOf(mta: RunningMta): (api: HttpApi) => HttpEndpoint {
  return (api) => {
    const door = mta.http?.find((each) => each.api === api);
    assert.ok(door, `a door for ${api}`);
    return door;
  };
}

for (const workers of [undefined, 2]) {
  test(`mail that comes over HTTP is delivered and told of like any other, ${workers ? 'by workers' : 'by one process'}`, async (t) => {
    if (process.platform !== 'linux')
      return t.skip('skipped: only Linux has all of 127.0.0.0/8 on its loopback');
    const [gmail, yahoo] = [new Isp(true), new Isp(false)];
    const plan = await planWith(t, { 'gmail.com': gmail, 'yahoo.com': yahoo });
    const here = hostHere();
    const http = { port: 0, apis: APIS, key: KEY };
    const mta = await haraka.start(
      { ...plan, ...(workers && { workers }), submission: { ...plan.submission, http } },
      here,
    );
    t.after(() => mta.stop());
    const door = doorsOf(mta);
    assert.equal(door('kumomta').key, undefined);
    assert.equal(door('sparkpost').key, KEY);

    const recipientsOf = (n: number): string[] => [`u${n}.0@gmail.com`, `u${n}.1@yahoo.com`];
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const posted = await Promise.all(
      numbers.map((n) => {
        // Every fourth names its virtual MTA.
        const header = n % 4 === 3 ? 'X-Virtual-MTA: two\r\n' : '';
        return post(door(APIS[n % 2] as HttpApi), message(n, recipientsOf(n), header));
      }),
    );
    for (const { answer, text } of posted)
      assert.deepEqual(answer, { state: 'confirmed', refusedSlots: [] }, text);
    await until('80 deliveries', () => gmail.messages.length === 40 && yahoo.messages.length === 40);
    const expected = numbers.flatMap((n) => recipientsOf(n).map((to) => `b-${n}@${SENDER} ${to}`)).sort();
    const seen = [...gmail.accepted, ...yahoo.accepted];
    assert.deepEqual(seen.map(({ from, to }) => `${from} ${to}`).sort(), expected);
    for (const { to, source } of seen)
      if (Number(/\d+/.exec(to)?.[0]) % 4 === 3) assert.equal(source, '127.0.0.3', to);
    assert.deepEqual(new Set(seen.map(({ source }) => source)), new Set(['127.0.0.2', '127.0.0.3']));
    for (const text of yahoo.messages)
      assert.match(
        text,
        /^Subject: message (\d+)\r\nX-Number: \1\r\n[\s\S]*\r\n\r\n\.dots\r\n\.\.\r\nend\r\n$/,
      );

    await until('an empty queue', async () => (await mta.queueDepth()) === 0);
    await mta.stop();
    const events: MtaEvent[] = [];
    for await (const event of haraka.events?.(plan.folder) ?? []) events.push(event);
    for (const kind of ['received', 'delivered'] as const) {
      const told = events.filter((event) => event.kind === kind);
      assert.deepEqual(told.map(({ sender, recipient }) => `${sender} ${recipient}`).sort(), expected, kind);
    }
  });
}

test('one recipient that is no address is refused, and mail that can’t be queued too', async (t) => {
  const gmail = new Isp(false);
  const plan = await planWith(t, { 'gmail.com': gmail });
  const http = { port: 0, apis: APIS, key: KEY };
  const mta = await haraka.start({ ...plan, submission: { ...plan.submission, http } }, hostHere());
  t.after(() => mta.stop());
  const door = doorsOf(mta);
  for (const api of APIS) {
    const { answer } = await post(door(api), message(1, ['a@gmail.com', 'no-address', `${api}@gmail.com`]));
    assert.deepEqual(answer, { state: 'confirmed', refusedSlots: [1] }, api);
    await until(`${api} is delivered`, () => gmail.accepted.some(({ to }) => to === `${api}@gmail.com`));
  }
  await rm(join(plan.folder, 'queue'), { recursive: true });
  const none = await Promise.all(APIS.map((api) => post(door(api), message(2, ['b@gmail.com']))));
  assert.deepEqual(
    none.map(({ status, answer }) => ({ status, ...answer })),
    [
      { status: 200, state: 'refused' },
      { status: 500, state: 'refused' },
    ],
  );
  assert.match(none[0]?.text ?? '', /"errors":\["b@gmail\.com: \w+/);
});

test('a port that is taken is told of, and Haraka does not start', async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const plan = await planWith(t, { 'gmail.com': new Isp(false) });
  const http = { port, apis: APIS, key: KEY };
  await assert.rejects(
    haraka.start({ ...plan, submission: { ...plan.submission, http } }, hostHere()),
    (error: unknown) => error instanceof HarnessError && /EADDRINUSE/.test(error.message),
  );
});
