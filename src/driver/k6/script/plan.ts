/// <reference types="k6" />
/**
 * The plan, as k6 reads it when it loads the script for a virtual user: `open()` is there in the init context alone, and
 * takes an absolute path as well as what `import.meta.resolve` gives (k6 documentation, "open" and "import.meta.resolve").
 */
import { keyedChance } from '../../../core/chance.ts';
import type { ScriptLoad, ScriptPlan } from '../script-plan.ts';
import { createScriptMessages, type ScriptFactory } from './message.ts';

/** The plan of this process. Without WINDTUNNEL_PLAN it lies beside this file, as where it was exported to. */
export const plan = JSON.parse(
  open(__ENV.WINDTUNNEL_PLAN || import.meta.resolve('./plan.json')),
) as ScriptPlan;

/** A load with what makes its messages. */
export interface ReadyLoad extends ScriptLoad {
  readonly factory: ScriptFactory;
}

const chance = keyedChance(plan.chance);

/** The loads, by the names of their scenarios. */
export const loads: ReadonlyMap<string, ReadyLoad> = new Map(
  plan.loads.map((load) => [load.name, { ...load, factory: createScriptMessages(load, chance) }]),
);
