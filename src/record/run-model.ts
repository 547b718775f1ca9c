/** What the records of a run are read by: which messages belong to which load, and how moments are grouped. */
import type { Micros } from '../core/clock.ts';

/** One load: a range of message numbers, and of recipient numbers. */
export interface LoadModel {
  readonly name: string;
  readonly firstMessage: number;
  /** Messages at most. */
  readonly messages: number;
  readonly recipientsPerMessage: number;
  /** Number of the first message's first recipient. */
  readonly firstRecipient: number;
  /** The ISP (index) of a message's recipient. */
  ispOf(message: number, slot: number): number;
}

/** What the aggregate must know of the plan. */
export interface RunModel {
  /** In the order of their message numbers. */
  readonly loads: readonly LoadModel[];
  /** The phase of a moment, or undefined outside the load. */
  phaseOf(at: Micros): string | undefined;
}

/** The load that a message belongs to, undefined if it was never planned. */
export function loadOfMessage(loads: readonly LoadModel[], message: number): LoadModel | undefined {
  for (const load of loads) if (message < load.firstMessage + load.messages) return load;
  return undefined;
}
