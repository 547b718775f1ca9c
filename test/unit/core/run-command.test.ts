import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeBinary, runCommand } from '../../../src/core/process.ts';

/** Timers that keep this process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

test('how a command ended, and that nothing of it is left', async () => {
  const wait = 'setInterval(() => {}, 1000)';
  type Options = Parameters<typeof runCommand>[1];
  const rows: [argv: string[], options: Options, code: number, stdout: string, stderr: RegExp][] = [
    [[nodeBinary, '-e', 'process.stdin.pipe(process.stdout)'], { input: 'x', timeout: 60_000 }, 0, 'x', /^$/],
    [[nodeBinary, '-e', 'console.error("no"); process.exit(3)'], { timeout: 60_000 }, 3, '', /^no\n$/],
    [['/no/such/program'], { timeout: 60_000 }, 127, '', /ENOENT$/],
    [[nodeBinary, '-e', wait], { timeout: 100 }, 128, '', /^SIGTERM$/],
    [[nodeBinary, '-e', wait], { timeout: 100, killSignal: 'SIGKILL' }, 128, '', /^SIGKILL$/],
  ];
  for (const [argv, options, code, stdout, stderr] of rows) {
    const before = timers();
    const result = await runCommand(argv, options);
    assert.deepEqual([result.code, result.stdout], [code, stdout], argv.join(' '));
    assert.match(result.stderr, stderr, argv.join(' '));
    assert.equal(timers(), before, argv.join(' '));
  }
});
