import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import type { PageChange } from '../../../src/live/page-change.ts';
import { type LiveServer, startServer } from '../../../src/live/server.ts';
import { summaryFixture } from '../../support/summary-fixture.ts';

async function serve(t: TestContext, port = 0): Promise<LiveServer> {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-live-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const server = await startServer({ port, folder, run: { scenario: 'my scenario', question: 'Why?' } });
  t.after(() => server.fail(''));
  return server;
}

/** The status and body of an answer to a request that names a host. */
function asking(url: string, host: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    }).on('error', reject);
  });
}

test('the page of a run that is starting asks its own server alone', async (t) => {
  const { url } = await serve(t);
  const response = await fetch(url);
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const page = await response.text();
  assert.match(
    page,
    /<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; [^"]*; connect-src &#39;self&#39;">/,
  );
  assert.match(page, /Starting/);
  assert.match(page, /<h1>my scenario<\/h1>/);
  assert.match(page, /new EventSource\('events'\)/);
  assert.equal((await fetch(`${url}favicon.ico`)).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 404);
});

test('who comes by another name is refused, whatever it asks for', async (t) => {
  const { url } = await serve(t);
  const { port } = new URL(url);
  const cases: [host: string, status: number][] = [
    [`127.0.0.1:${port}`, 200],
    [`localhost:${port}`, 200],
    [`evil.example:${port}`, 403],
    ['evil.example', 403],
    [`127.0.0.1.evil.example:${port}`, 403],
    ['127.0.0.1:80:80', 403],
  ];
  for (const [host, status] of cases) {
    assert.equal((await asking(url, host)).status, status, host);
    assert.equal((await asking(`${url}metrics`, host)).status, status, host);
  }
  const { status, body } = await asking(`${url}events`, 'evil.example');
  assert.deepEqual([status, body], [403, 'windtunnel serves 127.0.0.1 alone, not "evil.example"\n']);
});

test('who looks on is told how things stand, and why there will be no report', async (t) => {
  const server = await serve(t);
  const response = await fetch(`${server.url}events`);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const body = response.text();
  await server.fail('the lab could not start: <no> seal');
  const changes = (await body)
    .trimEnd()
    .split('\n\n')
    .map((event) => JSON.parse(event.replace(/^data: /, '')) as PageChange);
  assert.deepEqual(
    changes.map(({ final, order }) => [final, order]),
    [
      [false, ['sections', 'head']],
      [true, ['sections', 'head']],
    ],
  );
  assert.match(changes[0]?.parts.head ?? '', /Starting/);
  assert.match(changes[1]?.parts.head ?? '', /the lab could not start: &lt;no&gt; seal/);
  await assert.rejects(fetch(server.url));
});

test('a run without records ends with the reason in place of a report', async (t) => {
  const server = await serve(t);
  const body = (await fetch(`${server.url}events`)).text();
  await server.end({ summary: summaryFixture().summary, report: 'report.html' });
  assert.match(await body, /is not the folder of a run/);
});

test('a port that is taken is a mistake of usage', async (t) => {
  const { url } = await serve(t);
  await assert.rejects(
    serve(t, Number(new URL(url).port)),
    (error) =>
      error instanceof HarnessError &&
      error.kind === 'usage' &&
      /can't serve the live page: .*EADDRINUSE/.test(error.message),
  );
});
