/**
 * Greylisting (RFC 6647): whoever is seen for the first time, told by network, sender and recipient, is asked to come
 * again after a delay; whoever does is known for a lifetime.
 */
import type { Micros } from '../../src/core/clock.ts';
import { PRUNE_AT } from './tables.ts';

/** What a greylist remembers, by the hash of a triplet. */
export interface Greylist {
  /** When those that have not come again were first seen. */
  readonly waiting: Map<number, Micros>;
  /** When those that are known were last seen. */
  readonly known: Map<number, Micros>;
  pruneAt: number;
}

/** Nobody was seen. */
export function emptyGreylist(): Greylist {
  return { waiting: new Map(), known: new Map(), pruneAt: PRUNE_AT };
}

/** What tells a triplet. Numbers in the sender's local part differ from message to message (VERP) and don't count. */
export function tripletOf(netblock: string, sender: string, recipient: string): string {
  return `${netblock} ${sender.replace(/\d+(?=.*@)/g, '#')} ${recipient}`.toLowerCase();
}

/** Whether a triplet may pass at `now`. Remembers it. */
export function passes(
  { delay, lifetime }: { readonly delay: Micros; readonly lifetime: Micros },
  list: Greylist,
  triplet: number,
  now: Micros,
): boolean {
  const seen = list.known.get(triplet);
  if (seen !== undefined && now < seen + lifetime) {
    list.known.set(triplet, now);
    return true;
  }
  const first = list.waiting.get(triplet);
  if (first !== undefined && now >= first + delay && now < first + lifetime) {
    list.waiting.delete(triplet);
    list.known.set(triplet, now);
    return true;
  }
  if (first === undefined || now >= first + lifetime) {
    if (list.waiting.size + list.known.size >= list.pruneAt) prune(list, now - lifetime);
    list.waiting.set(triplet, now);
  }
  return false;
}

function prune(list: Greylist, before: Micros): void {
  for (const map of [list.waiting, list.known])
    for (const [triplet, at] of map) if (at <= before) map.delete(triplet);
  list.pruneAt = Math.max(PRUNE_AT, (list.waiting.size + list.known.size) * 2);
}
