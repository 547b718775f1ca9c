import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { HTTP_APIS, type HttpApi, requestOf } from '../../../../src/core/http-injection.ts';
import { until } from '../../../support/until.ts';
import { AUTHORIZED, door, JSON_TYPE, KEY, KUMO, kumo, SPARK, settings, spark } from './http-door.ts';
import { pluginWith } from './plugins-for-tests.ts';

test('the hooks listen in a single process, and in workers', () => {
  assert.deepEqual(pluginWith('http', { http: settings }).hooks, [
    'init_master listen_alone',
    'init_child listen',
  ]);
});

/** What a recipient that is no address is told. */
const NONE = 'this is no address';

const accepted: {
  readonly name: string;
  readonly path: string;
  readonly body: unknown;
  readonly status?: number;
  readonly answer: unknown;
  /** Recipients that are queued; absent: nothing is. */
  readonly queued?: readonly string[];
  readonly content?: string;
  readonly why?: string;
}[] = [
  {
    name: 'two recipients of KumoMTA’s form',
    path: KUMO,
    body: kumo,
    queued: ['a@gmail.com', 'b@Yahoo.com'],
    answer: { success_count: 2, fail_count: 0, failed_recipients: [], errors: [] },
  },
  {
    name: 'two recipients of SparkPost’s form',
    path: SPARK,
    body: spark,
    queued: ['a@gmail.com', 'b@Yahoo.com'],
    answer: { results: { total_rejected_recipients: 0, total_accepted_recipients: 2, id: 'ID' } },
  },
  {
    name: 'a query behind SparkPost’s path',
    path: `${SPARK}?num_rcpt_errors=3`,
    body: spark,
    queued: ['a@gmail.com', 'b@Yahoo.com'],
    answer: { results: { total_rejected_recipients: 0, total_accepted_recipients: 2, id: 'ID' } },
  },
  {
    name: 'what is no address, in KumoMTA’s form',
    path: KUMO,
    body: { ...kumo, recipients: [{ email: 'nobody' }, { email: 'a@gmail.com' }, { email: '' }] },
    queued: ['a@gmail.com'],
    answer: {
      success_count: 1,
      fail_count: 2,
      failed_recipients: ['nobody', ''],
      errors: [`nobody: ${NONE}`, `: ${NONE}`],
    },
  },
  {
    name: 'what is no address, in SparkPost’s form',
    path: SPARK,
    body: { ...spark, recipients: [{ address: 'a@gmail.com' }, { address: {} }, { address: 'x@y@z' }] },
    queued: ['a@gmail.com'],
    answer: {
      errors: [{ message: 'transmission created, but with validation errors', code: '2000' }],
      results: {
        rcpt_to_errors: ['{}', 'x@y@z'].map((name) => ({
          message: 'invalid data format/type',
          description: `${name}: ${NONE}`,
          code: '1300',
        })),
        total_rejected_recipients: 2,
        total_accepted_recipients: 1,
        id: 'ID',
      },
    },
  },
  {
    name: 'nobody, in KumoMTA’s form',
    path: KUMO,
    body: { ...kumo, recipients: [] },
    answer: { success_count: 0, fail_count: 0, failed_recipients: [], errors: [] },
  },
  {
    name: 'nobody who is an address, in SparkPost’s form',
    path: SPARK,
    body: { ...spark, recipients: [{ address: 'nobody' }] },
    answer: {
      errors: [{ message: 'transmission created, but with validation errors', code: '2000' }],
      results: {
        rcpt_to_errors: [
          { message: 'invalid data format/type', description: `nobody: ${NONE}`, code: '1300' },
        ],
        total_rejected_recipients: 1,
        total_accepted_recipients: 0,
        id: '0',
      },
    },
  },
  {
    name: 'lines that end in all ways, begin with dots, and one without an end',
    path: KUMO,
    body: { ...kumo, recipients: [{ email: 'a@b.c' }], content: 'A: 1\nB: 2\r\r\n.\n..x\r\n\n.y. ü' },
    queued: ['a@b.c'],
    content: 'A: 1\r\nB: 2\r\n\r\n..\r\n...x\r\n\r\n..y. ü\r\n',
    answer: { success_count: 1, fail_count: 0, failed_recipients: [], errors: [] },
  },
  {
    name: 'braces that are told to be nothing',
    path: KUMO,
    body: {
      ...kumo,
      content: '{{ name }}\r\n',
      template_dialect: 'Static',
      recipients: [{ email: 'a@b.c' }],
    },
    queued: ['a@b.c'],
    content: '{{ name }}\r\n',
    answer: { success_count: 1, fail_count: 0, failed_recipients: [], errors: [] },
  },
  {
    name: 'the null sender',
    path: KUMO,
    body: { ...kumo, envelope_sender: '', recipients: [{ email: 'a@b.c' }] },
    queued: ['a@b.c'],
    answer: { success_count: 1, fail_count: 0, failed_recipients: [], errors: [] },
  },
  {
    name: 'a queue that takes nothing, in KumoMTA’s form',
    path: KUMO,
    body: { ...kumo, recipients: [{ email: 'nobody' }, { email: 'a@b.c' }] },
    queued: ['a@b.c'],
    why: 'Queueing failed',
    answer: {
      success_count: 0,
      fail_count: 2,
      failed_recipients: ['nobody', 'a@b.c'],
      errors: [`nobody: ${NONE}`, 'a@b.c: Queueing failed'],
    },
  },
  {
    name: 'a queue that takes nothing, in SparkPost’s form',
    path: SPARK,
    body: { ...spark, recipients: [{ address: 'a@b.c' }] },
    queued: ['a@b.c'],
    why: 'Queueing failed',
    status: 500,
    answer: { errors: [{ message: 'Internal Server Error', description: 'Queueing failed' }] },
  },
];

