import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { HTTP_APIS, type HttpApi, requestOf } from '../../../../src/core/http-injection.ts';
import { until } from '../../../support/until.ts';
import { pluginWith } from './plugins-for-tests.ts';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** A message as it is handed to Haraka. */
interface Mail {
  readonly sender: { readonly address: string };
  readonly recipients: readonly { readonly address: string }[];
  readonly content: Buffer;
}

interface Http {
  answer(request: Request, body: Buffer | undefined): Promise<Answer>;
  respond(request: unknown, response: unknown): Promise<void>;
  queue(mail: Mail): Promise<{ why?: string; uuid: string }>;
}

const KEY = 'e6f1a0c2'.repeat(5);
const settings = { address: '127.0.0.1', port: 8000, apis: ['kumomta', 'sparkpost'], key: KEY };

/** The plugin with a queue that takes everything, or fails for a reason. */
function door(why?: string, apis: readonly string[] = settings.apis): { plugin: Http; queued: Mail[] } {
  const { plugin } = pluginWith<Http>('http', { http: { ...settings, apis } });
  const queued: Mail[] = [];
  plugin.queue = async (mail) => {
    queued.push(mail);
    return { uuid: 'ID', ...(why !== undefined && { why }) };
  };
  return { plugin, queued };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const AUTHORIZED = { ...JSON_TYPE, authorization: KEY };
const KUMO = '/api/inject/v1';
const SPARK = '/api/v1/transmissions';

const kumo = {
  envelope_sender: 'b-1@news.test',
  recipients: [{ email: 'a@gmail.com' }, { email: 'b@Yahoo.com', name: 'B' }],
  content: 'Subject: x\r\n\r\nhello\r\n',
};
const spark = {
  return_path: 'b-1@news.test',
  recipients: [{ address: { email: 'a@gmail.com', name: 'A' } }, { address: 'b@Yahoo.com' }],
  content: { email_rfc822: 'Subject: x\r\n\r\nhello\r\n' },
};

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

/** SparkPost's errors are JSON: what kind, why, which number. */
function error(message: string, why: string, code?: string): RegExp {
  const number = code === undefined ? '' : `,"code":"${code}"`;
  return new RegExp(
    `^\\{"errors":\\[\\{"message":"${message}","description":"[^"]*${why}[^"]*"${number}\\}\\]\\}$`,
  );
}
const missing = (why: string): RegExp => error('required field is missing', why, '1400');
const wrong = (why: string): RegExp => error('invalid data format/type', why, '1300');

const large = 'x'.repeat(26_214_401);
const NO_TYPE = { 'content-type': 'application/jsonx' };
const ODD_KEY = { ...AUTHORIZED, authorization: 'x' };
/** Larger than a request may be. */
const TOO_LARGE = Symbol();

/** Name, path, body, status, answer (KumoMTA's is text), and what is different about the request's header or method. */
type Refused = [string, string, unknown, number, RegExp, (Record<string, string> | string)?];

const own = (fields: object): object => ({ ...kumo, ...fields });
const refusedByKumo: Refused[] = [
  ['GET', KUMO, '', 405, /GET is not allowed/, 'GET'],
  ['no type', KUMO, kumo, 415, /application\/json/, {}],
  ['a wrong type', KUMO, kumo, 415, /application\/json/, NO_TYPE],
  ['a request that is too large', KUMO, TOO_LARGE, 413, /at most 33554432 bytes/],
  ['a message that is too large', KUMO, own({ content: large }), 413, /at most 26214400 bytes/],
  ['what is no JSON', KUMO, '{"a":', 400, /^the body is no JSON: /],
  ['a list', KUMO, [], 422, /expected a JSON object/],
  ['null', KUMO, null, 422, /expected a JSON object/],
  ['no sender', KUMO, own({ envelope_sender: undefined }), 422, /^envelope_sender/],
  ['a sender that is none', KUMO, own({ envelope_sender: 'x' }), 500, /^Error: envelope_sender: x /],
  ['no recipients', KUMO, own({ recipients: undefined }), 422, /^recipients/],
  ['recipients as strings', KUMO, own({ recipients: ['a@b.c'] }), 422, /^recipients/],
  ['content in parts', KUMO, own({ content: { text_body: 'x' } }), 422, /^content/],
  ['a template', KUMO, own({ content: 'hi {{ name }}' }), 422, /^template_dialect/],
];

const its = (fields: object): object => ({ ...spark, ...fields });
const content = (message: unknown): object => its({ content: { email_rfc822: message } });
const refusedBySpark: Refused[] = [
  ['another path', '/api/v2/x', {}, 404, /^no such resource; POST to \/api\/inject\/v1, \/api\/v1\/trans/],
  ['PUT', SPARK, '', 405, error('invalid HTTP method', 'PUT', '1102'), 'PUT'],
  ['no key', SPARK, spark, 401, error('Unauthorized.', 'key'), JSON_TYPE],
  ['a wrong key', SPARK, spark, 401, error('Unauthorized.', 'key'), ODD_KEY],
  ['no type', SPARK, spark, 415, error('Unsupported Media Type', 'json'), { authorization: KEY }],
  ['a request that is too large', SPARK, TOO_LARGE, 413, error('Request Entity Too Large', '33554432')],
  ['a message that is too large', SPARK, content(large), 413, error('Request Entity Too Large', '26214400')],
  ['what is no JSON', SPARK, 'x', 400, /"message":"invalid params","description":"the body is no JSON.*1200/],
  ['a number', SPARK, 7, 422, wrong('object')],
  ['no sender', SPARK, its({ return_path: undefined }), 422, missing('return_path')],
  ['a sender that is none', SPARK, its({ return_path: 'x' }), 422, wrong('return_path: x ')],
  [
    'senders',
    SPARK,
    its({ recipients: [{ address: 'a@b.c', return_path: 'y@b.c' }] }),
    422,
    wrong('same ret'),
  ],
  ['no recipients', SPARK, its({ recipients: [] }), 422, missing('recipients')],
  ['a stored list', SPARK, its({ recipients: { list_id: 'x' } }), 422, missing('inline')],
  ['content in parts', SPARK, its({ content: { html: 'x' } }), 422, missing('email_rfc822')],
  ['a message that is no string', SPARK, content(1), 422, wrong('email_rfc822')],
  ['a template', SPARK, content('{{x}}'), 422, wrong('substituted')],
];

for (const [name, url, body, status, says, odd] of [...refusedByKumo, ...refusedBySpark]) {
  test(`a request to ${url} is refused: ${name} (${status})`, async () => {
    const { plugin, queued } = door();
    const method = typeof odd === 'string' ? odd : 'POST';
    const headers = typeof odd === 'object' ? odd : AUTHORIZED;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const bytes = body === TOO_LARGE ? undefined : Buffer.from(text);
    const found = await plugin.answer({ method, url, headers }, bytes);
    assert.equal(found.status, status, found.text);
    assert.match(found.text, says);
    assert.match(found.headers['Content-Type'] ?? '', url === SPARK ? /^application\/json$/ : /^text\/plain/);
    assert.equal(found.headers.Allow, status === 405 ? 'POST' : undefined);
    assert.deepEqual(queued, []);
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
