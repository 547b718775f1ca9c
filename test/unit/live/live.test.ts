import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { serveLive } from '../../../src/live/live.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

function options(t: TestContext, port = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-live-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { port, folder, run: { scenario: 'my scenario', question: '' } };
}

test('the page is served from a thread, which ends with it', async (t) => {
  const broken: string[] = [];
  const live = await serveLive(options(t), (why) => broken.push(why));
  const events = (await fetch(`${live.url}events`)).text();
  assert.match(await (await fetch(live.url)).text(), /<h1>my scenario<\/h1>/);
  await live.fail('no seal');
  assert.match(await events, /<p class=\\"sentence\\">no seal<\/p>/);
  await assert.rejects(fetch(live.url));
  await live.end({ summary: summaryFixture().summary, report: undefined });
  assert.deepEqual(broken, []);
});

test('a mistake is told as where there is no thread', async (t) => {
  const live = await serveLive(options(t), assert.fail);
  await assert.rejects(
    serveLive(options(t, Number(new URL(live.url).port)), assert.fail),
    (error) =>
      error instanceof HarnessError &&
      error.kind === 'usage' &&
      /can't serve the live page: .*EADDRINUSE/.test(error.message) &&
      error.hint === '--ui without a port takes a free one',
  );
  await live.fail('');
});
