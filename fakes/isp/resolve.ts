/**
 * From a profile to what one run uses: in real time, with the scenario's overrides and incidents applied. Plain data
 * that survives JSON and structured cloning.
 */
import { z } from 'zod';
import type { Micros } from '../../src/core/clock.ts';
import { HarnessError } from '../../src/core/errors.ts';
import { parseRate, type Quantity, trim } from '../../src/core/units.ts';
import type { ResolvedAuthentication } from './authentication.ts';
import { resolveAuthentication } from './authentication-profile.ts';
import { unknownName } from './data-file.ts';
import { type Rule, ratioOf, type Segment } from './limits.ts';
import { extensionsOf } from './neutral.ts';
import {
  type Answered,
  HANGUP,
  type IspProfile,
  type LimitKey,
  type LimitOverride,
  type LimitStage,
  type LimitUnit,
  limitOverride,
  type MoreAnswered,
  mailboxOverride,
  type ProfileLimit,
} from './profile.ts';
import type { EngineName, ProtocolError, ProtocolRules } from './protocol.ts';
import type { Mark, Reply } from './replies.ts';

/** A limit with every change of it, in real time. */
export interface ResolvedLimit {
  readonly name: string;
  readonly key: LimitKey;
  readonly unit: LimitUnit;
  readonly stage: LimitStage;
  /** Index of the reply to what is over the limit; null: the connection is closed without one. */
  readonly reply: number | null;
  /** The rule over time, for everyone. */
  readonly segments: readonly Segment[];
  /** The same for sources that an incident names. */
  readonly ofSource: readonly { readonly source: number; readonly segments: readonly Segment[] }[];
  readonly source: string;
  readonly mark: Mark;
}

/** A kind of mailbox that takes no mail. */
export interface ResolvedMailbox {
  readonly name: string;
  /** Share of all mailboxes, 0 to 1. */
  readonly share: number;
  readonly reply: number;
}

/** An ISP as it behaves in one run. Replies are named by their index in `replies`. */
export interface ResolvedIsp {
  readonly id: string;
  readonly name: string;
  /** Stands for the id in keyed chance. */
  readonly number: number;
  readonly domains: readonly string[];
  readonly mx: readonly { readonly host: string; readonly preference: number; readonly ipv6: boolean }[];
  /** The name that its servers go by. */
  readonly mta: string;
  /** The longest line of a reply, with its codes; longer ones are wrapped. Null: none is. */
  readonly wrap: number | null;
  readonly engine: EngineName;
  readonly rules: ProtocolRules;
  readonly replies: readonly Reply[];
  readonly answers: Readonly<Record<Answered, number> & Partial<Record<MoreAnswered, number>>>;
  readonly errors: Readonly<Partial<Record<ProtocolError, number>>>;
  readonly limits: readonly ResolvedLimit[];
  readonly mailboxes: readonly ResolvedMailbox[];
  readonly authentication: ResolvedAuthentication;
}

/** What a run changes about a profile. */
export interface ResolveOptions {
  /** The scenario's name for the ISP; the profile's, if not given. */
  readonly id?: string;
  /** Simulated time is this many times as fast as real time. */
  readonly scale: number;
  readonly overrides?: {
    readonly limits?: Readonly<Record<string, unknown>>;
    readonly mailboxes?: Readonly<Record<string, unknown>>;
    readonly authentication?: unknown;
  };
  readonly incidents?: readonly IspIncident[];
}

/** A change of limits for a time. */
export interface IspIncident {
  /** Real microseconds since the load began. */
  readonly start: Micros;
  readonly end: Micros;
  /** Index of the one source that it is about; undefined: all. */
  readonly source?: number | undefined;
  readonly limits: Readonly<Record<string, unknown>>;
}

/**
 * Resolves a profile for a run: a simulated duration d becomes d / scale, a simulated rate r becomes r · scale; counts,
 * caps and sizes stay.
 * @throws HarnessError of kind `invalid-scenario` with a line for every override that does not fit the profile
 */
