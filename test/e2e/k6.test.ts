/**
 * Loads by k6 through the whole lab, with Haraka: what k6 hands over over HTTP is counted and judged as what the driver
 * hands over by SMTP is; one k6 process or three; windtunnel's script or a user's.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ATTEMPT_OUTCOMES, INJECTION_STATES, Kind } from '../../src/record/attempt-log.ts';
import type { Summary } from '../../src/report/summary.ts';
import { cli, eachRecord, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { withEachK6 } from '../support/k6/stand-in.ts';

interface Flown {
  readonly code: number;
  readonly text: string;
  readonly folder: string;
  readonly summary: Summary;
}

/** Flies a scenario; files stand beside it. */
async function flown(
  t: TestContext,
  scenario: string,
  k6: string | undefined,
  files: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
  onStderr?: (text: string, interrupt: () => void) => void,
): Promise<Flown> {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  for (const [name, text] of Object.entries(files)) scenarioFile(folder, text, name);
  const path = scenarioFile(folder, `# Is k6 counted as SMTP is?\n${scenario}`);
  const program = k6 === undefined ? [] : ['--k6-bin', k6];
  const { code, stdout, stderr } = await cli(['run', path, '--out', out, ...program, ...options], onStderr);
  return { code, text: stdout + stderr, ...onlyRun(out) };
}

/** Numbers of the messages that were confirmed. */
function confirmed({ folder }: Flown): number[] {
  const numbers: number[] = [];
  eachRecord(join(folder, 'injections.bin'), (view) => {
    if (view.kind === Kind.injection && INJECTION_STATES[view.outcome] === 'confirmed')
      numbers.push(view.message);
  });
  return numbers.sort((a, b) => a - b);
}

/** The messages that ISPs accepted, one number for each time. */
function accepted({ folder }: Flown): number[] {
  const numbers: number[] = [];
  eachRecord(join(folder, 'attempts.bin'), (view) => {
    if (view.kind === Kind.attempt && ATTEMPT_OUTCOMES[view.outcome] === 'accepted')
      numbers.push(view.message);
  });
  return numbers.sort((a, b) => a - b);
}

const ISPS = `
isps:
  gmail: { share: 60%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited, reputation: off }
  yahoo: { share: 40%, mailboxes: { unknown: 0%, full: 0%, disabled: 0% }, limits: unlimited, reputation: off }
`;
/** Some of them hold and some fail, whatever the machine. */
const THRESHOLDS = `
thresholds:
  lost: ['count==0']
  duplicated: ['count==0']
  delivered: ['count>=38', 'count>1000']
  injection_duration: ['p(95)<30000', 'max<0.001']
`;
/** The loads, the iterations of each, and the recipients of each message. */
const PLANNED = [
  { name: 'steady', first: 0, count: 10, recipients: 1 },
  { name: 'rising', first: 10, count: 4, recipients: 1 },
  { name: 'shared', first: 14, count: 10, recipients: 1 },
  { name: 'each', first: 24, count: 9, recipients: 2 },
];
const LAST = 32;

/** Loads of four executors, by the driver or by k6 in both of Haraka's forms. Rates leave a slow machine the time. */
function schedule(engine: 'smtp' | 'k6', more = ''): string {
  const by = (api: string) => (engine === 'k6' ? `engine: k6, api: ${api}, ` : '');
  return `
loads:
  steady: { ${by('kumomta')}rate: 5/s, duration: 2s, connections: 6 }
  rising: { ${by('sparkpost')}startRate: 1/s, stages: [{ duration: 2s, target: 3/s }], connections: 3 }
  shared: { ${by('kumomta')}executor: shared-iterations, startTime: 2s, vus: 3, iterations: 10 }
  each: { ${by('sparkpost')}executor: per-vu-iterations, startTime: 2s, vus: 3, iterations: 3, message: { recipients: 2 } }
${more}${ISPS}${THRESHOLDS}`;
}

function verdicts({ summary }: Flown): string[] {
  return summary.thresholds.map(({ metric, expression, passed }) => `${metric} ${expression} ${passed}`);
}

