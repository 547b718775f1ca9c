/** The k6 program of this machine. */
import { resolve } from 'node:path';
import { environment } from '../../core/process.ts';
import { findK6, type K6Program } from '../../driver/k6/binary.ts';
import { locate } from '../../mta/packages/locate.ts';
import type { Plan } from '../../scenario/plan.ts';

/**
 * The k6 that is to carry out a plan's loads; undefined if none is for it.
 * @param wished as `--k6-bin` names it
 * @throws HarnessError of kind `lab` if there is none that can be used
 */
export async function k6For(
  { loads }: Pick<Plan, 'loads'>,
  wished: string | undefined,
): Promise<K6Program | undefined> {
  if (!loads.some(({ k6 }) => k6)) return undefined;
  const { path, version } = await findK6({ wished, environment: environment(), onPath: locate(['k6']) });
  // The lab may be elsewhere when it starts it. A bare name is looked up in PATH, as a shell does.
  return { path: path.includes('/') ? resolve(path) : path, version };
}
