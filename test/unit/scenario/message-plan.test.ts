import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MessagePlan } from '../../../src/driver/message.ts';
import { InvalidScenario, parseScenario } from '../../../src/scenario/load.ts';
import { planMessages } from '../../../src/scenario/message-plan.ts';

/** A scenario's messages, planned, or what is wrong with them. */
function planned(message: string, vmtas = ['vmta1'], file = 's.yaml'): MessagePlan | string[] {
  try {
    const { scenario } = parseScenario(`load: { rate: 1/s, duration: 1s, message: ${message} }\n`, file);
    const problems: string[] = [];
    const senders = [
      { domain: 'a.test', dkim: 'auto' as const },
      { domain: 'b.test', dkim: 'none' as const },
    ];
    const plan = planMessages(
      scenario.load?.message ?? assert.fail(),
      { load: 'spring', file, senders, vmtas },
      (path, text) => problems.push(`${path.join('.')}: ${text}`),
    );
    return problems.length > 0 ? problems : plan;
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    return error.problems.map(({ at, message }) => `${at.replace('load.message.', '')}: ${message}`);
  }
}

test('the messages of a scenario that says nothing of them', () => {
  assert.deepEqual(planned('{}'), {
    load: 'spring',
    size: { kind: 'uniform', min: 2000, max: 2000 },
    content: { kind: 'text', text: 'News of the wind tunnel.' },
    recipients: 1,
    senders: [
      { domain: 'a.test', signed: true },
      { domain: 'b.test', signed: false },
    ],
    vmtas: ['vmta1'],
    headers: [{ name: 'Subject', value: 'windtunnel message {{message}}' }],
    unsubscribe: 'none',
    dkim: 'none',
  });
});

test('what a scenario can say of messages', () => {
  const rows: [string, Partial<MessagePlan>][] = [
    ['{ size: 2KB..60KB }', { size: { kind: 'uniform', min: 2000, max: 60_000 } }],
    [
      '{ size: { median: 20KB, p95: 200KB } }',
      { size: { kind: 'log-normal', median: 20_000, p95: 200_000, max: 2_000_000 } },
    ],
    [
      '{ size: { median: 1MB, p95: 40MB } }',
      { size: { kind: 'log-normal', median: 1e6, p95: 40e6, max: 50e6 } },
    ],
    [
      '{ size: { median: 2KB, p95: 9KB, max: 9KB } }',
      { size: { kind: 'log-normal', median: 2000, p95: 9000, max: 9000 } },
    ],
    [
      '{ size: [{ size: 2KB, weight: 70 }, { size: 100KB }] }',
      {
        size: {
          kind: 'list',
          sizes: [
            { bytes: 2000, weight: 70 },
            { bytes: 100_000, weight: 1 },
          ],
        },
      },
    ],
    ['{ dkim: on }', { dkim: 'rsa-2048' }],
    ['{ text: "Dear {{ recipient }}" }', { content: { kind: 'text', text: 'Dear {{recipient}}' } }],
    [
      '{ html: "<p>x</p>" }',
      { content: { kind: 'html', text: 'News of the wind tunnel.', html: '<p>x</p>' } },
    ],
    ['{ content: attachment, text: x }', { content: { kind: 'attachment', text: 'x', html: undefined } }],
    [
      '{ subject: " Hi {{mailbox}}", feedback-id: "a:{{ load }}:c:sender", headers: { x-job: 7 } }',
      {
        headers: [
          { name: 'Subject', value: 'Hi {{mailbox}}' },
          { name: 'Feedback-ID', value: 'a:{{load}}:c:sender' },
          { name: 'x-job', value: '7' },
        ],
      },
    ],
  ];
  const common = planned('{}');
  for (const [message, expected] of rows)
    assert.deepEqual(planned(message), { ...common, ...expected }, message);
});