test('one schedule, by SMTP, by one k6 process and by three: the same counts, and the same verdicts', {
  timeout: 300_000,
}, async (t) => {
  const bySmtp = await flown(t, schedule('smtp'), undefined);
  assert.equal(bySmtp.code, 99, bySmtp.text);
  assert.deepEqual(
    confirmed(bySmtp),
    Array.from({ length: LAST + 1 }, (_, n) => n),
  );
  assert.deepEqual(
    verdicts(bySmtp).filter((line) => line.endsWith('false')),
    ['delivered count>1000 false', 'injection_duration max<0.001 false'],
  );

  await withEachK6(t, async (t, { path }) => {
    for (const processes of [1, 3]) {
      const byK6 = await flown(t, schedule('k6', `workers: { drivers: ${processes} }`), path);
      assert.equal(byK6.code, 99, byK6.text);
      assert.deepEqual(verdicts(byK6), verdicts(bySmtp), byK6.text);
      const numbers = confirmed(byK6);
      const recipients: number[] = [];
      for (const { name, first, count, recipients: each } of PLANNED) {
        const own = numbers.filter((number) => number >= first && number < first + count);
        assert.ok(own.length >= count - 1, `${name} by ${processes}: ${own.length} of ${count}`);
        // No message twice, and none left out.
        assert.deepEqual(
          own,
          own.map((_, n) => first + n),
          name,
        );
        for (let slot = 0; slot < each; slot++) recipients.push(...own);
      }
      assert.ok((numbers.at(-1) ?? 0) <= LAST);
      assert.deepEqual(
        accepted(byK6),
        recipients.sort((a, b) => a - b),
      );
      const { totals } = byK6.summary;
      assert.equal(totals.injectedRecipients, recipients.length);
      assert.equal(totals.unconfirmedInjections + totals.refusedInjections, 0);
    }
  });
});

/** A script such as a user of k6 has, for a mail server of his own. */
const SCRIPT = `import http from 'k6/http';
import exec from 'k6/execution';
import { check } from 'k6';
import { Counter } from 'k6/metrics';

const queued = new Counter('mails_queued');

export const options = {
  vus: 50,
  duration: '10m',
  thresholds: {
    http_req_failed: ['rate<0.01'],
    'http_req_duration{kind:mail}': ['p(95)<30000', { threshold: 'max<0.001', abortOnFail: false }],
    checks: ['rate>0.99'],
    mails_queued: ['count>=9'],
  },
};

export function setup() {
  return { subject: 'Spring' };
}

export default function ({ subject }) {
  const answer = http.post(
    'http://mta.shop.example:8000/api/inject/v1',
    JSON.stringify({
      envelope_sender: 'bounces@shop.example',
      recipients: [{ email: \`customer\${exec.vu.idInTest}@gmail.com\`, name: 'Customer' }],
      content: \`From: shop@shop.example\\r\\nTo: customer@gmail.com\\r\\nSubject: \${subject}\\r\\n\\r\\nBuy!\\r\\n\`,
    }),
    { headers: { 'Content-Type': 'application/json' }, tags: { kind: 'mail' } },
  );
  if (check(answer, { queued: (r) => r.status === 200 && r.json().success_count === 1 })) queued.add(1);
}
`;
/** The same with the one line that it needs. */
const NUMBERED = SCRIPT.replace('const queued', 'windtunnel.number(http);\nconst queued');
const SCRIPT_SCENARIO = `
load: { engine: k6, api: kumomta, script: shop.js, rate: 5/s, duration: 2s, connections: 6 }
workers: { drivers: 2 }
${ISPS}
thresholds:
  lost: ['count==0']
  delivered: ['count>=9']
`;

test(
  "a k6 user's script runs with one line more, and its thresholds are judged over all processes",
  { timeout: 300_000 },
  (t) =>
    withEachK6(t, async (t, { path }) => {
      const run = await flown(t, SCRIPT_SCENARIO, path, { 'shop.js': NUMBERED });
      assert.equal(run.code, 99, run.text);
      assert.deepEqual(verdicts(run), [
        'lost count==0 true',
        'delivered count>=9 true',
        'http_req_failed rate<0.01 true',
        'http_req_duration{kind:mail} p(95)<30000 true',
        'http_req_duration{kind:mail} max<0.001 false',
        'checks rate>0.99 true',
        'mails_queued count>=9 true',
      ]);
      const numbers = confirmed(run);
      assert.ok(Math.abs(numbers.length - 10) <= 1, `${numbers.length} of 10`);
      assert.deepEqual(
        accepted(run),
        numbers.sort((a, b) => a - b),
      );
    }),
);

