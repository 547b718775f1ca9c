/** From a profile to what one run uses: in real time, with the scenario's overrides and incidents applied. */
import { z } from 'zod';
import { HarnessError } from '../../src/core/errors.ts';
import { trim } from '../../src/core/units.ts';
import type { FeedbackWish } from '../feedback/feedback-schema.ts';
import { resolveFeedback } from '../feedback/resolve-feedback.ts';
import type { EnrolledLoops } from '../feedback/resolved-feedback.ts';
import { resolveAuthentication } from './authentication-profile.ts';
import { unknownName } from './data-file.ts';
import { customerDomains, mailGroups } from './hosted.ts';
import {
  type Complain,
  checkedOverrides,
  outOfReach,
  overridden,
  realDuration,
  ruleOf,
} from './overrides.ts';
import type { IspProfile } from './profile.ts';
import { day as dayShape, greylist as greylistShape, mailboxOverride } from './profile-schema.ts';
import {
  type Resolving,
  resolveDay,
  resolvePenalties,
  resolveReputation,
  resolveWarmup,
} from './resolve-conduct.ts';
import { disturbancesOf, type IspIncident, resolveLimits } from './resolve-incidents.ts';
import { type LatencyWish, resolveLatency } from './resolve-latency.ts';
import { indexed, rulesOf } from './resolve-protocol.ts';
import type { ResolvedIsp, ResolvedMailbox } from './resolved-isp.ts';

export type { ResolvedIsp } from './resolved-isp.ts';

/** What a run changes about a profile. */
export interface ResolveOptions {
  /** The scenario's name for the ISP; the profile's, if not given. */
  readonly id?: string;
  /** Simulated time is this many times as fast as real time. */
  readonly scale: number;
  readonly overrides?: IspOverrides;
  readonly incidents?: readonly IspIncident[];
}

/** What a scenario may say about an ISP for the whole run. */
export interface IspOverrides {
  /** By name; `unlimited` keeps them all, and puts them out of reach. */
  readonly limits?: Readonly<Record<string, unknown>> | 'unlimited' | undefined;
  readonly mailboxes?: Readonly<Record<string, unknown>> | undefined;
  readonly authentication?: unknown;
  readonly penalties?: 'on' | 'off' | undefined;
  readonly reputation?: 'on' | 'off' | undefined;
  /** Sources that the ISP does not know yet: all, or those with these indexes. */
  readonly warmup?: 'new' | readonly number[] | undefined;
  /** As in a profile. */
  readonly greylist?: unknown;
  readonly day?: unknown;
  readonly mixed?: 'accept' | 'reject' | undefined;
  /** Default: off. */
  readonly latency?: LatencyWish | undefined;
  /** Domains of customers, or how many there are. */
  readonly hosted?: number | readonly string[] | undefined;
  /** Default: off. */
  readonly feedback?: FeedbackWish | undefined;
  /** Whose complaints it reports; undefined: everyone's. */
  readonly loops?: EnrolledLoops | undefined;
}

/**
 * Resolves a profile for a run: a simulated duration d becomes d / scale, a simulated rate r becomes r · scale; counts,
 * caps and sizes stay.
 * @throws HarnessError of kind `invalid-scenario` with a line for every override that does not fit the profile
 */
