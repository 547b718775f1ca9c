/** From what an ISP may take from each source and under each rule that several share to what it may take in all. */
import type { StandingKey } from './limit-words.ts';
import type { IspState } from './state.ts';

/** What may be taken. */
export interface Shares {
  /** From each of the sources, by the rules that count for it alone. */
  readonly each: readonly number[];
  /** By the rules of one netblock or one domain. */
  ofKey(kind: Exclude<StandingKey, 'source'>, key: string): number;
  /** By the rules of the ISP as a whole. */
  ofIsp(): number;
}

/**
 * The most that may be taken from these sources together: what each may send, within what its netblock may, within
 * what all domains may that the ISP has heard of, within what the ISP takes at all. Costs a look at every source.
 */
export function inAll(state: IspState, sources: readonly number[], { each, ofKey, ofIsp }: Shares): number {
  const clients = new Map<string, { readonly netblock: string; may: number }>();
  let sum = 0;
  for (let i = 0; i < sources.length; i++) {
    const may = each[i] as number;
    const seen = state.clients.get(sources[i] as number);
    // A source that never connected is a client in a network of its own as far as is known.
    if (!seen) sum += may;
    else {
      // Sources that count as one client may together what one of them may; an incident can hold up one alone.
      const client = clients.get(seen.client);
      if (client) client.may = Math.max(client.may, may);
      else clients.set(seen.client, { netblock: seen.netblock, may });
    }
  }
  const netblocks = new Map<string, number>();
  for (const { netblock, may } of clients.values())
    netblocks.set(netblock, (netblocks.get(netblock) ?? 0) + may);
  for (const [netblock, may] of netblocks) sum += Math.min(may, ofKey('netblock', netblock));
  return Math.min(sum, ofDomains('sender-domain'), ofDomains('dkim-domain'), ofIsp());

  /** Infinity where it has heard of none. */
  function ofDomains(kind: 'sender-domain' | 'dkim-domain'): number {
    const domains = new Set(state.standings[kind].known.keys());
    for (const { limit, accounts } of state.tables)
      if (limit.key === kind) for (const key of accounts.keys()) domains.add(String(key));
    if (domains.size === 0) return Number.POSITIVE_INFINITY;
    let may = 0;
    for (const domain of domains) may += ofKey(kind, domain);
    return may;
  }
}