test('mistakes, each with what was expected', () => {
  const size = 'expected a size such as 2KB, or a range such as 2KB..60KB';
  const rows: [string, string | string[], vmtas?: string[]][] = [
    ['{ size: 9XB }', `size: found "9XB"; ${size}`],
    ['{ size: 90MB }', 'size: found "90MB"; expected at most 50MB'],
    ['{ size: { median: 9KB } }', `size.p95: found nothing; expected a size such as 2KB`],
    ['{ size: { median: 9KB, p95: 2KB } }', 'size.p95: found "2KB"; expected at least the median'],
    ['{ size: { median: 1KB, p95: 2KB, max: 1KB } }', 'size.max: found "1KB"; expected at least p95'],
    ['{ size: { median: 0, p95: 2KB } }', 'size.median: found 0; expected a size above 0'],
    ['{ size: { median: 1KB, p95: 2KB, mex: 1KB } }', 'size.mex: unknown key "mex"; did you mean max?'],
    ['{ size: [{ size: 1KB, weight: 0 }] }', 'size.0.weight: found 0; expected a number above 0'],
    ['{ content: pdf }', 'content: found "pdf"; expected text, html, attachment or { eml: FILE }'],
    ['{ content: text, html: x }', 'html: content: text has no "html"'],
    ['{ subject: "{{recipent}}" }', 'subject: unknown placeholder {{recipent}}; did you mean {{recipient}}?'],
    [
      '{ text: "{{}}" }',
      'text: unknown placeholder {{}}; expected one of message, recipient, mailbox, domain, sender, load, vmta',
    ],
    [
      '{ headers: { X-A: "{{vmta}}" } }',
      'headers.X-A: {{vmta}} would be "a b"; expected letters, digits and . _ + - @ alone',
      ['vmta1', 'a b'],
    ],
    ['{ headers: { From: x } }', "headers.From: From can't be set: it is the sender, who signs; see senders"],
    [
      '{ headers: { x-windtunnel-message: 1, dkim-signature: x, Subject: y } }',
      [
        "headers.x-windtunnel-message: x-windtunnel-message can't be set: it carries the message's number",
        'headers.dkim-signature: dkim-signature can\'t be set: use the key "dkim"',
        'headers.Subject: Subject can\'t be set: use the key "subject"',
      ],
    ],
    ['{ headers: { X-A: 1, x-a: 2 } }', 'headers.x-a: x-a is given twice'],
    ['{ headers: { "X A": 1 } }', 'headers.X A: a field name is printable ASCII without blanks and colons'],
    ['{ headers: { X-A: "a\\r\\nBcc: b" } }', 'headers.X-A: found a line break or another control character'],
    [
      `{ headers: { X-A: "${'x'.repeat(994)}" } }`,
      'headers.X-A: found 994 characters without a blank; a line has at most 998',
    ],
    [`{ headers: { X-A: "${'x'.repeat(900)} ${'y'.repeat(900)}" } }`, []],
  ];
  for (const [message, expected, vmtas] of rows) {
    const found = planned(message, vmtas);
    assert.deepEqual(Array.isArray(found) ? found : [], [expected].flat(), message);
  }
});

function folder(t: TestContext, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'windtunnel-eml-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text, 'latin1');
  return path;
}

test('files are seen from the scenario and kept in the plan, byte for byte', (t) => {
  const text = 'Subject: x\nTo: y@z.test\n\nGr\xfc\xdfe\n';
  const path = folder(t, { 'a.eml': text, 'b.eml': 'X: y' });
  const plan = planned('{ content: { eml: [a.eml, b.eml] } }', [], join(path, 's.yaml'));
  assert.ok(!Array.isArray(plan));
  assert.deepEqual(plan.content, {
    kind: 'eml',
    files: [
      { file: 'a.eml', text },
      { file: 'b.eml', text: 'X: y' },
    ],
  });
  assert.deepEqual(plan.headers, []);
});

test('a file that is not a message is named', (t) => {
  const path = folder(t, {
    'good.eml': 'Subject: x\n\ny',
    'empty.eml': '',
    'body.eml': '\nHello',
    'odd.eml': 'Subject: x\nHello there\n\n',
    'long.eml': `Subject: x\n\n${'y'.repeat(999)}\n`,
    'huge.eml': `Subject: x\n\n${'y\n'.repeat(5_000_000)}`,
  });
  const rows: [string, string][] = [
    ['empty.eml', 'content.eml: empty.eml: it has no header'],
    ['body.eml', 'content.eml: body.eml: it has no header'],
    ['odd.eml', 'content.eml: odd.eml: line 2 of its header is not a field such as "Subject: …"'],
    ['[good.eml, long.eml]', 'content.eml: long.eml: its line 3 has 999 bytes; SMTP takes at most 998'],
    ['huge.eml', 'content.eml: huge.eml: the files have more than 10 MB together'],
  ];
  const at = join(path, 's.yaml');
  for (const [eml, expected] of rows)
    assert.deepEqual(planned(`{ content: { eml: ${eml} } }`, [], at), [expected]);
  const [missing] = planned('{ content: { eml: none.eml } }', [], at) as string[];
  assert.match(missing ?? '', /^content.eml: none.eml: can't read it: ENOENT/);
  assert.deepEqual(planned('{ content: { eml: good.eml }, size: 2KB, text: x }', [], at), [
    'size: content: eml has no "size"; the files have their own',
    'text: content: eml has no "text"; the files have their own',
  ]);
});
