import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { nodeBinary } from '../../../../src/core/process.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { kumomta } from '../../../../src/mta/kumomta/adapter.ts';
import { queueDepth } from '../../../../src/mta/kumomta/metrics.ts';
import { workFolder } from '../../../support/cli.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';
import { withHttp } from '../../../support/planned-mta.ts';
import { programsInPath, scriptedHost } from '../../../support/scripted-host.ts';

/** Metrics in the form of KumoMTA's /metrics.json, with our own numbers. */
const METRICS = {
  connection_count: { help: 'connections', type: 'gauge', value: { service: { smtp_client: 7 } } },
  message_count: { help: 'messages', type: 'gauge', value: 41 },
  scheduled_count_total: { help: 'scheduled', type: 'gauge', value: 30 },
  ready_count: {
    help: 'ready',
    type: 'gauge',
    value: { service: { 'smtp_client:source1->mx': 4, 'smtp_client:source2->mx': 5 } },
  },
};

test('the queue is what is scheduled, ready, or between the two', () => {
  const table: [string, string, number | undefined][] = [
    ['all there', JSON.stringify(METRICS), 41],
    ['messages that nobody counts as such', JSON.stringify({ ...METRICS, message_count: undefined }), 39],
    ['more in queues than messages', JSON.stringify({ ...METRICS, message_count: { value: 1 } }), 39],
    ['by one label more', '{"ready_count":{"value":{"a":{"b":{"c":2,"d":3}}}}}', 5],
    ['empty', '{"message_count":{"value":0},"scheduled_count_total":{"value":0}}', 0],
    ['other metrics', '{"lua_count":{"value":1}}', undefined],
    ['no number', '{"message_count":{"value":"many"}}', undefined],
    ['no JSON', 'Forbidden', undefined],
    ['nothing', '', undefined],
  ];
  for (const [name, text, depth] of table) assert.equal(queueDepth(text), depth, name);
});

function planIn(t: TestContext): MtaPlan {
  const certificate = { cert: 'CERT\n', key: 'KEY\n' };
  return mtaPlan({ folder: workFolder(t), submission: { certificate } });
}

test('KumoMTA checks its policy, is started as its user, and is watched by its metrics', async (t) => {
  const bin = programsInPath(t, ['kumod']);
  const plan = planIn(t);
  const host = scriptedHost((argv) => (argv[0] === nodeBinary ? { stdout: JSON.stringify(METRICS) } : {}));
  const running = await kumomta.start(plan, host);
  assert.equal(statSync(join(plan.folder, 'policy/smtp-key.pem')).mode & 0o777, 0o600);
  const command = [`${bin}/kumod`, '--policy', join(plan.folder, 'policy/init.lua'), '--user', 'kumod'];
  const folders = ['spool/data', 'spool/meta', 'logs'].map((name) => join(plan.folder, name));
  assert.deepEqual(host.ran, [
    ['mkdir', '-p', ...folders],
    ['chown', '-R', 'kumod:kumod', plan.folder],
    [...command, '--validate'],
  ]);
  assert.deepEqual(host.spawned, [command]);
  assert.deepEqual(running.submission, [{ address: '127.0.0.1', port: 25, implicitTls: false }]);
  assert.equal(running.http, undefined);
  assert.equal(await running.queueDepth(), 41);
  assert.match(host.ran.at(-1)?.[2] ?? '', /^fetch\("http:\/\/127\.0\.0\.1:8000\/metrics\.json"\)/);
  assert.equal(await running.listQueue(), undefined);
  host.end('KumoMTA was killed');
  await running.restart();
  assert.deepEqual(host.spawned, [command, command]);
  await running.stop();
  assert.deepEqual(host.signals, ['SIGTERM']);
});

test('over HTTP it takes mail from loopback, without a key', async (t) => {
  programsInPath(t, ['kumod']);
  const host = scriptedHost();
  const running = await kumomta.start(withHttp(planIn(t), 'kumomta'), host);
  assert.deepEqual(running.http, [{ address: '127.0.0.1', port: 8000, api: 'kumomta' }]);
  assert.deepEqual(host.waitedFor, [25, 8000]);
  await running.stop();
});

test('while it does not answer, its queue is not known', async (t) => {
  programsInPath(t, ['kumod']);
  const running = await kumomta.start(
    planIn(t),
    scriptedHost((argv) => (argv[0] === nodeBinary ? { code: 1, stderr: 'fetch failed' } : {})),
  );
  assert.equal(await running.queueDepth(), undefined);
});

test('what keeps KumoMTA from starting is said', async (t) => {
  const table: {
    name: string;
    programs: string[];
    answer?: Parameters<typeof scriptedHost>[0];
    host?: object;
    kind: string;
    message: RegExp;
  }[] = [
    { name: 'not installed', programs: [], kind: 'lab', message: /^KumoMTA is not installed$/ },
    {
      name: 'no seal',
      programs: ['kumod'],
      host: { proof: loopbackOnly() },
      kind: 'usage',
      message: /can only be tested in a seal/,
    },
    {
      name: 'a mistake in its policy',
      programs: ['kumod'],
      answer: (argv) => (argv.includes('--validate') ? { code: 1, stderr: 'init.lua:3: syntax error' } : {}),
      kind: 'lab',
      message: /does not accept its policy: init\.lua:3: syntax error$/,
    },
    {
      name: 'nobody to give its folders to',
      programs: ['kumod'],
      answer: (argv) => (argv[0] === 'chown' ? { code: 1, stderr: 'chown: invalid user' } : {}),
      kind: 'lab',
      message: /^chown -R kumod:kumod \S+ failed: chown: invalid user$/,
    },
  ];
  for (const { name, programs, answer, host, kind, message } of table) {
    await t.test(name, async (t) => {
      programsInPath(t, programs);
      await assert.rejects(
        kumomta.start(planIn(t), { ...scriptedHost(answer), ...host }),
        (error: unknown) =>
          error instanceof HarnessError && error.kind === kind && message.test(error.message),
      );
    });
  }
});

test('what was never seen with the real program is said', () => {
  assert.match(kumomta.untested ?? '', /not tested against the real binary/);
});
