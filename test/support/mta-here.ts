import type { TestContext } from 'node:test';
import { HarnessError } from '../../src/core/errors.ts';
import { probeSeal } from '../../src/lab/ground/seal.ts';
import type { MtaAdapter } from '../../src/mta/adapter.ts';
import { lacking } from './skip.ts';

/** True where an MTA that needs root can be tested in a seal; else the test is skipped (or fails, in CI) and says why. */
export async function mtaHere(t: TestContext, adapter: MtaAdapter): Promise<boolean> {
  const probe = await probeSeal();
  if (!probe.ok) {
    lacking(t, `a seal (${probe.step}: ${probe.reason})`);
    return false;
  }
  if (probe.privilege !== 'root') {
    lacking(t, 'a seal made by root');
    return false;
  }
  try {
    await adapter.version();
    return true;
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    lacking(t, `${adapter.name} (${error.message}; ${error.hint})`);
    return false;
  }
}
