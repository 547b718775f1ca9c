import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPrng } from '../../../../src/core/prng.ts';
import { type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import { createMessages } from '../../../../src/driver/message.ts';
import { createRecipients } from '../../../../src/driver/recipients.ts';
import type { LoadShape } from '../../../../src/driver/schedule.ts';
import { runScript } from '../../../support/k6/script-run.ts';
import { withEachK6 } from '../../../support/k6/stand-in.ts';
import { received } from '../../../support/message-maker.ts';
import { STAMP } from '../../../support/message-plan.ts';

/** A load of so many iterations by one virtual user, one after the other. */
function iterations(count: number, changes: Partial<LoadPlan> = {}): LoadPlan {
  const shape: LoadShape = {
    executor: 'per-vu-iterations',
    vus: 1,
    iterations: count,
    maxDuration: 60e6,
  };
  return plainLoad(shape, count, changes);
}

/** A load of one user's script, which is file `my.js`. */
const scripted = (count: number, changes: Partial<LoadPlan> = {}, exec?: string): LoadPlan =>
  iterations(count, { k6: { api: 'kumomta', script: 'my.js', exec }, ...changes });

/** A load whose messages are numbered from 100 and have two recipients. */
const pairs = (load: LoadPlan): LoadPlan => ({
  ...load,
  recipients: { ...load.recipients, perMessage: 2, firstMessage: 100, firstMailbox: 5000 },
  message: { ...load.message, recipients: 2 },
});

test('k6 hands over the messages of two loads, and says of each when it did and how that ended', (t) =>
  withEachK6(t, async (t, { path }) => {
    const first = pairs(iterations(3, { name: 'first' }));
    const second = iterations(2, { name: 'second' });
    const run = await runScript(t, path, [first, second], {
      answer: ({ body }) => {
        const { envelope_sender } = body as { envelope_sender: string };
        if (envelope_sender.startsWith('b-101@'))
          return [
            200,
            { success_count: 1, fail_count: 1, failed_recipients: ['u5003.1@recipient.test'], errors: ['x'] },
          ];
        if (envelope_sender.startsWith('b-102@')) return [503, { error: 'busy' }];
        if (envelope_sender.startsWith('b-0@')) return [200, 'not what was expected'];
        return [200, { success_count: 2, fail_count: 0, failed_recipients: [], errors: [] }];
      },
    });
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(
      run.notes.map(({ message, state, status, refusedSlots }) => [message, state, status, refusedSlots]),
      [
        [0, 'unconfirmed', 200, []],
        [1, 'confirmed', 200, []],
        [100, 'confirmed', 200, []],
        [101, 'confirmed', 200, [1]],
        [102, 'refused', 503, []],
      ],
    );
    for (const load of [first, second]) {
      const prng = createPrng(1);
      const bySmtp = await createMessages(load.message, createRecipients(load.recipients, prng), prng, STAMP);
      for (let n = 0; n < load.messages; n++) {
        const message = bySmtp(load.recipients.firstMessage + n);
        const { body } = run.requests.find(({ body }) => {
          return (body as { envelope_sender: string }).envelope_sender === message.sender;
        }) as { body: unknown };
        assert.deepEqual(body, {
          envelope_sender: message.sender,
          recipients: message.recipients.map((email) => ({ email })),
          content: received(message).toString('latin1'),
          template_dialect: 'Static',
        });
      }
    }
    assert.deepEqual(run.ready, { thresholds: {} });
    const summary = JSON.parse(readFileSync(join(run.folder, 'k6-summary.json'), 'utf8'));
    assert.equal(summary.metrics.iterations.values.count, 5);
  }));

test("a user's script with one line more has its injections numbered, and lives as by itself", (t) =>
  withEachK6(t, async (t, { path }) => {
    const run = await runScript(t, path, [pairs(scripted(3))], {
      key: 'user:password',
      files: {
        'lines.txt': 'a line',
        'helper.js': 'export const subject = "imported";',
        'my.js': `
          import http from 'k6/http';
          import { subject } from './helper.js';
          windtunnel.number(http);
          const line = open('./lines.txt');
          export const options = { vus: 9, duration: '9s', thresholds: { http_req_failed: ['rate<0.1'] } };
          export function setup() { return { from: 'setup' }; }
          export default async function (data) {
            const body = JSON.stringify({
              envelope_sender: 'me@here.test',
              recipients: [{ email: 'a@there.test', name: 'A' }, { email: 'b@there.test' }],
              content: 'Subject: ' + subject + '\\r\\n\\r\\n' + line + ', ' + data.from + '\\r\\n',
            });
            const url = 'http://mta.example:1/api/inject/v1?x=y';
            const params = { headers: { 'content-type': 'application/json', authorization: 'other' } };
            if (__ITER === 0) http.post(url, body, params);
            if (__ITER === 1) http.request('post', url, body, params);
            if (__ITER === 2) {
              const { json } = await http.asyncRequest('POST', url, body, params);
              console.log('taken ' + typeof json);
            }
            const message = windtunnel.message();
            console.log([message.number, message.sender, message.recipients, message.content.length].join());
          }
          export function teardown(data) { console.log('teardown after ' + data.from); }
          export function handleSummary(data) {
            return { stdout: 'words of ', stderr: 'the summary: ' + data.metrics.iterations.values.count, 'own.txt': 'own' };
          }
        `,
      },
    });
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(
      run.requests.map(({ path, headers, body }) => [
        path,
        headers.authorization,
        headers['content-type'],
        body,
      ]),
      [100, 101, 102].map((number, n) => [
        '/api/inject/v1?x=y',
        'Basic dXNlcjpwYXNzd29yZA==',
        'application/json',
        {
          envelope_sender: `b-${number}@news.sender.test`,
          recipients: [
            { email: `u${5000 + 2 * n}.0@recipient.test`, name: 'A' },
            { email: `u${5001 + 2 * n}.1@recipient.test` },
          ],
          content: `X-Windtunnel-Message: ${number}\r\nSubject: imported\r\n\r\na line, setup\r\n`,
        },
      ]),
    );
    assert.deepEqual(
      run.notes.map(({ message, state, status }) => [message, state, status]),
      [
        [100, 'confirmed', 200],
        [101, 'confirmed', 200],
        [102, 'confirmed', 200],
      ],
    );
    assert.deepEqual(run.ready, { thresholds: { http_req_failed: ['rate<0.1'] } });
    assert.match(
      run.log,
      /100,b-100@news\.sender\.test,u5000\.0@recipient\.test,u5001\.1@recipient\.test,\d{4}/,
    );
    assert.match(run.log, /taken function/);
    assert.match(run.log, /teardown after setup/);
    assert.match(run.log, /the summary: 3/);
    assert.match(run.log, /words of /);
    assert.equal(readFileSync(join(run.folder, 'own.txt'), 'utf8'), 'own');
    assert.ok(existsSync(join(run.folder, 'k6-summary.json')));
  }));

test('loads have functions of several scripts, in TypeScript too, beside one without a script', (t) =>
  withEachK6(t, async (t, { path }) => {
    const file = (word: string, exec: string): string => `
      import http, { type Response } from 'k6/http';
      windtunnel.number(http);
      export const options = { thresholds: { checks: ['rate>0.${word.length}'] } };
      export const setup = () => '${word}';
      export function ${exec}(data: string): void {
        const answer: Response = http.post('http://127.0.0.1/api/v1/transmissions', JSON.stringify({
          recipients: [{ address: 'a@there.test' }], content: { subject: data },
        }));
        if (answer.status !== 200) throw new Error('refused');
      }
    `;
    const load = (name: string, script: string | undefined, exec: string | undefined, first: number) => {
      const one = iterations(1, { name, k6: { api: 'sparkpost', script, exec } });
      return { ...one, recipients: { ...one.recipients, firstMessage: first } };
    };
    const run = await runScript(
      t,
      path,
      [
        load('a', 'a.ts', 'newsletter', 0),
        load('b', undefined, undefined, 10),
        load('c', 'c.ts', 'receipt', 20),
      ],
      {
        api: 'sparkpost',
        files: { 'a.ts': file('alpha', 'newsletter'), 'c.ts': file('gamma-ray', 'receipt') },
      },
    );
    assert.equal(run.code, 0, run.log);
    const contents = new Map(
      run.requests.map(({ body }) => {
        const { return_path, content } = body as { return_path: string; content: unknown };
        return [return_path, content];
      }),
    );
    assert.deepEqual(contents.get('b-0@news.sender.test'), {
      subject: 'alpha',
      headers: { 'X-Windtunnel-Message': '0' },
    });
    assert.deepEqual(contents.get('b-20@news.sender.test'), {
      subject: 'gamma-ray',
      headers: { 'X-Windtunnel-Message': '20' },
    });
    assert.deepEqual(Object.keys(contents.get('b-10@news.sender.test') as object), ['email_rfc822']);
    assert.deepEqual(
      run.notes.map(({ message, state }) => [message, state]),
      [
        [0, 'confirmed'],
        [10, 'confirmed'],
        [20, 'confirmed'],
      ],
    );
    assert.deepEqual(run.ready, { thresholds: { checks: ['rate>0.5', 'rate>0.9'] } });
  }));

test('a message that was refused may be handed over again under its number', (t) =>
  withEachK6(t, async (t, { path }) => {
    const run = await runScript(t, path, [scripted(2)], {
      files: { 'my.js': iteration('while (post({}).status !== 200);') },
      answer: (_, number) =>
        number < 2
          ? [503, {}]
          : [200, { success_count: 1, fail_count: 0, failed_recipients: [], errors: [] }],
    });
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(
      run.notes.map(({ message, state, status }) => [message, state, status]),
      [
        [0, 'refused', 503],
        [0, 'refused', 503],
        [0, 'confirmed', 200],
        [1, 'confirmed', 200],
      ],
    );
  }));

test('what is no injection goes as it is, and is not recorded', (t) =>
  withEachK6(t, async (t, { path }) => {
    const run = await runScript(t, path, [scripted(1)], {
      files: {
        'my.js': `
          ${iteration(`
            http.get(data + '/status');
            http.post(data + '/api/metrics', '{"recipients":[]}');
            http.put(data + '/api/inject/v1', '{"recipients":[]}');
            http.post(data + '/api/inject/v1', '"no injection"');
            http.batch([['GET', data + '/batch'], data + '/batch']);
            post({});
          `)}
          const plan = JSON.parse(open(__ENV.WINDTUNNEL_PLAN));
          export function setup() {
            http.post(plan.url + '/api/inject/v1', '{"recipients":["setup"]}');
            return plan.url;
          }
        `,
      },
      answer: ({ path }) =>
        path === '/api/inject/v1'
          ? [200, { success_count: 1, fail_count: 0, failed_recipients: [], errors: [] }]
          : [200, {}],
    });
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(
      run.requests.map(({ path, body }) => [
        path,
        typeof body === 'object' ? Object.keys(body as object) : body,
      ]),
      [
        ['/api/inject/v1', ['recipients']],
        ['/status', undefined],
        ['/api/metrics', ['recipients']],
        ['/api/inject/v1', ['recipients']],
        ['/api/inject/v1', 'no injection'],
        ['/batch', undefined],
        ['/batch', undefined],
        ['/api/inject/v1', ['recipients', 'content', 'envelope_sender']],
      ],
    );
    assert.deepEqual(
      run.notes.map(({ message, state }) => [message, state]),
      [[0, 'confirmed']],
    );
  }));

const wrong: readonly {
  readonly what: string;
  readonly script: string;
  readonly words: RegExp;
  readonly exec?: string;
}[] = [
  {
    what: 'two injections in one iteration',
    script: iteration('post({}); post({});'),
    words:
      /windtunnel: a second injection in one iteration, after one that is confirmed; expected one message an iteration/,
  },
  {
    what: 'other recipients than the scenario says',
    script: iteration('post({ recipients: [{}, {}] });'),
    words: /windtunnel: recipients of the injection: found 2; expected 1 \(load\.message\.recipients\)/,
  },
  {
    what: 'injections in a batch',
    script: iteration(
      `http.batch({ one: { method: 'POST', url: 'http://mta.example/api/inject/v1', body: '{}' } });`,
    ),
    words:
      /windtunnel: an injection is made by http\.batch\(\); expected one an iteration, by http\.post\(\)/,
  },
  {
    what: 'a namespace in place of the default export',
    script: `import * as http from 'k6/http'; windtunnel.number(http); export default () => {};`,
    words: /windtunnel\.number\(\) .*import http from 'k6\/http'/,
  },
  {
    what: 'the line forgotten',
    script: 'export default () => {};',
    words: /expected windtunnel\.number\(http\) at its top level/,
  },
  {
    what: 'a message outside of iterations',
    script: 'windtunnel.message(); export default () => {};',
    words: /windtunnel\.message\(\) is for iterations; there is none here/,
  },
  {
    what: 'no default function',
    script: 'export const other = () => {};',
    words: /the script of load \\?"default\\?" exports no default function/,
  },
  {
    what: 'no function of the name',
    script: 'export default () => {};',
    exec: 'receipts',
    words: /the script of load \\?"default\\?" exports no function \\?"receipts\\?"/,
  },
];

for (const { what, script, words, exec } of wrong) {
  test(`a script ends the test and says what is wrong: ${what}`, (t) =>
    withEachK6(t, async (t, { path }) => {
      const run = await runScript(t, path, [scripted(3, {}, exec)], { files: { 'my.js': script } });
      assert.match(run.log, words);
      assert.notEqual(run.code, 0);
      assert.ok(run.requests.length <= 1);
    }));
}

/** A script whose iteration is this code; `post` makes an injection. */
function iteration(code: string): string {
  return `
    import http from 'k6/http';
    windtunnel.number(http);
    function post(changes) {
      const injection = { recipients: [{ email: 'a@there.test' }], content: 'Subject: hello\\r\\n\\r\\nhi\\r\\n', ...changes };
      return http.post('http://mta.example/api/inject/v1', JSON.stringify(injection));
    }
    export default function (data) { ${code} }
  `;
}
