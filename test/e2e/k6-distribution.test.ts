import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { K6Verdict } from '../../src/report/k6-verdict.ts';
import { cli, scenarioFile, workFolder } from '../support/cli.ts';
import { withEachK6 } from '../support/k6/stand-in.ts';

// No rate: a machine that is busy would drop some.
const SCENARIO = `
mta: { adapter: haraka }
load: { engine: k6, api: kumomta, script: ./mine.ts, vus: 3, iterations: 30 }
thresholds:
  http_req_failed: rate==0
  iterations: count==30
  dropped_iterations: count==0
`;

const SCRIPT = `
import http from 'k6/http';
import { check } from 'k6';
windtunnel.number(http);
export const options = { thresholds: { checks: ['rate==1'], 'http_reqs{status:200}': ['count==30'] } };
export default function () {
  const mail = { envelope_sender: 'a@b.test', recipients: [{ email: 'x@y.test' }], content: 'Subject: x\\r\\n\\r\\nHello\\r\\n' };
  const answer = http.post('URL/api/inject/v1', JSON.stringify(mail));
  check(answer, { taken: (answer) => answer.status === 200 });
}
`;

/** An MTA's HTTP door that takes everything, and the recipients that it took. */
async function door(t: TestContext): Promise<{ url: string; recipients: string[] }> {
  const recipients: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { recipients: to } = JSON.parse(body) as { recipients: { email: string }[] };
      recipients.push(...to.map(({ email }) => email));
      const answer = { success_count: to.length, fail_count: 0, failed_recipients: [], errors: [] };
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, recipients };
}

/** What came of an export that so many k6 processes carried out, by the commands that it printed. */
async function carriedOut(
  t: TestContext,
  k6: string,
  segments: number,
): Promise<{ verdict: K6Verdict; recipients: string[] }> {
  const folder = workFolder(t);
  const { url, recipients } = await door(t);
  const file = scenarioFile(folder, SCENARIO);
  writeFileSync(join(folder, 'mine.ts'), SCRIPT.replace('URL', url));
  const out = join(folder, 'out');
  const exported = await cli(['k6', 'export', file, '-o', out, '--url', url, '--segments', String(segments)]);
  assert.equal(exported.code, 0, exported.stderr);
  const commands = exported.stdout.split('\n').filter((line) => line.startsWith('k6 run '));
  assert.equal(commands.length, segments);
  const streams = await Promise.all(
    commands.map(async (command, index) => {
      const stream = join(folder, `${index}.json.gz`);
      const args = command.split(' ').slice(1, -1);
      const at = args.indexOf('--out') + 1;
      const child = spawn(
        k6,
        [...args.map((arg, i) => (i === at ? `json=${stream}` : arg)), join(out, 'script.js')],
        {
          cwd: folder,
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      const [code] = await once(child, 'close');
      assert.equal(code, 0, said);
      return stream;
    }),
  );
  const gated = await cli(['k6', 'gate', file, ...streams, '--json']);
  const verdict = JSON.parse(gated.stdout) as K6Verdict;
  assert.equal(gated.code, verdict.verdict.exitCode);
  return { verdict, recipients };
}

test('three k6 processes on their segments inject what one does, no recipient twice, with one verdict', async (t) => {
  await withEachK6(t, async (t, { path }) => {
    const one = await carriedOut(t, path, 1);
    const three = await carriedOut(t, path, 3);
    assert.deepEqual([...three.recipients].sort(), [...one.recipients].sort());
    assert.equal(new Set(three.recipients).size, 30);
    assert.deepEqual([one.verdict.streams, three.verdict.streams], [1, 3]);
    const messages = { planned: 30, confirmed: 30, refused: 0, unconfirmed: 0, twice: 0, missing: 0 };
    for (const { verdict } of [one, three]) {
      assert.deepEqual(verdict.messages, messages);
      assert.deepEqual(
        verdict.thresholds.map(({ metric, passed, actual, k6 }) => [metric, passed, actual, k6]),
        [
          ['http_req_failed', true, 0, 'scenario'],
          ['iterations', true, 30, 'scenario'],
          ['dropped_iterations', true, 0, 'scenario'],
          ['checks', true, 1, 'script'],
          ['http_reqs{status:200}', true, 30, 'script'],
        ],
      );
      assert.deepEqual(verdict.verdict, { passed: true, exitCode: 0, sentence: 'All 5 thresholds hold.' });
    }
  });
});