export function resolveIsp(profile: IspProfile, options: ResolveOptions): ResolvedIsp {
  const { scale, overrides = {}, incidents = [] } = options;
  const faults: string[] = [];
  const complain: Complain = (where, message) => void faults.push(`${where}: ${message}`);
  const replyIndexes = new Map(profile.replies.map((reply, index) => [reply.id, index]));
  const replyIndex = (id: string): number => replyIndexes.get(id) as number;

  const id = options.id ?? profile.id;
  const unlimited = overrides.limits === 'unlimited';
  const given = typeof overrides.limits === 'object' ? overrides.limits : {};
  const changed = checkedOverrides(profile, given, 'limits', complain);
  const rules = new Map(
    Object.entries(profile.limits).map(([name, limit]) => [
      name,
      unlimited
        ? outOfReach(ruleOf(limit, scale))
        : overridden(ruleOf(limit, scale), changed.get(name), limit, scale, `limits.${name}`, complain),
    ]),
  );
  const resolving: Resolving = { profile, scale, rules, replyIndex, complain };
  const greylist = replaced(greylistShape, overrides.greylist, profile.greylist, 'greylist', complain);
  if (greylist && !replyIndexes.has(greylist.reply))
    complain('greylist.reply', unknownName('reply', greylist.reply, [...replyIndexes.keys()]));
  const hosted = hostedDomains(profile, id, overrides.hosted, complain);
  const resolved: ResolvedIsp = {
    id,
    name: profile.name,
    number: numberOf(id),
    domains: [...profile.domains, ...hosted],
    mx: mailGroups(profile, hosted),
    mta: profile.session.mta,
    wrap: profile.session.wrap ?? null,
    replies: profile.replies,
    engine: profile.engine,
    rules: rulesOf(profile, scale),
    latency: resolveLatency(profile, overrides.latency, complain),
    answers: indexed(profile.session.answers, replyIndex) as ResolvedIsp['answers'],
    errors: indexed(profile.session.errors, replyIndex) as ResolvedIsp['errors'],
    limits: resolveLimits(resolving, incidents),
    penalties: overrides.penalties === 'off' ? [] : resolvePenalties(resolving),
    reputation: overrides.reputation === 'off' ? [] : resolveReputation(resolving),
    warmup: resolveWarmup(resolving, overrides.warmup),
    greylist: greylist
      ? {
          delay: realDuration(greylist.delay, scale),
          lifetime: realDuration(greylist.lifetime, scale),
          reply: replyIndex(greylist.reply),
        }
      : null,
    day: resolveDay(replaced(dayShape, overrides.day, profile.day, 'day', complain), scale),
    mailboxes: resolveMailboxes(resolving, profile.mailboxes, overrides.mailboxes ?? {}),
    hosted: {
      domains: hosted,
      mailboxes: resolveMailboxes(
        resolving,
        { ...profile.mailboxes, ...profile.hosted?.mailboxes },
        overrides.mailboxes ?? {},
      ),
    },
    mixed: overrides.mixed ?? profile.mixed,
    authentication: resolveAuthentication(
      profile.authentication,
      overrides.authentication,
      profile.replies,
      (quantity) => realDuration(quantity, scale),
      faults,
    ),
    disturbances: disturbancesOf(resolving, incidents),
    feedback: resolveFeedback(profile, overrides.feedback, overrides.loops, incidents, scale, complain),
  };
  if (faults.length > 0) {
    throw new HarnessError('invalid-scenario', [...new Set(faults)].join('\n'), {
      hint: `the profile is fakes/${profile.id}/profile.yaml`,
    });
  }
  return resolved;
}

function resolveMailboxes(
  { profile, replyIndex, complain }: Resolving,
  kinds: IspProfile['mailboxes'],
  overrides: Readonly<Record<string, unknown>>,
): ResolvedMailbox[] {
  for (const name of Object.keys(overrides)) {
    if (!(name in kinds)) {
      complain(
        `mailboxes.${name}`,
        unknownName(`kind of mailbox at ${profile.name}`, name, Object.keys(kinds)),
      );
    }
  }
  const mailboxes = Object.entries(kinds).map(([name, { share, reply }]) => {
    const parsed = name in overrides ? mailboxOverride.safeParse(overrides[name]) : undefined;
    if (parsed?.success === false) {
      complain(
        `mailboxes.${name}`,
        `found ${JSON.stringify(overrides[name])}; ${z.treeifyError(parsed.error).errors.join(', ')}`,
      );
    }
    return { name, share: parsed?.data?.value ?? share.value, reply: replyIndex(reply) };
  });
  const sum = mailboxes.reduce((total, m) => total + m.share, 0);
  if (sum > 1) complain('mailboxes', `the shares add up to ${trim(sum * 100)} %; expected at most 100 %`);
  return mailboxes;
}

function hostedDomains(
  profile: IspProfile,
  id: string,
  wish: IspOverrides['hosted'],
  complain: Complain,
): readonly string[] {
  if (wish === undefined) return [];
  if (!profile.hosted) complain('hosted', `${profile.name} hosts no domains of customers in its profile`);
  return typeof wish === 'number' ? customerDomains(id, wish) : wish.map((domain) => domain.toLowerCase());
}

/** A part of a profile that a scenario may replace as a whole; undefined if neither has it. */
function replaced<T>(
  shape: z.ZodType<T>,
  given: unknown,
  own: T | undefined,
  where: string,
  complain: Complain,
): T | undefined {
  if (given === undefined) return own;
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) complain([where, ...path].join('.'), message);
  return own;
}

/** A 32-bit number for a name (FNV-1a), the same in every run. */
function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
