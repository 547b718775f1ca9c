import type { TestContext } from 'node:test';
import { probeSeal } from '../../src/lab/ground/seal.ts';
import { lacking } from './skip.ts';

/** What is true of this machine once is true for all tests of a file. */
let probed: ReturnType<typeof probeSeal> | undefined;

/** True where a seal can be made; else the test is skipped (or fails, in CI) and says why. */
export async function sealHere(t: TestContext): Promise<boolean> {
  probed ??= probeSeal();
  const probe = await probed;
  if (probe.ok) return true;
  lacking(t, `a seal (${probe.step}: ${probe.reason})`);
  return false;
}
