import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chanceKey } from '../../../../src/core/prng.ts';
import { modulePath, wrapper, writeScript } from '../../../../src/driver/k6/prepare.ts';
import { type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import { k6Plan } from '../../../support/k6/plan.ts';

const SHAPE = { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: 1e6 } as const;
const load = (changes: Partial<LoadPlan> = {}): LoadPlan => plainLoad(SHAPE, 10, changes);
const byScript = (script: string, exec?: string): Partial<LoadPlan> => ({
  k6: { api: 'kumomta', script, exec },
});

test('what k6 needs of a load stands in its plan, which others may not read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-prepare-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const one = load({ name: 'one', pause: 1.5e6, timeoutMs: 7000 });
  const files = await writeScript(
    k6Plan([one], {
      folder,
      seed: 7,
      endpoint: { address: '::1', port: 8000, api: 'sparkpost', key: 'secret' },
    }),
    'http://127.0.0.1:9/ready',
  );
  assert.deepEqual(files, { script: modulePath('script.js'), plan: join(folder, 'plan.json') });
  assert.equal(statSync(files.plan).mode & 0o777, 0o600);
  const { loads, ...plan } = JSON.parse(readFileSync(files.plan, 'utf8'));
  assert.deepEqual(plan, {
    chance: chanceKey(7),
    url: 'http://[::1]:8000',
    api: 'sparkpost',
    key: 'secret',
    control: 'http://127.0.0.1:9/ready',
    summary: join(folder, 'k6-summary.json'),
  });
  const { recipients, messages, ...rest } = loads[0];
  assert.deepEqual(rest, {
    name: 'one',
    scenario: {
      executor: 'per-vu-iterations',
      vus: 1,
      iterations: 1,
      maxDuration: '1000ms',
      gracefulStop: '30000ms',
    },
    firstMessage: 0,
    count: 10,
    pauseSeconds: 1.5,
    timeoutMs: 7000,
  });
  assert.equal(recipients.perMessage, 1);
  assert.deepEqual(messages.senders, ['news.sender.test']);
});

test("users' scripts are run by one that imports them, each once", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-prepare-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const loads = [
    load({ name: 'a', ...byScript('/home/me/my scripts/a.ts') }),
    load({ name: 'b' }),
    load({ name: 'c', ...byScript('/home/me/my scripts/c.js', 'receipts') }),
    load({ name: 'd', ...byScript('/home/me/my scripts/a.ts', 'other') }),
  ];
  const { script, plan } = await writeScript(k6Plan(loads, { folder }), undefined);
  assert.equal(script, join(folder, 'k6-script.js'));
  const assembly = `file://${modulePath('user-scripts.js')}`;
  assert.equal(
    readFileSync(script, 'utf8'),
    wrapper(assembly, ['file:///home/me/my%20scripts/a.ts', 'file:///home/me/my%20scripts/c.js']),
  );
  const { base, control, loads: planned } = JSON.parse(readFileSync(plan, 'utf8'));
  assert.deepEqual([base, control], ['/home/me/my scripts', undefined]);
  assert.deepEqual(
    planned.map(({ script, exec }: { script?: number; exec?: string }) => [script, exec]),
    [
      [0, undefined],
      [undefined, undefined],
      [1, 'receipts'],
      [0, 'other'],
    ],
  );
});
