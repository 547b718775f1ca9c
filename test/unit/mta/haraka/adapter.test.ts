import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { haraka, reachable } from '../../../../src/mta/haraka/adapter.ts';
import { installation } from '../../../../src/mta/haraka/install.ts';

const submission: MtaPlan['submission'] = {
  addresses: ['127.0.0.1'],
  port: 2525,
  tlsPort: undefined,
  certificate: undefined,
  users: [],
};
const plan: MtaPlan = {
  folder: 'never-written',
  submission,
  hostname: 'mta.sender.test',
  sources: [{ index: 0, address: '127.0.0.2', helo: 'out1.sender.test', vmta: 'one' }],
  retry: [60e6],
  expire: 3600e6,
  concurrency: 20,
  routes: { 'gmail.com': { address: '127.0.0.1', port: 2601 } },
};
const far = { address: '192.0.2.1', port: 25 };

test('where this process reaches the MTA', () => {
  const source = { index: 0, address: '198.18.128.1', helo: 'out1.sender.test', vmta: 'one' };
  const sealed = { ...submission, port: 25 };
  const table: { name: string; plan: MtaPlan; expect: object }[] = [
    { name: 'without a seal', plan, expect: { address: '127.0.0.1', port: 2525 } },
    {
      name: 'in a seal, by its first source',
      plan: { ...plan, submission: sealed, sources: [source], routes: undefined },
      expect: { address: '198.18.128.1', port: 25 },
    },
  ];
  for (const row of table) assert.deepEqual(reachable(row.plan), row.expect, row.name);
});

test('without a seal nothing starts that could leave the machine', async () => {
  const table: { name: string; plan: MtaPlan; message: RegExp }[] = [
    { name: 'real DNS', plan: { ...plan, routes: undefined }, message: /would look up real MX records/ },
    {
      name: 'a route',
      plan: { ...plan, routes: { 'gmail.com': far } },
      message: /refusing to send load to 192\.0\.2\.1/,
    },
    {
      name: 'a source',
      plan: { ...plan, sources: [{ index: 0, helo: 'x', vmta: 'x', ...far }] },
      message: /192\.0\.2\.1/,
    },
    {
      name: 'the listener',
      plan: { ...plan, submission: { ...submission, addresses: [far.address] } },
      message: /192\.0\.2\.1/,
    },
  ];
  const spawn = (): never => assert.fail('nothing is started');
  for (const row of table) {
    await assert.rejects(
      haraka.start(row.plan, spawn, loopbackOnly()),
      (error: unknown) =>
        error instanceof HarnessError && error.kind === 'usage' && row.message.test(error.message),
      row.name,
    );
  }
});

test('Haraka is installed with windtunnel, in the version that the adapter was written for', async () => {
  assert.equal(await haraka.version(), 'Haraka 3.3.4');
});

test('where Haraka is missing the error says how to get it', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'no-haraka-'));
  t.after(() => rm(empty, { recursive: true }));
  assert.throws(
    () => installation(empty),
    (error: unknown) =>
      error instanceof HarnessError &&
      error.kind === 'lab' &&
      error.hint === 'npm ci installs it with windtunnel',
  );
});
