import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi, InjectionAnswer } from '../../../src/core/http-injection.ts';
import { answerOf, HTTP_APIS, requestOf } from '../../../src/core/http-injection.ts';

const MESSAGE = {
  sender: 'm7@bounces.example',
  recipients: ['a@gmail.com', 'b@yahoo.com'],
  content: 'Subject: {{ "x" }}\r\n\r\n.\r\n',
};

const BODIES: Record<HttpApi, unknown> = {
  kumomta: {
    envelope_sender: 'm7@bounces.example',
    recipients: [{ email: 'a@gmail.com' }, { email: 'b@yahoo.com' }],
    content: MESSAGE.content,
    template_dialect: 'Static',
  },
  sparkpost: {
    return_path: 'm7@bounces.example',
    recipients: [{ address: { email: 'a@gmail.com' } }, { address: { email: 'b@yahoo.com' } }],
    content: { email_rfc822: MESSAGE.content },
  },
  powermta: {
    return_path: 'm7@bounces.example',
    recipients: [{ address: { email: 'a@gmail.com' } }, { address: { email: 'b@yahoo.com' } }],
    content: { email_rfc822: MESSAGE.content },
  },
};

for (const api of HTTP_APIS) {
  test(`a request of ${api} is in its form`, () => {
    const { path, headers, body } = requestOf(api, undefined, MESSAGE);
    assert.equal(path, api === 'kumomta' ? '/api/inject/v1' : '/api/v1/transmissions');
    assert.deepEqual(headers, { 'Content-Type': 'application/json' });
    assert.deepEqual(JSON.parse(body), BODIES[api]);
  });
}

const KEYS: readonly (readonly [HttpApi, string, string, string])[] = [
  ['sparkpost', 'abc123', 'Authorization', 'abc123'],
  ['powermta', 'abc123', 'X-API-Key', 'abc123'],
  ...['u:p', 'user:pass', 'user:pass1', 'user:pass12', ':'].map(
    (key) => ['kumomta', key, 'Authorization', `Basic ${Buffer.from(key).toString('base64')}`] as const,
  ),
];

for (const [api, key, name, value] of KEYS) {
  test(`${api} is shown the key ${key} in ${name}`, () => {
    assert.equal(requestOf(api, key, MESSAGE).headers[name], value);
  });
}

const taken = (...refusedSlots: number[]): InjectionAnswer => ({ state: 'confirmed', refusedSlots });
const REFUSED: InjectionAnswer = { state: 'refused' };
const OPEN: InjectionAnswer = { state: 'unconfirmed' };

const kumo = (success: number, fail: number, ...failed: string[]) =>
  JSON.stringify({
    success_count: success,
    fail_count: fail,
    failed_recipients: failed,
    errors: failed.map((name) => `${name}: no`),
  });

const spark = (accepted: number, rejected: number, ...descriptions: string[]) =>
  JSON.stringify({
    results: {
      total_accepted_recipients: accepted,
      total_rejected_recipients: rejected,
      id: '1',
      rcpt_to_errors: descriptions.map((description) => ({ message: 'invalid', description, code: '1300' })),
    },
  });

const ANSWERS: readonly (readonly [string, HttpApi, number, string | null, InjectionAnswer])[] = [
  ['all recipients are taken', 'kumomta', 200, kumo(2, 0), taken()],
  ['one recipient fails', 'kumomta', 200, kumo(1, 1, 'b@yahoo.com'), taken(1)],
  ['all recipients fail', 'kumomta', 200, kumo(0, 2, 'a@gmail.com', 'b@yahoo.com'), REFUSED],
  ['a recipient fails, nobody says which', 'kumomta', 200, kumo(1, 1), OPEN],
  ['messages are made later', 'kumomta', 200, kumo(0, 0), taken()],
  ['an error in plain text', 'kumomta', 500, 'load shedding', REFUSED],
  ['JSON that is another form', 'kumomta', 200, '{"results":{}}', OPEN],
  ['a list is missing', 'kumomta', 200, '{"success_count":1,"fail_count":1}', OPEN],
  ['all recipients are taken', 'sparkpost', 200, spark(2, 0), taken()],
  ['a recipient is rejected and named', 'sparkpost', 200, spark(1, 1, 'address "a@gmail.com": no'), taken(0)],
  ['a recipient is rejected, nobody says which', 'sparkpost', 200, spark(1, 1, 'bad address'), OPEN],
  ['another is named', 'sparkpost', 200, spark(1, 1, 'aa@gmail.com'), OPEN],
  ['a recipient is named with its error', 'sparkpost', 200, spark(1, 1, 'b@yahoo.com: no'), taken(1)],
  ['all recipients are rejected', 'sparkpost', 200, spark(0, 2), REFUSED],
  ['no recipients', 'sparkpost', 400, '{"errors":[{"message":"no"}]}', REFUSED],
  ['a sending limit', 'sparkpost', 420, '{"errors":[{"message":"Exceed Sending Limit (hourly)"}]}', REFUSED],
  ['all recipients are taken', 'powermta', 200, spark(2, 0), taken()],
  ['the key is wrong', 'powermta', 403, '', REFUSED],
  ['a redirect', 'powermta', 302, '', REFUSED],
  ['an empty answer', 'powermta', 200, '', OPEN],
  ['no body at all', 'sparkpost', 200, null, OPEN],
  ['null', 'sparkpost', 200, 'null', OPEN],
  ['no answer', 'kumomta', 0, null, OPEN],
  ['a proxy without a server', 'kumomta', 502, '', OPEN],
  ['a server without memory', 'kumomta', 503, '', REFUSED],
  ['a proxy that waits no longer', 'kumomta', 504, '', OPEN],
];

for (const [name, api, status, body, expected] of ANSWERS) {
  test(`an answer of ${api}: ${name} (${status})`, () => {
    assert.deepEqual(answerOf(api, status, body, MESSAGE), expected);
  });
}