test('loads by SMTP and by k6 stand side by side, also without a seal', { timeout: 300_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const scenario = `
loads:
  classic: { executor: shared-iterations, vus: 2, iterations: 12 }
  modern: { engine: k6, api: sparkpost, executor: shared-iterations, vus: 2, iterations: 8, message: { size: 20KB, content: html } }
${ISPS}
thresholds: { delivered: ['count==20'], lost: ['count==0'], http_reqs: ['count==8'] }
`;
    const run = await flown(t, scenario, path, {}, ['--no-seal']);
    assert.equal(run.code, 0, run.text);
    assert.deepEqual(
      accepted(run),
      Array.from({ length: 20 }, (_, n) => n),
    );
  }),
);

/** A load that goes on for longer than the test. */
const LONG = SCRIPT_SCENARIO.replace('duration: 2s', 'duration: 280s');

test('Ctrl-C ends k6 too; what it had sent is delivered and reported', { timeout: 300_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    let pressed = false;
    const run = await flown(t, LONG, path, { 'shop.js': NUMBERED }, [], (text, interrupt) => {
      if (pressed || !/ [1-9]\d* delivered/.test(text)) return;
      pressed = true;
      interrupt();
    });
    assert.equal(run.code, 105, run.text);
    const { totals } = run.summary;
    const numbers = confirmed(run);
    assert.ok(numbers.length > 0 && numbers.length < 5 * 280, run.text);
    assert.equal(totals.injectedMessages, numbers.length);
    // What was cut off may have been taken or not; what was confirmed came through.
    const seen = new Set(accepted(run));
    assert.deepEqual(
      numbers.filter((number) => !seen.has(number)),
      [],
    );
    assert.ok(verdicts(run).includes('lost count==0 true'), run.text);
  }),
);

test('a threshold of a script that is to abort the test does', { timeout: 300_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    const script = NUMBERED.replace("['count>=9']", "[{ threshold: 'count<5', abortOnFail: true }]");
    const run = await flown(t, LONG, path, { 'shop.js': script });
    assert.equal(run.code, 99, run.text);
    assert.deepEqual(
      verdicts(run).filter((line) => line.startsWith('mails_queued')),
      ['mails_queued count<5 false'],
    );
    assert.ok(confirmed(run).length < 5 * 280, run.text);
  }),
);

interface Broken {
  readonly name: string;
  readonly script: string;
  readonly says: RegExp;
}

const BROKEN: readonly Broken[] = [
  { name: 'lacks that line', script: SCRIPT, says: /windtunnel\.number\(http\)/ },
  {
    name: 'sends two mails in an iteration',
    script: NUMBERED.replace(
      'const answer = http.post(',
      "http.post('http://a.example/api/inject/v1', JSON.stringify({ envelope_sender: 'a@a.test', recipients: [{ email: 'b@b.test' }], content: 'Subject: x\\r\\n\\r\\n' }));\n  const answer = http.post(",
    ),
    says: /second injection in one iteration/,
  },
];

test("a k6 user's script that can't be run ends the run, in k6's words", { timeout: 300_000 }, (t) =>
  withEachK6(t, async (t, { path }) => {
    for (const { name, script, says } of BROKEN)
      await t.test(name, async (t) => {
        const folder = workFolder(t);
        scenarioFile(folder, script, 'shop.js');
        const scenario = scenarioFile(folder, `# Does it?\n${SCRIPT_SCENARIO}`);
        const { code, stderr, stdout } = await cli([
          'run',
          scenario,
          '--out',
          join(folder, 'runs'),
          '--k6-bin',
          path,
        ]);
        assert.match(stderr + stdout, says);
        assert.equal(code, 104, stderr);
      });
  }),
);

test('without k6 a run says how to get it, and ends with 106', { timeout: 60_000 }, async (t) => {
  const folder = workFolder(t);
  const scenario = scenarioFile(folder, `# Does it?\n${schedule('k6')}`);
  const nowhere = join(folder, 'k6');
  const { code, stderr } = await cli(['run', scenario, '--out', join(folder, 'runs'), '--k6-bin', nowhere]);
  assert.equal(code, 106, stderr);
  assert.match(stderr, /k6 not found/);
  assert.match(stderr, /go install go\.k6\.io\/k6/);
});
