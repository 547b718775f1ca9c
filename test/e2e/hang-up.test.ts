/** A terminal that is closed during a run: a real one, made by `script`, whose other end goes away. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sleepMs } from '../../src/core/clock.ts';
import { Kind } from '../../src/record/attempt-log.ts';
import { onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { BIN, holds, killMarked, marked } from '../support/flight.ts';
import { lacking } from '../support/skip.ts';

const scenario = 'mta: { adapter: none }\nload: { rate: 100/s, duration: 10m }\n';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleepMs(5);
}

/** Starts a run on a terminal of its own. */
function startOnTerminal(t: TestContext, file: string, out: string, exitCode: string) {
  const mark = `hang-up-${process.pid}`;
  // Of two shells the outer one leads the session, as a login shell does, and its end hangs up on all others. The inner one
  // outlives that, to tell how the run ended.
  const inner = `trap '' HUP; "$NODE" "$BIN" run "$FILE" --out "$OUT" --no-seal; echo $? > "$CODE.part"; mv "$CODE.part" "$CODE"`;
  const command = `sh -c '${inner.replaceAll("'", '"')}'; exit`;
  const terminal = spawn('script', ['-qfec', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      SHELL: '/bin/sh',
      NODE: process.execPath,
      BIN,
      FILE: file,
      OUT: out,
      CODE: exitCode,
      WINDTUNNEL_MARK: mark,
    },
  });
  t.after(() => killMarked(mark));
  let shown = '';
  terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
  });
  return { mark, shown: () => shown, close: () => terminal.kill('SIGKILL') };
}

test('a terminal that is closed in the load leaves a report', { timeout: 60_000 }, async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) return lacking(t, "needs util-linux's script");
  const folder = workFolder(t);
  const [out, exitCode] = [join(folder, 'runs'), join(folder, 'exit-code')];
  const run = startOnTerminal(t, scenarioFile(folder, scenario), out, exitCode);
  await until(() => /\bload .* injected/.test(run.shown()) || existsSync(exitCode));
  assert.ok(!existsSync(exitCode), run.shown());
  const [name = ''] = readdirSync(out);
  await until(() => holds(join(out, name, 'attempts.bin'), Kind.attempt));

  run.close();
  await until(() => existsSync(exitCode));
  assert.equal(readFileSync(exitCode, 'utf8'), '105\n');
  await until(() => marked(run.mark).length === 0);
  const { folder: flown, summary } = onlyRun(out);
  assert.equal(summary.run.interrupted, true);
  assert.equal(summary.verdict.sentence, 'Interrupted; this is what was recorded until then.');
  assert.ok(summary.totals.injectedMessages > 0);
  for (const name of ['report.html', 'junit.xml', 'evidence.ndjson'])
    assert.ok(existsSync(join(flown, name)), name);
});
