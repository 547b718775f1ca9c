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
  /** Tells others that keep the same list what it has just remembered. */
  tell: ((sighting: Sighting) => void) | undefined;
}

/** That a triplet was seen. */
export interface Sighting {
  readonly triplet: number;
  /** Whether it is known, and not only waiting. */
  readonly known: boolean;
  readonly at: Micros;
}

/** Nobody was seen. */
export function emptyGreylist(): Greylist {
  return { waiting: new Map(), known: new Map(), pruneAt: PRUNE_AT, tell: undefined };
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
    list.tell?.({ triplet, known: true, at: now });
    return true;
  }
  const first = list.waiting.get(triplet);
  if (first !== undefined && now >= first + delay && now < first + lifetime) {
    list.waiting.delete(triplet);
    list.known.set(triplet, now);
    list.tell?.({ triplet, known: true, at: now });
    return true;
  }
  if (first === undefined || now >= first + lifetime) {
    if (list.waiting.size + list.known.size >= list.pruneAt) prune(list, now - lifetime);
    list.waiting.set(triplet, now);
    list.tell?.({ triplet, known: false, at: now });
  }
  return false;
}

/** Remembers what another process has seen. */
export function learn(
  { lifetime }: { readonly lifetime: Micros },
  list: Greylist,
  { triplet, known, at }: Sighting,
): void {
  if (list.waiting.size + list.known.size >= list.pruneAt) prune(list, at - lifetime);
  if (known) {
    list.waiting.delete(triplet);
    list.known.set(triplet, Math.max(at, list.known.get(triplet) ?? 0));
    return;
  }
  const first = list.waiting.get(triplet);
  // Of two first times the earlier one counts, unless it is so old that it was forgotten.
  if (first === undefined || at < first || at >= first + lifetime) list.waiting.set(triplet, at);
}

function prune(list: Greylist, before: Micros): void {
  for (const map of [list.waiting, list.known])
    for (const [triplet, at] of map) if (at <= before) map.delete(triplet);
  list.pruneAt = Math.max(PRUNE_AT, (list.waiting.size + list.known.size) * 2);
}
