/** Runs k6, or its stand-in, as a test's child, and reads its stream. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { workFolder } from '../cli.ts';

/** A line of type Point. */
export interface K6Point {
  readonly metric: string;
  readonly data: {
    readonly time: string;
    readonly value: number;
    readonly tags: Readonly<Record<string, string>>;
    readonly metadata?: Readonly<Record<string, string>>;
  };
}

/** What a run of k6 left. */
export interface K6Result {
  readonly code: number;
  readonly stderr: string;
  /** Lines of its stream, and of what else it prints. */
  readonly lines: readonly string[];
  /** The samples of a metric. */
  points(metric: string): K6Point[];
  /** Their sum. */
  sum(metric: string): number;
}

/** A run. */
export interface K6Call {
  /** Files by name. `main.js` is run, or `main.ts` if there is one. */
  readonly files: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Sees its stream as it comes. */
  onLine?(line: string, child: { interrupt(): void }): void;
}

/** Runs k6 on a script. */
export async function runK6(
  t: TestContext,
  program: string,
  call: K6Call,
): Promise<K6Result & { folder: string }> {
  const folder = workFolder(t);
  for (const [name, text] of Object.entries(call.files)) writeFileSync(join(folder, name), text);
  const main = 'main.ts' in call.files ? 'main.ts' : 'main.js';
  const always = ['--quiet', '--no-usage-report', '--address', '', '--out', 'json=-'];
  const child = spawn(program, ['run', ...always, ...(call.args ?? []), main], {
    cwd: folder,
    env: { ...process.env, K6_AUTO_EXTENSION_RESOLUTION: 'false', ...call.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let stderr = '';
  const lines: string[] = [];
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      call.onLine?.(line, { interrupt: () => child.kill('SIGINT') });
    }
  });
  const code = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const points = lines
    .filter((line) => line.startsWith('{"metric":'))
    .map((line) => JSON.parse(line) as K6Point);
  const of = (metric: string) => points.filter((point) => point.metric === metric);
  return {
    folder,
    code,
    stderr,
    lines,
    points: of,
    sum: (metric) => of(metric).reduce((sum, { data }) => sum + data.value, 0),
  };
}

/** A server that scripts post to: it keeps the bodies, and answers what `answer` says. */
export async function postBox(
  t: TestContext,
  answer: (body: string) => number | undefined = () => 200,
): Promise<{ readonly url: string; readonly bodies: readonly string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      bodies.push(body);
      const status = answer(body);
      // Without a status it never answers.
      if (status !== undefined)
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"fine":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies };
}
