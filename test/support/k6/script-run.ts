/** Runs the script of a plan by k6, against a front door that keeps what it is given. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { HttpApi } from '../../../src/core/http-injection.ts';
import { PLAN_VARIABLE, writeScript } from '../../../src/driver/k6/prepare.ts';
import {
  INJECTION_METADATA,
  INJECTION_METRIC,
  type InjectionNote,
  noteOf,
  type ReadyNote,
} from '../../../src/driver/k6/script-plan.ts';
import type { LoadPlan } from '../../../src/driver/load.ts';
import { k6Plan } from './plan.ts';

/** A request as the front door had it. */
export interface DoorRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** What a k6 process left. */
export interface ScriptRun {
  readonly code: number | null;
  /** In the order of the messages' numbers; those of one message in the order in which they came. */
  readonly notes: readonly InjectionNote[];
  readonly requests: readonly DoorRequest[];
  readonly ready: ReadyNote | undefined;
  /** Standard error: log lines and the summary's words. */
  readonly log: string;
  /** The folder of the users' scripts. */
  readonly scripts: string;
  /** The folder in which k6 was started, with its plan. */
  readonly folder: string;
}

/** How a run differs from one of windtunnel's own script against a KumoMTA that takes everything. */
export interface RunChanges {
  readonly api?: HttpApi;
  readonly key?: string;
  /** Files of a user, by name; the loads' scripts are among them, named alike. */
  readonly files?: Readonly<Record<string, string>>;
  /** Status and body that the door answers the request of this number with. */
  answer?(request: DoorRequest, number: number): readonly [status: number, body: unknown];
}

/** Runs loads by the k6 at `program`. */
export async function runScript(
  t: TestContext,
  program: string,
  loads: readonly LoadPlan[],
  { api = 'kumomta', key, files = {}, answer = taken }: RunChanges = {},
): Promise<ScriptRun> {
  const base = mkdtempSync(join(tmpdir(), 'windtunnel-script-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const [scripts, folder] = [join(base, "user's folder"), join(base, 'run')];
  for (const path of [scripts, folder]) mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(scripts, name), content);

  const requests: DoorRequest[] = [];
  let ready: ReadyNote | undefined;
  async function answered(request: IncomingMessage): Promise<readonly [status: number, body: unknown]> {
    const content = await text(request);
    const path = request.url ?? '';
    if (path === '/ready') {
      ready = JSON.parse(content);
      return [200, { startAtMs: 0 }];
    }
    const body = content === '' ? undefined : JSON.parse(content);
    const had = { path, headers: request.headers, body };
    return answer(had, requests.push(had) - 1);
  }
  const door = createServer((request, response) => {
    void answered(request).then(([status, body]) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  t.after(() => {
    door.closeAllConnections();
    door.close();
  });
  await once(door, 'listening');
  const { port } = door.address() as AddressInfo;

  const placed = loads.map((load): LoadPlan => {
    const script = load.k6?.script;
    return load.k6 && script !== undefined
      ? { ...load, k6: { ...load.k6, script: join(scripts, script) } }
      : load;
  });
  const endpoint = { address: '127.0.0.1', port, api, ...(key !== undefined && { key }) };
  const { script, plan } = await writeScript(
    k6Plan(placed, { folder, endpoint }),
    `http://127.0.0.1:${port}/ready`,
  );
  const args = ['run', '--quiet', '--no-usage-report', '--no-thresholds', '--out', 'json=-'];
  const k6 = spawn(program, [...args, '--env', `${PLAN_VARIABLE}=${plan}`, script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stream, log, [code]] = await Promise.all([text(k6.stdout), text(k6.stderr), once(k6, 'close')]);
  return { code, notes: notesIn(stream), requests, ready, log, scripts, folder };
}

/** The answer of a KumoMTA or SparkPost that takes every recipient. */
function taken({ path, body }: DoorRequest): readonly [status: number, body: unknown] {
  const { recipients } = body as { recipients: readonly unknown[] };
  if (path.startsWith('/api/inject/v1'))
    return [200, { success_count: recipients.length, fail_count: 0, failed_recipients: [], errors: [] }];
  const results = {
    total_accepted_recipients: recipients.length,
    total_rejected_recipients: 0,
    id: '1',
  };
  return [200, { results }];
}

/** Every line of the stream is JSON: what a script writes to standard output must not get into it. */
function notesIn(stream: string): InjectionNote[] {
  const notes = stream
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ metric, type }) => metric === INJECTION_METRIC && type === 'Point')
    .map(({ data }) => noteOf(data.metadata[INJECTION_METADATA]) as InjectionNote);
  return notes.sort((a, b) => a.message - b.message);
}
