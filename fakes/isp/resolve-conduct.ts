/** The rules about conduct, from a profile's simulated time to real time: penalties, reputation, warm-up, hours. */
import type { z } from 'zod';
import type { Day } from './day.ts';
import { STANDING_KEYS } from './limit-words.ts';
import { type Complain, overridden, realDuration, realRate } from './overrides.ts';
import type { IspProfile } from './profile.ts';
import { type day, WARMUP_NAME } from './profile-schema.ts';
import {
  type ResolvedPenalty,
  type ResolvedReputation,
  type ResolvedStep,
  type ResolvedWarmup,
  WARMUP,
} from './resolved-isp.ts';
import type { Rule } from './rules.ts';

/** What resolving a profile needs to know. */
export interface Resolving {
  readonly profile: IspProfile;
  readonly scale: number;
  /** The base rules of the run, by limit. */
  readonly rules: ReadonlyMap<string, Rule>;
  replyIndex(id: string): number;
  readonly complain: Complain;
}

/** The penalties of a profile. A step's limits are shares of, or instead of, what the run allows. */
export function resolvePenalties(resolving: Resolving): ResolvedPenalty[] {
  const { profile, scale, replyIndex } = resolving;
  const names = Object.keys(profile.limits);
  return STANDING_KEYS.flatMap((key) => {
    const penalty = profile.penalties[key];
    if (!penalty) return [];
    return {
      key,
      on: penalty.on.map((name) => (name === WARMUP_NAME ? WARMUP : names.indexOf(name))),
      after: penalty.after,
      per: realDuration(penalty.per, scale),
      forget: realDuration(penalty.forget, scale),
      prolong: penalty.prolong,
      levels: penalty.levels.map((steps, level) =>
        steps.map((step, index): ResolvedStep => {
          const where = `penalties.${key}.levels.${level}.${index}.limits`;
          return {
            duration: realDuration(step.for, scale),
            reply: step.reply === undefined ? null : replyIndex(step.reply),
            caps: capsOf(resolving, step.limits ?? {}, where),
          };
        }),
      ),
    };
  });
}

function capsOf(
  { profile, scale, rules, complain }: Resolving,
  limits: NonNullable<NonNullable<IspProfile['penalties']['source']>['levels'][number][number]['limits']>,
  where: string,
): ResolvedStep['caps'] {
  const names = Object.keys(profile.limits);
  return Object.entries(limits).flatMap(([name, value]) => {
    const limit = profile.limits[name];
    const base = rules.get(name);
    if (!limit || !base) return [];
    const rule = overridden(base, value, limit, scale, `${where}.${name}`, complain);
    return { limit: names.indexOf(name), rule };
  });
}

/** The reputations of a profile. */
export function resolveReputation({ profile, scale, replyIndex }: Resolving): ResolvedReputation[] {
  return STANDING_KEYS.flatMap((key) => {
    const reputation = profile.reputation[key];
    if (!reputation) return [];
    const { best, recover, weights, tiers, spike } = reputation;
    return {
      key,
      best,
      recovery: realRate(recover, scale) / 1e6,
      weights,
      tiers: tiers.map(({ below, factor, reply }) => ({
        below,
        factor,
        reply: reply === undefined ? null : replyIndex(reply),
      })),
      spike: spike ? { ...spike, per: realDuration(spike.per, scale) } : null,
    };
  });
}

/** The warm-up of the sources that are new, or null if none is. */
export function resolveWarmup(
  { profile, scale, replyIndex, complain }: Resolving,
  wish: 'new' | readonly number[] | undefined,
): ResolvedWarmup | null {
  if (wish === undefined || (wish !== 'new' && wish.length === 0)) return null;
  if (!profile.warmup) {
    complain('warmup', `${profile.name} has no warm-up in its profile`);
    return null;
  }
  const { days, unit, stage, reply } = profile.warmup;
  return {
    days,
    per: 86400e6 / scale,
    unit,
    stage,
    reply: replyIndex(reply),
    sources: wish === 'new' ? null : wish,
  };
}

/** The hours of a day. */
export function resolveDay(given: z.output<typeof day> | undefined, scale: number): Day | null {
  if (!given) return null;
  const length = Math.round(86400e6 / scale);
  const hours = Object.entries(given.factors)
    .map(([hour, factor]) => ({ from: Math.round((Number(hour) * length) / 24), factor }))
    .sort((a, b) => a.from - b.from);
  // Before the first hour that is named the last one still holds.
  const night = hours[0]?.from === 0 ? [] : [{ from: 0, factor: hours.at(-1)?.factor ?? 1 }];
  return {
    length,
    start: Math.round(realDuration(given.starts, scale)) % length,
    steps: [...night, ...hours],
  };
}
