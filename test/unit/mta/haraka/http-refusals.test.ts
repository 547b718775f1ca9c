import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUTHORIZED, door, JSON_TYPE, KEY, KUMO, kumo, SPARK, spark } from './http-door.ts';

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
