/**
 * How an ISP stands to a source, a netblock or a domain: the penalty and the reputation that it has earned, and what
 * they make of its limits. A standing changes at exact moments, and remembers them for the ground truth.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { StandingKey } from './limit-words.ts';
import { PLAIN, type Terms } from './limits.ts';
import { insist, isForgotten, nextStep, noPenalty, type Penalty, stepOf, violate } from './penalties.ts';
import type { Conduct } from './profile-schema.ts';
import {
  conduct,
  isSpotless,
  type Reputation,
  recover,
  tierOf,
  unknownReputation,
  volume,
} from './reputation.ts';
import type { ResolvedPenalty, ResolvedReputation, ResolvedStep, ResolvedTier } from './resolved-isp.ts';
import { type LimitTable, PRUNE_AT, shiftAccounts } from './tables.ts';

/** What holds for a key from a moment on. */
export interface Spell {
  readonly from: Micros;
  readonly step: ResolvedStep | undefined;
  readonly tier: ResolvedTier | undefined;
}

/** One key's standing. */
export interface Standing {
  readonly key: string;
  readonly penalty: Penalty;
  readonly reputation: Reputation;
  /** What holds now. */
  spell: Spell;
  /** What held before, oldest first. */
  readonly past: Spell[];
  /** When it will change, if nothing happens. */
  changes: Micros;
}

/** Tells what counts for or against a key to whoever judges it, where that is another process (isp-owner.ts). */
export interface Witness {
  /** `client`: whose violation it was. */
  violation(kind: StandingKey, key: string, limit: number, client: string): void;
  insistence(kind: StandingKey, key: string): void;
  conduct(kind: StandingKey, key: string, what: Conduct): void;
}

/** All standings of one kind of key. */
export interface Standings {
  readonly kind: StandingKey;
  readonly penalty: ResolvedPenalty | undefined;
  readonly reputation: ResolvedReputation | undefined;
  readonly known: Map<string, Standing>;
  pruneAt: number;
  /** Where it is set, nothing is judged here: these are copies. */
  witness: Witness | undefined;
}

/** How many changes of one key are remembered. */
const PAST = 1024;

const UNTOUCHED: Spell = { from: Number.NEGATIVE_INFINITY, step: undefined, tier: undefined };

/** The standing of a key, spotless if nothing is known of it. */
export function standingOf(
  standings: Standings,
  key: string,
  tables: readonly LimitTable[],
  now: Micros,
): Standing {
  const known = standings.known.get(key);
  if (known) return known;
  if (standings.known.size >= standings.pruneAt) prune(standings, tables, now);
  const standing: Standing = {
    key,
    penalty: noPenalty(),
    reputation: unknownReputation(standings.reputation),
    spell: UNTOUCHED,
    past: [],
    changes: Number.POSITIVE_INFINITY,
  };
  standings.known.set(key, standing);
  return standing;
}

/** Brings a standing up to `now`: steps that end, numbers that recover, each at its moment. */
export function settle(
  standings: Standings,
  standing: Standing,
  tables: readonly LimitTable[],
  now: Micros,
): void {
  while (standing.changes <= now) {
    const at = standing.changes;
    const { penalty, reputation } = standing;
    if (standings.penalty && penalty.ends === at) nextStep(standings.penalty, penalty);
    if (standings.reputation && reputation.recovers === at) recover(standings.reputation, reputation);
    turn(standings, standing, tables, at);
  }
}

/** A limit of the penalty's list refused this key. Returns true if a penalty begins. */
export function noteViolation(
  standings: Standings,
  standing: Standing,
  limit: number,
  tables: readonly LimitTable[],
  now: Micros,
): boolean {
  const rule = standings.penalty;
  if (!rule?.on.includes(limit) || !violate(rule, standing.penalty, now)) return false;
  turn(standings, standing, tables, now);
  return true;
}

/** An attempt that this key's penalty refused. */
export function noteInsistence(
  standings: Standings,
  standing: Standing,
  tables: readonly LimitTable[],
  now: Micros,
): void {
  if (standings.witness) {
    standings.witness.insistence(standings.kind, standing.key);
    return;
  }
  if (standings.penalty) insist(standings.penalty, standing.penalty, now);
  schedule(standing);
  noteConduct(standings, standing, 'insistent', tables, now);
}

