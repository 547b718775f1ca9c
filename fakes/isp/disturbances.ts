/** What incidents do besides changing limits: forced replies, blocks, and faults that the engine acts out. */
import type { Micros } from '../../src/core/clock.ts';
import { type Prng, Purpose } from '../../src/core/prng.ts';
import type { Stage } from '../../src/record/attempt-log.ts';
import type { LimitStage } from './limit-words.ts';
import type { Reply } from './replies.ts';
import type { Disturbance, ResolvedIsp } from './resolved-isp.ts';
import { type Effect, stageOfEffect, type Verdict } from './verdict.ts';

/** A disturbance at its stage. */
export interface Disturbing {
  readonly about: Disturbance;
  readonly index: number;
  readonly stage: Stage;
  readonly refusal: Verdict | undefined;
}

/** Whom an event is about, and what tells its luck from that of the next. */
export interface Occurrence {
  readonly source: number;
  readonly senderDomain: string;
  readonly connection: number;
  /** How many transactions there were on the connection, this one included. */
  readonly transaction: number;
  /** The hash of the recipient at RCPT, else 0. */
  readonly recipient: number;
}

/** The disturbances of an ISP, each with the verdict that it forces. */
export function createDisturbances(isp: ResolvedIsp): Disturbing[] {
  return isp.disturbances.map((about, index) => {
    const said = about.reply === null ? undefined : isp.replies[about.reply];
    return {
      about,
      index,
      stage: stageOf(about, isp.replies),
      refusal:
        about.reply === null
          ? undefined
          : { kind: 'refuse', reply: about.reply, close: said?.closes ?? false, limit: undefined },
    };
  });
}

/** Where a disturbance takes effect. */
export function stageOf({ reply, effect }: Disturbance, replies: readonly Reply[]): Stage {
  return effect ? stageOfEffect(effect) : (replies[reply ?? -1]?.stage ?? 'idle');
}

/** The reply that an incident forces on this one, if there is one. */
export function forcedOn(
  disturbances: readonly Disturbing[],
  stage: LimitStage,
  who: Occurrence,
  now: Micros,
  chance: Prng,
): Verdict | undefined {
  for (const one of disturbances) if (one.refusal && hits(one, stage, who, now, chance)) return one.refusal;
  return undefined;
}

/** The fault that hits this one, if there is one; of two the first. */
export function effectOn(
  disturbances: readonly Disturbing[],
  stage: LimitStage,
  who: Occurrence,
  now: Micros,
  chance: Prng,
): Effect | undefined {
  for (const one of disturbances)
    if (one.about.effect && hits(one, stage, who, now, chance)) return one.about.effect;
  return undefined;
}

/** Whether an incident refuses everything from this source, or of this domain, at a moment. */
export function isBlocked(
  disturbances: readonly Disturbing[],
  source: number | undefined,
  domain: string | undefined,
  now: Micros,
): boolean {
  return disturbances.some(
    ({ about, refusal }) =>
      refusal !== undefined &&
      about.share === 1 &&
      (about.sources === null || (source !== undefined && about.sources.includes(source))) &&
      (about.domain === null || about.domain === domain) &&
      about.start <= now &&
      now < about.end,
  );
}

function hits(
  { about, index, stage: at }: Disturbing,
  stage: LimitStage,
  who: Occurrence,
  now: Micros,
  chance: Prng,
): boolean {
  if (at !== stage || now < about.start || now >= about.end) return false;
  if (about.sources !== null && !about.sources.includes(who.source)) return false;
  if (about.domain !== null && about.domain !== who.senderDomain) return false;
  if (about.share === 1) return true;
  const transaction = stage === 'connect' ? 0 : who.transaction;
  // One number for the incident and its place, so that two incidents have luck of their own.
  const place = (transaction * 64 + index) ^ who.recipient;
  return chance.chance(Purpose.disturbance, who.connection, place) < about.share;
}
