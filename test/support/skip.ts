import type { TestContext } from 'node:test';

/** Skips a test that needs something which this machine lacks, and says what; with CI=true it fails instead. */
export function lacking(t: TestContext, what: string): void {
  if (process.env.CI === 'true') throw new Error(`${what} is needed where CI=true`);
  t.skip(`skipped: ${what}`);
}
