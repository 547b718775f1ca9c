/** Programs that tests have for k6: the stand-in, and k6 itself where it is. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * Writes the stand-in as a program named `k6`, and returns its path. It is gone at the end of the test.
 * @param version what it says of itself
 */
export function standInK6(t: TestContext, version = '2.3.0'): string {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-k6-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = fileURLToPath(new URL('./program.js', import.meta.url));
  const path = join(folder, 'k6');
  writeFileSync(
    path,
    `#!/bin/sh\nSTAND_IN_VERSION='${version}' exec '${process.execPath}' --experimental-vm-modules --no-warnings '${program}' "$@"\n`,
    { mode: 0o755 },
  );
  return path;
}

/** The real k6: `K6_BIN`, or the one on PATH; undefined if there is none. */
export function realK6(): string | undefined {
  const { K6_BIN, PATH = '' } = process.env;
  const places = K6_BIN ? [K6_BIN] : PATH.split(':').map((folder) => join(folder, 'k6'));
  return places.find((path) => existsSync(path) && spawnSync(path, ['version']).status === 0);
}

/**
 * Runs a test with each k6 that there is: always with the stand-in, and with the real one. Where that is not, its subtest is
 * skipped, also with CI=true: k6's licence keeps some from having it, so a missing one is never a failure.
 */
export async function withEachK6(
  t: TestContext,
  act: (t: TestContext, k6: { readonly path: string; readonly real: boolean }) => Promise<void>,
): Promise<void> {
  await t.test('by the stand-in', { concurrency: 2 }, (t) => act(t, { path: standInK6(t), real: false }));
  await t.test('by k6', { concurrency: 2 }, (t) => {
    const path = realK6();
    if (path === undefined) return t.skip('skipped: k6 not found');
    return act(t, { path, real: true });
  });
}
