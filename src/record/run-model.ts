/** What the records of a run are read by: which messages belong to which load, and how moments are grouped. */
import type { Micros } from '../core/clock.ts';
import { NONE16 } from './attempt-log.ts';

/** One load: a range of message numbers, and of recipient numbers. */
export interface LoadModel {
  readonly name: string;
  readonly firstMessage: number;
  /** Messages at most. */
  readonly messages: number;
  readonly recipientsPerMessage: number;
  /** Number of the first message's first recipient. */
  readonly firstRecipient: number;
  /**
   * So many messages go to different mailboxes, then these are written to again, so that an address alone does not tell the
   * recipient. Absent: they are not.
   */
  readonly repeatAfter?: number;
  /** The ISP (index) of a message's recipient. */
  ispOf(message: number, slot: number): number;
}

/** What the aggregate must know of the plan. */
export interface RunModel {
  /** In the order of their message numbers. */
  readonly loads: readonly LoadModel[];
  /** The virtual MTA of each source, by number; absent: each source is its own. */
  readonly vmtas?: readonly number[];
  /** The phase of a moment, or undefined outside the load. */
  phaseOf(at: Micros): string | undefined;
}

/** The load that a message belongs to, undefined if it was never planned. */
export function loadOfMessage<L extends Pick<LoadModel, 'firstMessage' | 'messages'>>(
  loads: readonly L[],
  message: number,
): L | undefined {
  for (const load of loads) if (message < load.firstMessage + load.messages) return load;
  return undefined;
}

/**
 * Calls `act` with the number of each recipient that a record names. `slot` NONE16: all recipients of the message, or
 * those at `isp` if that is given.
 * @returns false if the message or the slot was never planned
 */
export function eachRecipient(
  loads: readonly LoadModel[],
  message: number,
  slot: number,
  isp: number | undefined,
  act: (recipient: number) => void,
): boolean {
  const load = loadOfMessage(loads, message);
  if (!load || (slot !== NONE16 && slot >= load.recipientsPerMessage)) return false;
  const first = load.firstRecipient + (message - load.firstMessage) * load.recipientsPerMessage;
  if (slot !== NONE16) act(first + slot);
  else
    for (let s = 0; s < load.recipientsPerMessage; s++)
      if (isp === undefined || load.ispOf(message, s) === isp) act(first + s);
  return true;
}

/** Load, message and slot of a recipient's number; undefined if it was never planned. */
export function placeOfRecipient(
  loads: readonly LoadModel[],
  recipient: number,
): { readonly load: LoadModel; readonly message: number; readonly slot: number } | undefined {
  const load = loads.find((l) => recipient < l.firstRecipient + l.messages * l.recipientsPerMessage);
  if (!load) return undefined;
  const n = recipient - load.firstRecipient;
  const slot = n % load.recipientsPerMessage;
  return { load, message: load.firstMessage + (n - slot) / load.recipientsPerMessage, slot };
}