export function resolveIsp(profile: IspProfile, options: ResolveOptions): ResolvedIsp {
  const { scale, overrides = {}, incidents = [] } = options;
  const faults: string[] = [];
  const replyIndex = new Map(profile.replies.map((reply, index) => [reply.id, index]));
  const indexOf = (id: string): number => replyIndex.get(id) as number;

  const changed = checkedOverrides(profile, overrides.limits ?? {}, 'limits', faults);
  const changes = incidents.map((incident, at) => ({
    ...incident,
    limits: checkedOverrides(profile, incident.limits, `incidents.${at}.limits`, faults),
  }));
  const limits = Object.entries(profile.limits).map(([name, limit]): ResolvedLimit => {
    const base = override(ruleOf(limit, scale), changed.get(name), limit, scale, `limits.${name}`, faults);
    const steps = changes.flatMap(({ limits: of, ...incident }, at) => {
      const value = of.get(name);
      if (value === undefined) return [];
      const where = `incidents.${at}.limits.${name}`;
      if (incident.source !== undefined && limit.key !== 'source' && limit.key !== 'connection') {
        faults.push(
          `${where}: this limit counts for each ${limit.key}; it can't change for one source alone`,
        );
      }
      return [{ ...incident, rule: override(base, value, limit, scale, where, faults) }];
    });
    const named = [...new Set(steps.map((s) => s.source).filter((s) => s !== undefined))];
    return {
      name,
      key: limit.key,
      unit: limit.unit,
      stage: limit.stage,
      reply: limit.reply === HANGUP ? null : indexOf(limit.reply),
      segments: segmentsOf(
        base,
        steps.filter((s) => s.source === undefined),
      ),
      ofSource: named.map((source) => ({
        source,
        segments: segmentsOf(
          base,
          steps.filter((s) => s.source === undefined || s.source === source),
        ),
      })),
      source: limit.source,
      mark: limit.mark,
    };
  });
  const mailboxes = resolvedMailboxes(profile, overrides.mailboxes ?? {}, indexOf, faults);
  const authentication = resolveAuthentication(
    profile.authentication,
    overrides.authentication,
    profile.replies,
    (quantity) => realDuration(quantity, scale),
    faults,
  );
  if (faults.length > 0) {
    throw new HarnessError('invalid-scenario', faults.join('\n'), {
      hint: `the profile is fakes/${profile.id}/profile.yaml`,
    });
  }
  const id = options.id ?? profile.id;
  return {
    id,
    name: profile.name,
    number: numberOf(id),
    domains: profile.domains,
    mx: profile.mx,
    mta: profile.session.mta,
    wrap: profile.session.wrap ?? null,
    replies: profile.replies,
    engine: profile.engine,
    rules: rulesOf(profile, scale),
    answers: indexed(profile.session.answers, indexOf) as ResolvedIsp['answers'],
    errors: indexed(profile.session.errors, indexOf) as ResolvedIsp['errors'],
    limits,
    mailboxes,
    authentication,
  };
}

/** Where each named reply is in the list. */
function indexed(
  named: Readonly<Record<string, string | undefined>>,
  indexOf: (id: string) => number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, id]) => (id === undefined ? [] : [[name, indexOf(id)]])),
  );
}

/** RFC 5321 section 4.5.3.1.4 asks for 512 octets, RFC 3461 section 4.4 for 500 more in RCPT. */
const COMMAND_LINE = 1024;
/** RFC 5321 section 4.5.3.2.7: a server waits at least five minutes for the next command. */
const IDLE: Micros = 300e6;
/** However fast simulated time is, this is real: no client is cut off for being a real client. */
const SHORTEST_IDLE: Micros = 10e6;

function rulesOf({ session, replies }: IspProfile, scale: number): ProtocolRules {
  const { lines, unknown, idle } = session;
  const ehlo = replies.find(({ id }) => id === session.answers.ehlo);
  const size = ehlo?.lines.map((line) => /^SIZE (\d+)$/i.exec(line)?.[1]).find((n) => n !== undefined);
  return {
    extensions: extensionsOf(ehlo),
    commandLine: lines?.command ?? COMMAND_LINE,
    textLine: lines?.text ?? null,
    // SIZE 0 means that there is no limit (RFC 1870 section 4).
    size: Number(size ?? 0) || null,
    unknown: unknown ?? null,
    idle: Math.max(SHORTEST_IDLE, realDuration(idle ?? { value: IDLE, clock: undefined }, scale)),
    refusesTlsPipelining: session.errors['tls-pipelined'] !== undefined,
  };
}

/** The overrides that name a limit of the profile and have a shape that an override may have. */
function checkedOverrides(
  profile: IspProfile,
  given: Readonly<Record<string, unknown>>,
  where: string,
  faults: string[],
): Map<string, LimitOverride> {
  const checked = new Map<string, LimitOverride>();
  for (const [name, value] of Object.entries(given)) {
    if (!(name in profile.limits)) {
      faults.push(
        `${where}.${name}: ${unknownName(`limit of ${profile.name}`, name, Object.keys(profile.limits))}`,
      );
      continue;
    }
    const parsed = limitOverride.safeParse(value);
    if (parsed.success) checked.set(name, parsed.data);
    else
      faults.push(
        `${where}.${name}: found ${JSON.stringify(value)}; ${expectedOf(profile.limits[name] as ProfileLimit)}`,
      );
  }
  return checked;
}

/** A profile's limit on the real clock. */
function ruleOf(limit: ProfileLimit, scale: number): Rule {
  switch (limit.kind) {
    case 'bucket':
      return bucket(realRate(limit.rate, scale), limit.burst);
    case 'window':
      return { kind: 'window', count: limit.count, per: limit.per ? realDuration(limit.per, scale) : null };
    case 'concurrency':
      return { kind: 'concurrency', max: limit.max };
  }
}

/**
 * A rule with an override applied. A rate alone keeps how long an unused bucket takes to fill: the burst changes in
 * proportion, but holds at least one unit, unless the rate is 0. In a window it sets the count that this rate gives.
 */
