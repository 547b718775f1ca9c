import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HarnessError } from '../../../../src/core/errors.ts';
import { loopbackOnly } from '../../../../src/core/proof.ts';
import type { MtaPlan } from '../../../../src/mta/adapter.ts';
import { haraka } from '../../../../src/mta/haraka/adapter.ts';
import { installation } from '../../../../src/mta/haraka/install.ts';
import { mtaPlan } from '../../../support/mta-plan.ts';

const plan = mtaPlan({
  submission: { port: 2525 },
  routes: { 'gmail.com': { address: '127.0.0.1', port: 2601 } },
});
const far = { address: '192.0.2.1', port: 25 };

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
      plan: { ...plan, submission: { ...plan.submission, addresses: [far.address] } },
      message: /192\.0\.2\.1/,
    },
  ];
  const nothing = (): never => assert.fail('nothing is started');
  const host = { proof: loopbackOnly(), spawn: nothing, run: nothing, listening: nothing };
  for (const row of table) {
    await assert.rejects(
      haraka.start(row.plan, host),
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