for (const { name, path, body, status = 200, answer, queued: expected, content, why } of accepted) {
  test(`a request is read: ${name}`, async () => {
    const { plugin, queued } = door(why);
    const request = { method: 'POST', url: path, headers: AUTHORIZED };
    const found = await plugin.answer(request, Buffer.from(JSON.stringify(body)));
    assert.deepEqual(JSON.parse(found.text), answer);
    assert.equal(found.status, status);
    assert.equal(found.headers['Content-Type'], 'application/json');
    assert.deepEqual(
      queued.map(({ recipients }) => recipients.map(({ address }) => address)),
      expected === undefined ? [] : [expected],
    );
    if (content !== undefined) assert.equal(queued[0]?.content.toString(), content);
  });
}

test('only the forms that loads speak are there', async () => {
  const { plugin } = door(undefined, ['sparkpost']);
  const found = await plugin.answer({ method: 'POST', url: KUMO, headers: AUTHORIZED }, Buffer.from('{}'));
  assert.equal(found.status, 404);
});

test('what the forms send is what the plugin reads', async () => {
  const message = {
    sender: 'b-7@news.test',
    recipients: ['a@gmail.com', 'c@gmail.com'],
    content: 'A: {{b}}\r\n\r\n.\r\n',
  };
  for (const api of HTTP_APIS.filter((each: HttpApi) => settings.apis.includes(each))) {
    const content = api === 'kumomta' ? message.content : message.content.replaceAll('{', '');
    const { plugin, queued } = door();
    const { path, headers, body } = requestOf(api, KEY, { ...message, content });
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const { status } = await plugin.answer({ method: 'POST', url: path, headers: lower }, Buffer.from(body));
    assert.equal(status, 200, api);
    assert.equal(queued[0]?.sender.address, message.sender);
    assert.deepEqual(
      queued[0]?.recipients.map(({ address }) => address),
      message.recipients,
    );
    assert.equal(queued[0]?.content.toString(), content.replace('\n.', '\n..'));
  }
});

test('a client that sends too much sees the answer, and one that goes away does no harm', async (t) => {
  const { plugin } = door();
  const answered: Promise<void>[] = [];
  const server = createServer((incoming, response) => void answered.push(plugin.respond(incoming, response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const open = () => request({ host: '127.0.0.1', port, path: KUMO, method: 'POST', headers: JSON_TYPE });
  const status = await new Promise((resolve, reject) => {
    const sent = open();
    sent.on('response', (response) => resolve(response.resume().statusCode));
    sent.on('error', reject);
    sent.end(Buffer.alloc(33_554_433, 'x'));
  });
  assert.equal(status, 413);
  const gone = open();
  gone.on('error', () => {});
  gone.write('{');
  await until(() => answered.length === 2);
  gone.destroy();
  assert.equal(
    (await Promise.allSettled(answered)).every((each) => each.status === 'fulfilled'),
    true,
  );
});
