/** What an ISP thinks of its senders, as numbers. Looking changes nothing. */
import type { Micros } from '../../src/core/clock.ts';
import type { StandingKey } from './limit-words.ts';
import { scoreAt } from './reputation.ts';
import type { ResolvedReputation, ResolvedTier } from './resolved-isp.ts';
import type { IspState } from './state.ts';

/** What an ISP thinks of its senders at a moment; nobody is in it where the ISP keeps no such number. */
export interface Scores {
  /** By the source's index: those that have connected. */
  readonly sources: ReadonlyMap<number, number>;
  /** By domain: those of senders or signers that it knows something of; of both numbers of a domain the worse one. */
  readonly domains: ReadonlyMap<string, number>;
}

/** In words: `good` above all tiers, `fair` in the best one, `poor` below, `bad` where everything is refused (assumed). */
export type Esteem = 'good' | 'fair' | 'poor' | 'bad';

const DOMAIN_KEYS = ['sender-domain', 'dkim-domain'] as const satisfies readonly StandingKey[];

/** The numbers at the moment `now`. Numbers have two decimals. */
export function scoresOf(state: IspState, now: Micros): Scores {
  const { reputation, known } = state.standings.source;
  const sources = new Map<number, number>();
  if (reputation) {
    for (const [source, { client }] of state.clients) {
      const standing = known.get(client);
      sources.set(
        source,
        rounded(standing ? scoreAt(reputation, standing.reputation, now) : reputation.best),
      );
    }
  }
  const domains = new Map<string, number>();
  for (const kind of DOMAIN_KEYS) {
    const { reputation, known } = state.standings[kind];
    if (!reputation) continue;
    for (const [domain, standing] of known) {
      const score = rounded(scoreAt(reputation, standing.reputation, now));
      domains.set(domain, Math.min(domains.get(domain) ?? Number.POSITIVE_INFINITY, score));
    }
  }
  return { sources, domains };
}

/** A number in words. */
export function esteemOf({ tiers }: Pick<ResolvedReputation, 'tiers'>, score: number): Esteem {
  const index = tiers.findIndex(({ below }) => score < below);
  if (index < 0) return 'good';
  if ((tiers[index] as ResolvedTier).factor === 0) return 'bad';
  return index === tiers.length - 1 ? 'fair' : 'poor';
}

function rounded(score: number): number {
  return Math.round(score * 100) / 100;
}
