/** What incidents make of a profile: limits over time, forced replies, faults. */
import type { Micros } from '../../src/core/clock.ts';
import type { FeedbackChange } from '../feedback/feedback-schema.ts';
import { unknownName } from './data-file.ts';
import { stageOf } from './disturbances.ts';
import { type RuleChange, segmentsOf } from './incident-segments.ts';
import { LIMIT_STAGES } from './limit-words.ts';
import { checkedOverrides, overridden, ruleOf } from './overrides.ts';
import { HANGUP, type LimitOverride } from './profile-schema.ts';
import type { Resolving } from './resolve-conduct.ts';
import type { Disturbance, ResolvedLimit } from './resolved-isp.ts';
import type { Effect } from './verdict.ts';

/** A change for a time. */
export interface IspIncident {
  /** Real microseconds since the load began. */
  readonly start: Micros;
  readonly end: Micros;
  /** Indexes of the sources that it is about; undefined: all. */
  readonly sources?: readonly number[] | undefined;
  /** The sender domain that it is about; undefined: all. */
  readonly domain?: string | undefined;
  readonly limits?: Readonly<Record<string, unknown>> | undefined;
  /** Real microseconds in which the limits move to their values. */
  readonly ramp?: Micros | undefined;
  /** The id of a reply that connections or messages hear at its stage. */
  readonly reply?: string | undefined;
  readonly effect?: Effect | undefined;
  /** The share that `reply` or `effect` hits; undefined: all. */
  readonly share?: number | undefined;
  /** What comes back of what is accepted meanwhile. */
  readonly feedback?: FeedbackChange | undefined;
}

/** Limits with every change of them. */
export function resolveLimits(
  { profile, scale, rules, replyIndex, complain }: Resolving,
  incidents: readonly IspIncident[],
): ResolvedLimit[] {
  const changes = incidents.map((incident, at) => ({
    incident,
    limits: checkedOverrides(profile, incident.limits ?? {}, `incidents.${at}.limits`, complain),
  }));
  return Object.entries(profile.limits).map(([name, limit]): ResolvedLimit => {
    const base = rules.get(name) ?? ruleOf(limit, scale);
    const steps = changes.flatMap(({ incident, limits }, at) => {
      const value: LimitOverride | undefined = limits.get(name);
      if (value === undefined) return [];
      const where = `incidents.${at}.limits.${name}`;
      const { start, end, ramp = 0, sources, domain } = incident;
      if (sources && limit.key !== 'source' && limit.key !== 'connection')
        complain(where, `this limit counts for each ${limit.key}; it can't change for one source alone`);
      if (domain !== undefined && limit.key !== 'sender-domain')
        complain(where, `this limit counts for each ${limit.key}; it can't change for one domain alone`);
      const rule = overridden(base, value, limit, scale, where, complain);
      const whom: readonly (number | string)[] | undefined =
        domain === undefined ? sources : [domain.toLowerCase()];
      return [{ start, end, ramp, rule, whom }];
    });
    const named = [...new Set(steps.flatMap((s) => s.whom ?? []))];
    const of = (whom: number | string | undefined): readonly RuleChange[] =>
      steps.filter((s) => s.whom === undefined || (whom !== undefined && s.whom.includes(whom)));
    return {
      name,
      key: limit.key,
      unit: limit.unit,
      stage: limit.stage,
      reply: limit.reply === HANGUP ? null : replyIndex(limit.reply),
      segments: segmentsOf(base, of(undefined)),
      exceptions: named.map((whom) => ({ of: whom, segments: segmentsOf(base, of(whom)) })),
      source: limit.source,
      mark: limit.mark,
    };
  });
}

/** What incidents force on connections and messages. */
export function disturbancesOf(resolving: Resolving, incidents: readonly IspIncident[]): Disturbance[] {
  return incidents.flatMap(({ start, end, sources, domain, share, reply, effect }, at): Disturbance[] => {
    const about = {
      start,
      end,
      sources: sources ?? null,
      domain: domain?.toLowerCase() ?? null,
      share: share ?? 1,
    };
    const index = reply === undefined ? undefined : forcedReply(resolving, reply, `incidents.${at}.reply`);
    const all: Disturbance[] = [
      ...(index === undefined ? [] : [{ ...about, reply: index, effect: null }]),
      ...(effect ? [{ ...about, reply: null, effect }] : []),
    ];
    const { replies } = resolving.profile;
    if (domain !== undefined && all.some((one) => stageOf(one, replies) === 'connect'))
      resolving.complain(`incidents.${at}.domain`, 'this happens at connect, where the sender is not known');
    return all;
  });
}

function forcedReply(
  { profile, complain, replyIndex }: Resolving,
  id: string,
  where: string,
): number | undefined {
  const known = profile.replies.find((r) => r.id === id);
  if (!known) {
    const ids = profile.replies.map((r) => r.id);
    complain(where, unknownName('reply', id, ids));
  } else if (known.class === 'accepted' || !LIMIT_STAGES.some((stage) => stage === known.stage)) {
    complain(where, `${id} refuses nothing at ${LIMIT_STAGES.join(', ')}`);
  } else {
    return replyIndex(id);
  }
  return undefined;
}
