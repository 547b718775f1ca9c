/** The latency of a run: what the profile states and what the scenario says about it. */

import { LATENCY_STAGES, type Latency, type LatencyStage } from './answer-times.ts';
import { unknownName } from './data-file.ts';
import { EXPECTED_TIME, spread } from './latency.ts';
import type { Complain } from './overrides.ts';
import type { IspProfile } from './profile.ts';
import type { Spread } from './spread.ts';

/** What a scenario may say: as the profile states it, or not at all, or times for some stages in its place. */
export type LatencyWish = 'on' | 'off' | Readonly<Record<string, unknown>>;

/** The latency of a run; null: the ISP answers at once, as it does unless a scenario asks for more. */
export function resolveLatency(
  profile: Pick<IspProfile, 'name' | 'engine' | 'latency'>,
  wish: LatencyWish = 'off',
  complain: Complain,
): Latency | null {
  if (wish === 'off') return null;
  if (profile.engine === 'smtp-server')
    complain(
      'latency',
      'the engine smtp-server answers at once; expected engine native in the profile, or off',
    );
  const latency: Partial<Record<LatencyStage, Spread>> = {};
  for (const stage of LATENCY_STAGES) {
    const own = profile.latency?.[stage];
    if (own) latency[stage] = own.time;
  }
  for (const [name, value] of Object.entries(wish === 'on' ? {} : wish)) {
    const stage = LATENCY_STAGES.find((s) => s === name);
    const parsed = spread.safeParse(value);
    if (!stage) complain(`latency.${name}`, unknownName('stage', name, LATENCY_STAGES));
    else if (parsed.success) latency[stage] = parsed.data;
    else complain(`latency.${name}`, `found ${JSON.stringify(value)}; ${EXPECTED_TIME}`);
  }
  if (Object.keys(latency).length === 0)
    complain('latency', `${profile.name} has none in its profile; expected times such as { dot: 20ms }`);
  return latency;
}
