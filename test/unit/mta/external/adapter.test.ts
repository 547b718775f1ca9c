import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import type { HttpEndpoint } from '../../../../src/core/http-injection.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import type { CommandResult, ExternalMta, MtaHost } from '../../../../src/mta/adapter.ts';
import { external } from '../../../../src/mta/external/adapter.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

const nothing = (): never => assert.fail('nothing is started');

/** This machine; `run` answers each command. */
function hostWith(run: MtaHost['run'] = nothing): MtaHost {
  return { proof: loopbackOnly(), spawn: nothing, run, listening: nothing };
}

function own(more: Partial<ExternalMta>): ExternalMta {
  return {
    start: undefined,
    stop: undefined,
    queue: undefined,
    cwd: '/',
    logs: [],
    submission: { address: '127.0.0.1', port: 25 },
    readyWithin: 200e3,
    firstPort: 2600,
    ...more,
  };
}

/** One to which nobody speaks SMTP. */
function overHttp(http: HttpEndpoint): ExternalMta {
  const { submission: _, ...rest } = own({ http });
  return rest;
}

/** Something that greets, on a free port. */
async function greeter(t: TestContext, greeting: string): Promise<{ address: string; port: number }> {
  const server = createServer((socket) => socket.on('error', () => {}).end(greeting));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'external-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('without a seal nothing starts that could leave the machine, and no one else is waited for', async (t) => {
  const taken = await greeter(t, '554 go away\r\n');
  const good = await greeter(t, '220 hello\r\n');
  const table: { name: string; external?: ExternalMta; kind: string; message: RegExp }[] = [
    { name: 'no plan', kind: 'usage', message: /mta\.external is missing/ },
    {
      name: 'a command',
      external: own({ start: ['my-mta'] }),
      kind: 'usage',
      message: /my-mta would send to the real ISPs/,
    },
    {
      name: 'a server elsewhere',
      external: own({ submission: { address: '192.0.2.1', port: 25 } }),
      kind: 'usage',
      message: /refusing to send load to 192\.0\.2\.1/,
    },
    {
      name: 'a server that takes nothing',
      external: own({ submission: taken }),
      kind: 'lab',
      message: /no mail server greets at 127\.0\.0\.1 port \d+/,
    },
    {
      name: 'over HTTP elsewhere',
      external: own({ http: { address: '192.0.2.1', port: 80, api: 'kumomta' } }),
      kind: 'usage',
      message: /refusing to send load to 192\.0\.2\.1/,
    },
    {
      name: 'nobody over HTTP, and SMTP is not asked for',
      external: overHttp({ address: '127.0.0.1', port: 1, api: 'kumomta' }),
      kind: 'lab',
      message: /nothing listens at 127\.0\.0\.1 port 1/,
    },
    {
      name: 'nobody over HTTP',
      external: own({ submission: good, http: { address: '127.0.0.1', port: 1, api: 'kumomta' } }),
      kind: 'lab',
      message: /nothing listens at 127\.0\.0\.1 port 1/,
    },
  ];
  for (const row of table) {
    const plan = mtaPlan({ folder: folder(t), ...(row.external && { external: row.external }) });
    await assert.rejects(
      external.start(plan, hostWith()),
      (error: unknown) =>
        error instanceof HarnessError && error.kind === row.kind && row.message.test(error.message),
      row.name,
    );
  }
});

test('the queue is what the user’s command counts, and never a list', async (t) => {
  const submission = await greeter(t, '220 hello\r\n');
  const table: {
    name: string;
    queue?: string[];
    answer?: Partial<CommandResult>;
    depth: number | undefined;
  }[] = [
    { name: 'no command', depth: undefined },
    { name: 'a number', queue: ['count'], answer: { stdout: ' 17\n' }, depth: 17 },
    { name: 'a sentence', queue: ['count'], answer: { stdout: 'in queue: 3 of 9\n' }, depth: 3 },
    { name: 'no number', queue: ['count'], answer: { stdout: 'Mail queue is empty\n' }, depth: undefined },
    { name: 'a failure', queue: ['count'], answer: { code: 1, stdout: '0' }, depth: undefined },
  ];
  for (const { name, queue, answer, depth } of table) {
    const asked: unknown[] = [];
    const plan = mtaPlan({ folder: folder(t), external: own({ submission, queue, cwd: '/srv' }) });
    const mta = await external.start(
      plan,
      hostWith(async (argv, options) => {
        asked.push([...argv, options?.cwd, options?.env]);
        return { code: 0, stdout: '', stderr: '', ...answer };
      }),
    );
    assert.deepEqual(mta.submission, [{ ...submission, implicitTls: false }]);
    assert.equal(await mta.queueDepth(), depth, name);
    assert.deepEqual(asked, queue ? [['count', '/srv', { WINDTUNNEL_FOLDER: plan.folder }]] : [], name);
    assert.equal(await mta.listQueue(), undefined);
    await mta.stop();
  }
});

test('mail may come over HTTP where the user says', async (t) => {
  const submission = await greeter(t, '220 hello\r\n');
  const http = { ...(await greeter(t, '')), api: 'sparkpost', key: 'secret' } as const;
  const plan = mtaPlan({ folder: folder(t), external: own({ submission, http }) });
  const mta = await external.start(plan, hostWith());
  assert.deepEqual(mta.http, [http]);
  await mta.stop();
  const quiet = await external.start(mtaPlan({ folder: folder(t), external: overHttp(http) }), hostWith());
  assert.deepEqual([quiet.submission, quiet.http], [[], [http]], 'without SMTP no greeting is waited for');
  await quiet.stop();
});
