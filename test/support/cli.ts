import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../src/cli/main.ts';
import { RecordView } from '../../src/record/attempt-log.ts';
import { readLog } from '../../src/record/log-file.ts';
import type { Summary } from '../../src/report/summary.ts';
import { assertSummary } from './summary-schema.ts';

/** What a command did. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the CLI in this process.
 * @param onStderr sees what has been written to stderr so far; what it returns is called as a Ctrl-C
 */
export async function cli(
  argv: readonly string[],
  onStderr: (text: string, interrupt: () => void) => void = () => {},
): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const handlers: ((signal: 'SIGINT') => void)[] = [];
  const code = await main({
    argv,
    stdout: {
      color: false,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      color: false,
      write: (text) => {
        stderr += text;
        onStderr(stderr, () => {
          for (const handler of handlers) handler('SIGINT');
        });
      },
    },
    onInterrupt: (handler) => void handlers.push(handler),
  });
  return { code, stdout, stderr };
}

/** A folder for a test's files, removed at its end. */
export function workFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a scenario into a folder and returns its path. */
export function scenarioFile(folder: string, text: string, name = 'scenario.yaml'): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The one run in a folder of runs, with its summary, which must be what the published schema says. */
export function onlyRun(out: string): { folder: string; summary: Summary } {
  const runs = readdirSync(out);
  if (runs.length !== 1) throw new Error(`expected one run in ${out}, found ${runs.length}`);
  const folder = join(out, runs[0] as string);
  const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Summary;
  assertSummary(summary);
  return { folder, summary };
}

/** Calls `act` for every record in a log. */
export function eachRecord(path: string, act: (view: RecordView) => void): void {
  for (const block of readLog(path)) {
    const view = new RecordView(block);
    for (view.index = 0; view.index < view.count; view.index++) act(view);
  }
}
