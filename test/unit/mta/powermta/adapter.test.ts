import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { powermta } from '../../../../src/mta/powermta/adapter.ts';
import { workFolder } from '../../../support/cli.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';
import { withHttp } from '../../../support/planned-mta.ts';
import { STATUS_XML } from '../../../support/powermta-status.ts';
import { programsInPath, scriptedHost } from '../../../support/scripted-host.ts';

const isPmta = (argv: readonly string[]): boolean => argv[0]?.endsWith('/pmta') === true;

function planIn(t: TestContext): MtaPlan {
  const users = [{ user: 'letters', password: 's3cret' }];
  return mtaPlan({ folder: workFolder(t), submission: { users, tlsPort: 465 } });
}

test('PowerMTA is started with its configuration in place, watched by its own tool, and asked before it ends', async (t) => {
  const bin = programsInPath(t, ['pmtad', 'pmta', 'pmtahttpd']);
  const plan = planIn(t);
  const host = scriptedHost((argv) =>
    isPmta(argv) ? { stdout: argv[1] === '--xml' ? STATUS_XML : 'gmail.com/vmta1 backoff' } : {},
  );
  const running = await powermta.start(plan, host);
  assert.equal(statSync(join(plan.folder, 'users')).mode & 0o777, 0o600);
  const folders = ['spool', 'acct', 'log'].map((name) => join(plan.folder, name));
  const config = join(plan.folder, 'config');
  const mount = 'mount --bind "$1" /etc/pmta/config && shift && ';
  assert.deepEqual(host.ran, [
    ['mkdir', '-p', ...folders],
    ['chown', '-R', 'pmta:pmta', plan.folder],
    ['unshare', '--mount', 'sh', '-c', `${mount}exec "$@"`, 'sh', config, `${bin}/pmta`, 'test', 'config'],
  ]);
  const command = `${mount}{ "$2" & } && exec "$1" --debug`;
  const start = ['unshare', '--mount', 'sh', '-c', command, 'sh', config, `${bin}/pmtad`, `${bin}/pmtahttpd`];
  assert.deepEqual(host.spawned, [start]);
  assert.deepEqual(running.submission, [
    { address: '127.0.0.1', port: 25, implicitTls: false },
    { address: '127.0.0.1', port: 465, implicitTls: true },
  ]);
  assert.equal(await running.queueDepth(), 123);
  assert.equal(await running.listQueue(), undefined);

  host.end('PowerMTA was killed');
  await running.restart();
  assert.deepEqual(host.spawned, [start, start]);
  await running.stop();
  assert.deepEqual(host.signals, ['SIGTERM']);
  assert.equal(readFileSync(join(plan.folder, 'status.xml'), 'utf8'), STATUS_XML);
  assert.equal(readFileSync(join(plan.folder, 'queues.txt'), 'utf8'), 'gmail.com/vmta1 backoff');
});

test('over HTTP it takes mail with its key, by the web server that it then must have', async (t) => {
  const plan = withHttp(planIn(t), 'powermta');
  const key = plan.submission.http?.key;
  await t.test('with it', async (t) => {
    programsInPath(t, ['pmtad', 'pmtahttpd']);
    const host = scriptedHost();
    const running = await powermta.start(plan, host);
    assert.deepEqual(running.http, [{ address: '127.0.0.1', port: 8000, api: 'powermta', key }]);
    assert.deepEqual(host.waitedFor, [25, 465, 8000]);
    await running.stop();
  });
  await t.test('without it', async (t) => {
    programsInPath(t, ['pmtad']);
    await assert.rejects(
      powermta.start(plan, scriptedHost()),
      (error: unknown) =>
        error instanceof HarnessError && error.kind === 'lab' && /without its web server/.test(error.message),
    );
  });
});

test('without its tool and its web server PowerMTA runs all the same, and tells nothing', async (t) => {
  const bin = programsInPath(t, ['pmtad']);
  const plan = planIn(t);
  const host = scriptedHost();
  const running = await powermta.start(plan, host);
  assert.deepEqual(host.spawned[0]?.slice(4), [
    'mount --bind "$1" /etc/pmta/config && shift && exec "$1" --debug',
    'sh',
    join(plan.folder, 'config'),
    `${bin}/pmtad`,
  ]);
  assert.equal(await running.queueDepth(), undefined);
  await running.stop();
});

test('a tool that can not reach PowerMTA tells no queue', async (t) => {
  programsInPath(t, ['pmtad', 'pmta']);
  const running = await powermta.start(
    planIn(t),
    scriptedHost((argv) => (isPmta(argv) ? { code: 1, stderr: 'can not connect' } : {})),
  );
  assert.equal(await running.queueDepth(), undefined);
});

test('what keeps PowerMTA from starting is said', async (t) => {
  const table: {
    name: string;
    programs: string[];
    answer?: Parameters<typeof scriptedHost>[0];
    host?: object;
    kind: string;
    message: RegExp;
  }[] = [
    { name: 'not installed', programs: [], kind: 'lab', message: /^PowerMTA is not installed$/ },
    {
      name: 'no seal',
      programs: ['pmtad'],
      host: { proof: loopbackOnly() },
      kind: 'usage',
      message: /can only be tested in a seal/,
    },
    {
      name: 'a mistake in its configuration',
      programs: ['pmtad', 'pmta'],
      answer: (argv) => ({
        stdout: argv.includes('test') ? 'Error in line 11 of /etc/pmta/config: argument missing' : '',
      }),
      kind: 'lab',
      message: /does not accept its configuration: Error in line 11 of/,
    },
    {
      name: 'nobody to give its folders to',
      programs: ['pmtad'],
      answer: (argv) => (argv[0] === 'chown' ? { code: 1, stderr: "chown: invalid user: 'pmta:pmta'" } : {}),
      kind: 'lab',
      message: /^chown -R pmta:pmta \S+ failed: chown: invalid user/,
    },
  ];
  for (const { name, programs, answer, host, kind, message } of table) {
    await t.test(name, async (t) => {
      programsInPath(t, programs);
      await assert.rejects(
        powermta.start(planIn(t), { ...scriptedHost(answer), ...host }),
        (error: unknown) =>
          error instanceof HarnessError && error.kind === kind && message.test(error.message),
      );
    });
  }
});

test('one that ends at once is reported with what it said', async (t) => {
  programsInPath(t, ['pmtad']);
  const plan = planIn(t);
  const host = scriptedHost(() => ({}), false);
  const started = powermta.start(plan, host);
  const refused = assert.rejects(started, /^HarnessError: PowerMTA ended with exit code 1\n/);
  while (host.spawned.length === 0) await new Promise(setImmediate);
  host.end('PowerMTA ended with exit code 1');
  await refused;
});

test('what was never seen with the real program is said', () => {
  assert.match(powermta.untested ?? '', /not tested against the real binary/);
});