function override(
  base: Rule,
  value: LimitOverride | undefined,
  limit: ProfileLimit,
  scale: number,
  where: string,
  faults: string[],
): Rule {
  if (value === undefined) return base;
  const short = typeof value !== 'object';
  const fields = short ? shorthand(base, value) : value;
  const allowed = { bucket: ['rate', 'burst'], window: ['rate', 'count', 'per'], concurrency: ['max'] }[
    base.kind
  ];
  const wrong =
    fields && Object.entries(fields).filter(([name, v]) => v !== undefined && !allowed.includes(name));
  if (!fields || wrong?.length) {
    faults.push(
      `${where}: found ${short ? JSON.stringify(value) : Object.keys(value).join(', ')}; ${expectedOf(limit)}`,
    );
    return base;
  }
  const rate = fields.rate && realRate(fields.rate, scale);
  switch (base.kind) {
    case 'bucket': {
      const perSecond = rate ?? base.rate;
      const kept =
        base.rate === 0 ? base.burst : Math.max(1, Math.floor((base.burst * perSecond) / base.rate));
      return bucket(perSecond, fields.burst ?? (perSecond === 0 ? 0 : kept));
    }
    case 'window': {
      const per = fields.per ? realDuration(fields.per, scale) : base.per;
      const count = rate === undefined || per === null ? base.count : Math.round((rate * per) / 1e6);
      return { kind: 'window', count: fields.count ?? count, per };
    }
    case 'concurrency':
      return { kind: 'concurrency', max: fields.max ?? base.max };
  }
}

type OverrideFields = Exclude<LimitOverride, string | number>;

/** The fields that a bare text or number stands for; undefined if it can't be meant for this kind of limit. */
function shorthand(base: Rule, value: string | number): OverrideFields | undefined {
  const rate = parseRate(String(value));
  const whole = /^\d+$/.test(String(value)) ? Number(value) : undefined;
  switch (base.kind) {
    case 'bucket':
      return rate && { rate };
    case 'window':
      if (base.per !== null && rate) return { rate };
      return whole === undefined ? undefined : { count: whole };
    case 'concurrency':
      return whole === undefined ? undefined : { max: whole };
  }
}

function expectedOf(limit: ProfileLimit): string {
  switch (limit.kind) {
    case 'bucket':
      return 'expected a rate such as 20/m, or { rate, burst }';
    case 'window':
      return limit.per
        ? 'expected a count, a rate such as 5000/h, or { count, per }'
        : 'expected a count, or { count }';
    case 'concurrency':
      return 'expected a number of connections, or { max }';
  }
}

/** The rule over time: the base, changed by each incident while it lasts. Of two at once the later one wins. */
function segmentsOf(base: Rule, incidents: readonly { start: Micros; end: Micros; rule: Rule }[]): Segment[] {
  const moments = [...new Set(incidents.flatMap((i) => [i.start, i.end]))].sort((a, b) => a - b);
  const at = (moment: Micros): Rule =>
    incidents.findLast((i) => i.start <= moment && moment < i.end)?.rule ?? base;
  return [{ from: 0, rule: base }, ...moments.map((moment) => ({ from: moment, rule: at(moment) }))];
}

function resolvedMailboxes(
  profile: IspProfile,
  overrides: Readonly<Record<string, unknown>>,
  indexOf: (reply: string) => number,
  faults: string[],
): ResolvedMailbox[] {
  for (const name of Object.keys(overrides)) {
    if (!(name in profile.mailboxes)) {
      faults.push(
        `mailboxes.${name}: ${unknownName(`kind of mailbox at ${profile.name}`, name, Object.keys(profile.mailboxes))}`,
      );
    }
  }
  const mailboxes = Object.entries(profile.mailboxes).map(([name, { share, reply }]) => {
    const parsed = name in overrides ? mailboxOverride.safeParse(overrides[name]) : undefined;
    if (parsed?.success === false) {
      faults.push(
        `mailboxes.${name}: found ${JSON.stringify(overrides[name])}; ${z.treeifyError(parsed.error).errors.join(', ')}`,
      );
    }
    return { name, share: parsed?.data?.value ?? share.value, reply: indexOf(reply) };
  });
  const sum = mailboxes.reduce((total, m) => total + m.share, 0);
  if (sum > 1) faults.push(`mailboxes: the shares add up to ${trim(sum * 100)} %; expected at most 100 %`);
  return mailboxes;
}

function bucket(perSecond: number, burst: number): Rule {
  return { kind: 'bucket', rate: perSecond, ...ratioOf(perSecond), burst };
}

function realRate({ value, clock }: Quantity, scale: number): number {
  return clock === 'real' ? value : value * scale;
}

function realDuration({ value, clock }: Quantity, scale: number): Micros {
  return clock === 'real' ? value : value / scale;
}

/** A 32-bit number for a name (FNV-1a), the same in every run. */
function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
