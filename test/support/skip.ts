import type { TestContext } from 'node:test';

/** Skips a test that needs something which this machine lacks, and says what; with CI=true it fails instead. */
export function lacking(t: TestContext, what: string): void {
  if (process.env.CI === 'true') throw new Error(`${what}; where CI=true no test is skipped for want of it`);
  t.skip(`skipped: ${what}`);
}
