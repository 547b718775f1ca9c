/**
 * Reputation: a number for each key that conduct moves and time heals. It recovers in a straight line, so that the
 * moment at which it leaves a tier is known in advance.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { Conduct } from './profile-schema.ts';
import type { ResolvedReputation, ResolvedTier } from './resolved-isp.ts';

/** What one key is thought of. */
export interface Reputation {
  /** The number as it was at the moment `at`. */
  score: number;
  at: Micros;
  /** Index of the tier; -1: none. */
  tier: number;
  /** When it will have recovered from the tier, if nothing happens. */
  recovers: Micros;
  /** Messages accepted since `opened`, and in the window before; undefined: there was none. */
  opened: Micros;
  accepted: number;
  before: number | undefined;
  /** Whether this window's volume was held against it. */
  spiked: boolean;
  /** Points that complaints would have taken if there had been any left; whoever withdraws one can't give them back. */
  spared: number;
}

/** Nothing known. */
export function unknownReputation(rule: ResolvedReputation | undefined): Reputation {
  return {
    score: rule?.best ?? 0,
    at: 0,
    tier: -1,
    recovers: Number.POSITIVE_INFINITY,
    opened: Number.NEGATIVE_INFINITY,
    accepted: 0,
    before: undefined,
    spiked: false,
    spared: 0,
  };
}

/** The tier that it is in. */
export function tierOf(rule: ResolvedReputation | undefined, { tier }: Reputation): ResolvedTier | undefined {
  return tier < 0 ? undefined : rule?.tiers[tier];
}

/** The number now. */
export function scoreAt(rule: ResolvedReputation, { score, at }: Reputation, now: Micros): number {
  return Math.min(rule.best, score + rule.recovery * (now - at));
}

/** Takes conduct into account. Returns true if the tier changed, at `now`. */
export function conduct(
  rule: ResolvedReputation,
  reputation: Reputation,
  what: Conduct,
  now: Micros,
): boolean {
  const weight = what === 'withdrawal' ? givenBack(rule, reputation) : rule.weights[what];
  if (weight === 0 || (weight > 0 && reputation.score >= rule.best)) return false;
  const score = scoreAt(rule, reputation, now) + weight;
  if (what === 'complaint') reputation.spared += Math.max(0, -score);
  return become(rule, reputation, Math.max(0, Math.min(rule.best, score)), now);
}

/** What a complaint took: its weight, less what it could not take because nothing was left. */
function givenBack({ weights }: ResolvedReputation, reputation: Reputation): number {
  const spared = Math.min(reputation.spared, -weights.complaint);
  reputation.spared -= spared;
  return -weights.complaint - spared;
}

/** Counts an accepted message. Returns true if the volume is sudden: once a window, when it goes over. */
export function volume(rule: ResolvedReputation, reputation: Reputation, now: Micros): boolean {
  const { spike } = rule;
  if (!spike) return false;
  if (now >= reputation.opened + spike.per) {
    const known = reputation.opened !== Number.NEGATIVE_INFINITY;
    reputation.before = known
      ? now < reputation.opened + 2 * spike.per
        ? reputation.accepted
        : 0
      : undefined;
    reputation.opened = now;
    reputation.accepted = 0;
    reputation.spiked = false;
  }
  reputation.accepted++;
  // Of whom no earlier volume is known nothing can be said.
  if (reputation.before === undefined || reputation.spiked) return false;
  reputation.spiked = reputation.accepted > Math.max(spike.least, spike.times * reputation.before);
  return reputation.spiked;
}

/** Lets the number rise out of its tier, at the moment when it does. */
export function recover(rule: ResolvedReputation, reputation: Reputation): void {
  const { recovers } = reputation;
  const bound = tierOf(rule, reputation)?.below ?? rule.best;
  become(rule, reputation, Math.max(bound, scoreAt(rule, reputation, recovers)), recovers);
}

/** Whether this is as good as unknown. */
export function isSpotless(rule: ResolvedReputation, reputation: Reputation, now: Micros): boolean {
  const past = rule.spike === null || now >= reputation.opened + 2 * rule.spike.per;
  return past && scoreAt(rule, reputation, now) >= rule.best;
}

function become(rule: ResolvedReputation, reputation: Reputation, score: number, at: Micros): boolean {
  const tier = rule.tiers.findIndex(({ below }) => score < below);
  const changed = tier !== reputation.tier;
  const below = rule.tiers[tier]?.below;
  reputation.score = score;
  reputation.at = at;
  reputation.tier = tier;
  reputation.recovers =
    below === undefined || rule.recovery === 0
      ? Number.POSITIVE_INFINITY
      : at + Math.ceil((below - score) / rule.recovery);
  return changed;
}