/** Something that counts for or against this key's reputation. */
export function noteConduct(
  standings: Standings,
  standing: Standing,
  what: Conduct,
  tables: readonly LimitTable[],
  now: Micros,
): void {
  const rule = standings.reputation;
  if (!rule) return;
  if (standings.witness) {
    standings.witness.conduct(standings.kind, standing.key, what);
    return;
  }
  let changed = conduct(rule, standing.reputation, what, now);
  if (what === 'accepted' && volume(rule, standing.reputation, now))
    changed = conduct(rule, standing.reputation, 'spike', now) || changed;
  if (changed) turn(standings, standing, tables, now);
  else schedule(standing);
}

/** Makes a standing what another process says that it is. */
export function copyStanding(
  standings: Standings,
  standing: Standing,
  { penalty, reputation }: Pick<Standing, 'penalty' | 'reputation'>,
  tables: readonly LimitTable[],
  now: Micros,
): void {
  settle(standings, standing, tables, now);
  Object.assign(standing.penalty, penalty);
  Object.assign(standing.reputation, reputation);
  turn(standings, standing, tables, now);
  settle(standings, standing, tables, now);
}

/** The terms of a limit of this key. */
export function termsOf({ spell }: Standing, limit: number): Terms {
  return spell === UNTOUCHED ? PLAIN : termsIn(spell, limit);
}

/** The terms of a limit while a spell lasts. */
export function termsIn({ step, tier }: Spell, limit: number): Terms {
  const cap = step?.caps.find((c) => c.limit === limit)?.rule;
  const factor = tier?.factor ?? 1;
  return cap === undefined && factor === 1 ? PLAIN : { factor, cap };
}

/** The reply that refuses everything at its stage while a spell lasts, if there is one. */
export function refusalIn({ step, tier }: Spell): number | undefined {
  if (step && step.reply !== null) return step.reply;
  return tier && tier.factor === 0 && tier.reply !== null ? tier.reply : undefined;
}

/** The spells that touch [from, to), oldest first: as they were, and as they will be if nothing happens. */
export function spellsBetween(standings: Standings, standing: Standing, from: Micros, to: Micros): Spell[] {
  const copy: Standing = {
    ...standing,
    penalty: { ...standing.penalty },
    reputation: { ...standing.reputation },
    past: [],
  };
  settle(standings, copy, [], to);
  const all = [...standing.past, ...copy.past, copy.spell];
  const first = all.findLastIndex((spell) => spell.from <= from);
  return all.slice(Math.max(0, first)).filter((spell) => spell.from < to);
}

/** Whether this key has never earned anything that touches its limits. */
export function isUntouched({ spell }: Standing): boolean {
  return spell === UNTOUCHED;
}

/** Begins the spell that penalty and reputation now make, and puts the key's limits on its terms. */
function turn(standings: Standings, standing: Standing, tables: readonly LimitTable[], at: Micros): void {
  const step = stepOf(standings.penalty, standing.penalty);
  const tier = tierOf(standings.reputation, standing.reputation);
  const { spell, past } = standing;
  if (step !== spell.step || tier !== spell.tier) {
    past.push(spell);
    if (past.length > PAST) past.shift();
    standing.spell = { from: at, step, tier };
    shiftAccounts(tables, standings.kind, standing.key, (limit) => termsOf(standing, limit), at);
  }
  schedule(standing);
}

function schedule(standing: Standing): void {
  standing.changes = Math.min(standing.penalty.ends, standing.reputation.recovers);
}

function prune(standings: Standings, tables: readonly LimitTable[], now: Micros): void {
  const { penalty, reputation, known } = standings;
  for (const [key, standing] of known) {
    settle(standings, standing, tables, now);
    const forgotten = !penalty || isForgotten(penalty, standing.penalty, now);
    if (forgotten && (!reputation || isSpotless(reputation, standing.reputation, now))) known.delete(key);
  }
  standings.pruneAt = Math.max(PRUNE_AT, known.size * 2);
}
