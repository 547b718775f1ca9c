/** What a scenario may change about a limit: from `20/m` or `25%` to the rule that it means. */
import { parseRate, parseShare, type Quantity } from '../../src/core/units.ts';
import { unknownName } from './data-file.ts';
import type { IspProfile } from './profile.ts';
import { type LimitOverride, limitOverride, type ProfileLimit } from './profile-schema.ts';
import { bucket, type Rule, scaled } from './rules.ts';

/** Notes what is wrong with a value; `where` is its place in the scenario. */
export type Complain = (where: string, message: string) => void;

/** The overrides that name a limit of the profile and have a shape that an override may have. */
export function checkedOverrides(
  profile: IspProfile,
  given: Readonly<Record<string, unknown>>,
  where: string,
  complain: Complain,
): Map<string, LimitOverride> {
  const checked = new Map<string, LimitOverride>();
  for (const [name, value] of Object.entries(given)) {
    const limit = profile.limits[name];
    if (!limit) {
      complain(
        `${where}.${name}`,
        unknownName(`limit of ${profile.name}`, name, Object.keys(profile.limits)),
      );
      continue;
    }
    const parsed = limitOverride.safeParse(value);
    if (parsed.success) checked.set(name, parsed.data);
    else complain(`${where}.${name}`, `found ${JSON.stringify(value)}; ${expectedOf(limit)}`);
  }
  return checked;
}

/** A rule of the same kind that no sender reaches. */
export function outOfReach(rule: Rule): Rule {
  switch (rule.kind) {
    case 'bucket':
      return bucket(1e6, 1e9);
    case 'window':
      return { ...rule, count: 1e9 };
    case 'concurrency':
      return { ...rule, max: 1e9 };
  }
}

/** A profile's limit on the real clock. */
export function ruleOf(limit: ProfileLimit, scale: number): Rule {
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
 * proportion, but holds at least one unit, unless the rate is 0. In a window it sets the count that this rate gives. A
 * share is one of everything.
 */
export function overridden(
  base: Rule,
  value: LimitOverride | undefined,
  limit: ProfileLimit,
  scale: number,
  where: string,
  complain: Complain,
): Rule {
  if (value === undefined) return base;
  const short = typeof value !== 'object';
  const share = typeof value === 'string' && value.endsWith('%') ? parseShare(value) : undefined;
  if (share !== undefined) return scaled(base, share);
  const fields = short ? shorthand(base, value) : value;
  const allowed = { bucket: ['rate', 'burst'], window: ['rate', 'count', 'per'], concurrency: ['max'] }[
    base.kind
  ];
  const wrong =
    fields && Object.entries(fields).filter(([name, v]) => v !== undefined && !allowed.includes(name));
  if (!fields || wrong?.length) {
    const found = short ? JSON.stringify(value) : Object.keys(value).join(', ');
    complain(where, `found ${found}; ${expectedOf(limit)}`);
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

/** A rate of the profile in real time. */
export function realRate({ value, clock }: Quantity, scale: number): number {
  return clock === 'real' ? value : value * scale;
}

/** A duration of the profile in real time. */
export function realDuration({ value, clock }: Quantity, scale: number): number {
  return clock === 'real' ? value : value / scale;
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
      return 'expected a rate such as 20/m, a share such as 25%, or { rate, burst }';
    case 'window':
      return limit.per
        ? 'expected a count, a rate such as 5000/h, a share such as 25%, or { count, per }'
        : 'expected a count, a share such as 25%, or { count }';
    case 'concurrency':
      return 'expected a number of connections, a share such as 25%, or { max }';
  }
}
