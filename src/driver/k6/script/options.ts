/** k6's options for a run: the scenario's loads, and what the users' scripts ask for besides. Pure. */
import type { ScriptPlan } from '../script-plan.ts';

/** Options as k6 knows them. */
export type ScriptOptions = Readonly<Record<string, unknown>>;

/** setup() waits until all processes of the run are ready, so long at most. */
export const SETUP_TIMEOUT_MINUTES = 15;

/** What the scenario decides: when iterations begin, who does which of them, and that setup() is called. */
const OURS = new Set([
  'scenarios',
  'vus',
  'duration',
  'iterations',
  'stages',
  'executionSegment',
  'executionSegmentSequence',
  'setupTimeout',
  'noSetup',
  'paused',
  'linger',
]);

/** Tags by which samples are told apart when the results are read. */
const NEEDED_TAGS = ['group', 'scenario'];

/**
 * The options of a run.
 * @param users those of the users' scripts
 */
export function scriptOptions(
  plan: ScriptPlan,
  users: readonly (ScriptOptions | undefined)[],
): ScriptOptions {
  const asked: Record<string, unknown> = {};
  for (const options of users) {
    for (const [key, value] of Object.entries(options ?? {})) if (!OURS.has(key)) asked[key] = value;
  }
  const thresholds = allThresholds(users);
  if (Object.keys(thresholds).length > 0) asked.thresholds = thresholds;
  if (Array.isArray(asked.systemTags)) asked.systemTags = [...new Set([...asked.systemTags, ...NEEDED_TAGS])];
  return {
    ...asked,
    scenarios: Object.fromEntries(plan.loads.map(({ name, scenario }) => [name, { ...scenario }])),
    setupTimeout: `${SETUP_TIMEOUT_MINUTES}m`,
  };
}

/** The thresholds of all scripts; those of one metric follow each other. */
export function allThresholds(users: readonly (ScriptOptions | undefined)[]): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const options of users) {
    const { thresholds } = options ?? {};
    if (typeof thresholds !== 'object' || thresholds === null) continue;
    for (const [metric, list] of Object.entries(thresholds)) {
      const before = all[metric];
      all[metric] = Array.isArray(before) && Array.isArray(list) ? [...before, ...list] : list;
    }
  }
  return all;
}
