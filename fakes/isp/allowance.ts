/** What an ISP would let through now: the line against which a sender's pace is judged. */
import type { Micros } from '../../src/core/clock.ts';
import { ruleNow, sustainedRate } from './limits.ts';
import { type IspState, type LimitTable, segmentsFor } from './policy.ts';
import type { LimitKey } from './profile.ts';

/**
 * Messages a second that this source may send now in the long run, by the rate rules that count for it alone: Infinity
 * if there are none, 0 while it is blocked. Rules on recipients are taken as if each message had one.
 */
export function sustained(state: IspState, source: number, now: Micros): number {
  let least = Number.POSITIVE_INFINITY;
  for (const table of state.tables) {
    if (table.limit.key !== 'source' || !limitsMessages(table)) continue;
    least = Math.min(least, rateOf(state, table, source, source, now));
  }
  return least;
}

/** Messages a second that the ISP may take from all these sources together: shared rules included. */
export function allowance(state: IspState, sources: readonly number[], now: Micros): number {
  const byNetblock = new Map<number | undefined, number>();
  for (const source of sources) {
    const block = state.netblockOf.get(source);
    byNetblock.set(block, (byNetblock.get(block) ?? 0) + sustained(state, source, now));
  }
  let sum = 0;
  for (const [block, wanted] of byNetblock) {
    // A source that never connected is in a network of its own as far as is known.
    sum += block === undefined ? wanted : Math.min(wanted, leastRate(state, 'netblock', [block], now));
  }
  return Math.min(
    sum,
    leastRate(state, 'sender-domain', [...state.senderDomains], now),
    leastRate(state, 'isp', [0], now),
  );
}

/** The least of the rate rules of a kind of key, each summed over the keys; Infinity where there is none. */
function leastRate(state: IspState, kind: LimitKey, keys: readonly (string | number)[], now: Micros): number {
  let least = Number.POSITIVE_INFINITY;
  if (keys.length === 0) return least;
  for (const table of state.tables) {
    if (table.limit.key !== kind || !limitsMessages(table)) continue;
    least = Math.min(
      least,
      keys.reduce<number>((sum, key) => sum + rateOf(state, table, key, undefined, now), 0),
    );
  }
  return least;
}

function limitsMessages({ limit }: LimitTable): boolean {
  return limit.unit === 'transactions' || limit.unit === 'recipients';
}

function rateOf(
  state: IspState,
  table: LimitTable,
  key: string | number,
  source: number | undefined,
  now: Micros,
): number {
  const rule = ruleNow(segmentsFor(table.limit, source), now, state.loadStart);
  return sustainedRate(rule, table.accounts.get(key), now, state.loadStart);
}
