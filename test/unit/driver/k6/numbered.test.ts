import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpApi } from '../../../../src/core/http-injection.ts';
import { numbered } from '../../../../src/driver/k6/script/numbered.ts';

const NUMBERING = {
  message: 17,
  sender: 'b-17@news.sender.test',
  recipients: ['u4.0@gmail.com', 'u5.1@yahoo.com'],
};

const bodies: readonly {
  readonly what: string;
  readonly api: HttpApi;
  readonly body: unknown;
  readonly result: unknown;
}[] = [
  {
    what: 'KumoMTA: a whole message, what else is in it kept',
    api: 'kumomta',
    body: {
      envelope_sender: 'me@here.test',
      recipients: [{ email: 'a@there.test', name: 'A', substitutions: { x: 1 } }, { email: 'b@there.test' }],
      content:
        'Subject: hello\r\nx-windtunnel-message: 3\r\nTo: a@there.test\r\n\r\nX-Windtunnel-Message: 4\r\n',
      deferred_spool: true,
    },
    result: {
      envelope_sender: 'b-17@news.sender.test',
      recipients: [
        { email: 'u4.0@gmail.com', name: 'A', substitutions: { x: 1 } },
        { email: 'u5.1@yahoo.com' },
      ],
      content:
        'X-Windtunnel-Message: 17\r\nSubject: hello\r\nTo: a@there.test\r\n\r\nX-Windtunnel-Message: 4\r\n',
      deferred_spool: true,
    },
  },
  {
    what: 'KumoMTA: a message whose lines end in LF alone, and one that is nothing but a header',
    api: 'kumomta',
    body: { recipients: [{}, {}], content: 'X-Windtunnel-Message: 3\nSubject: hello' },
    result: {
      envelope_sender: 'b-17@news.sender.test',
      recipients: [{ email: 'u4.0@gmail.com' }, { email: 'u5.1@yahoo.com' }],
      content: 'X-Windtunnel-Message: 17\nSubject: hello',
    },
  },
  {
    what: 'KumoMTA: a message for it to build',
    api: 'kumomta',
    body: {
      envelope_sender: 'me@here.test',
      recipients: [{ email: 'a@there.test' }, { email: 'b@there.test' }],
      content: {
        text_body: 'hi',
        from: { email: 'me@here.test' },
        headers: { 'X-WINDTUNNEL-message': '3', 'X-Job': 'j' },
      },
    },
    result: {
      envelope_sender: 'b-17@news.sender.test',
      recipients: [{ email: 'u4.0@gmail.com' }, { email: 'u5.1@yahoo.com' }],
      content: {
        text_body: 'hi',
        from: { email: 'me@here.test' },
        headers: { 'X-Job': 'j', 'X-Windtunnel-Message': '17' },
      },
    },
  },
  {
    what: 'SparkPost: a whole message, recipients as texts, and one with a return path of its own',
    api: 'sparkpost',
    body: {
      options: { sandbox: false },
      return_path: 'me@here.test',
      recipients: [
        { address: 'a@there.test', return_path: 'other@here.test', substitution_data: { x: 1 } },
        { address: { email: 'b@there.test', name: 'B' } },
      ],
      content: { email_rfc822: 'Subject: hello\r\n\r\nhi\r\n' },
    },
    result: {
      options: { sandbox: false },
      return_path: 'b-17@news.sender.test',
      recipients: [
        { substitution_data: { x: 1 }, address: { email: 'u4.0@gmail.com' } },
        { address: { email: 'u5.1@yahoo.com', name: 'B' } },
      ],
      content: { email_rfc822: 'X-Windtunnel-Message: 17\r\nSubject: hello\r\n\r\nhi\r\n' },
    },
  },
  {
    what: 'SparkPost: a message for it to build',
    api: 'sparkpost',
    body: {
      recipients: [{ address: 'a@there.test' }, { address: 'b@there.test' }],
      content: { from: 'me@here.test', subject: 'hello', text: 'hi' },
    },
    result: {
      return_path: 'b-17@news.sender.test',
      recipients: [{ address: { email: 'u4.0@gmail.com' } }, { address: { email: 'u5.1@yahoo.com' } }],
      content: {
        from: 'me@here.test',
        subject: 'hello',
        text: 'hi',
        headers: { 'X-Windtunnel-Message': '17' },
      },
    },
  },
  {
    what: 'PowerMTA: a template that it keeps, whose header is not ours to change',
    api: 'powermta',
    body: {
      recipients: [{ address: 'a@there.test' }, { address: 'b@there.test' }],
      content: { template_id: 'spring' },
    },
    result: {
      return_path: 'b-17@news.sender.test',
      recipients: [{ address: { email: 'u4.0@gmail.com' } }, { address: { email: 'u5.1@yahoo.com' } }],
      content: { template_id: 'spring' },
    },
  },
];

for (const { what, api, body, result } of bodies) {
  test(`an injection gets its numbers: ${what}`, () => {
    const done = numbered(api, JSON.stringify(body), NUMBERING);
    assert.ok(done && 'body' in done);
    assert.deepEqual(JSON.parse(done.body), result);
  });
}

const others: readonly { readonly what: string; readonly body: unknown; readonly result: unknown }[] = [
  { what: 'a form', body: { recipients: 'a@there.test' }, result: undefined },
  { what: 'no body', body: undefined, result: undefined },
  { what: 'no JSON', body: 'recipients=a', result: undefined },
  { what: 'JSON that is no object', body: '[1]', result: undefined },
  {
    what: 'fewer recipients than the load has',
    body: '{"recipients":[{}]}',
    result: {
      problem: 'recipients of the injection: found 1; expected 2 (load.message.recipients)',
    },
  },
  {
    what: 'a stored list of recipients',
    body: '{"recipients":{"list_id":"all"}}',
    result: {
      problem:
        'the injection names a list of recipients that the MTA keeps; expected the recipients themselves',
    },
  },
];

for (const { what, body, result } of others) {
  test(`an injection can't get numbers: ${what}`, () => {
    assert.deepEqual(numbered('sparkpost', body, NUMBERING), result);
  });
}
