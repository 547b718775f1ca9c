/**
 * Limits as exact counters. Everything is counted in whole units against whole microseconds; a bucket's refill is
 * computed from the moment it was last full, never added up in steps, so that nothing drifts.
 *
 * Windows are fixed: one opens with the first thing counted and lasts `per`. A provider's "per hour and per day"
 * quotas are such counters, and one costs two numbers a key; a sliding window would keep every moment.
 */
import type { Micros } from '../../src/core/clock.ts';

/** What a limit allows, in real time. */
export type Rule =
  | {
      readonly kind: 'bucket';
      /** Units a second, for people and lines in a chart. */
      readonly rate: number;
      /** The same rate as a ratio of whole numbers: `count` units per `per` microseconds. */
      readonly count: number;
      readonly per: Micros;
      /** Units that a full bucket holds. */
      readonly burst: number;
    }
  | {
      readonly kind: 'window';
      readonly count: number;
      /** Length of a window; null: as long as the connection lives. */
      readonly per: Micros | null;
    }
  | { readonly kind: 'concurrency'; readonly max: number };

/** The rule from a moment on. The first one of a list also holds before its moment. */
export interface Segment {
  /** Microseconds since the load began. */
  readonly from: Micros;
  readonly rule: Rule;
}

/** What one key (a source, a domain …) has used of one limit. */
export interface Account {
  readonly segments: readonly Segment[];
  /** The segment that `origin` and `used` were last brought up to. */
  segment: number;
  /** Bucket: when refilling began to count. Window: when it opened. */
  origin: Micros;
  /** Units charged since `origin`; concurrency: units held. */
  used: number;
}

/** A rate as the smallest whole ratio of units per microseconds. Exact for all rates with up to three decimals a day. */
export function ratioOf(perSecond: number): { count: number; per: Micros } {
  const scale = 1000;
  const count = Math.round(perSecond * 86400 * scale);
  const per = 86400e6 * scale;
  const divisor = gcd(count, per);
  return { count: count / divisor, per: per / divisor };
}

/**
 * A new account: nothing used.
 * @param loadStart the moment that segments count from, on the clock of `now`
 */
export function openAccount(segments: readonly Segment[], now: Micros, loadStart: Micros): Account {
  return { segments, segment: segmentAt(segments, now, loadStart), origin: now, used: 0 };
}

/** The rule that holds now. */
export function ruleNow(segments: readonly Segment[], now: Micros, loadStart: Micros): Rule {
  return (segments[segmentAt(segments, now, loadStart)] as Segment).rule;
}

function segmentAt(segments: readonly Segment[], now: Micros, loadStart: Micros): number {
  let at = 0;
  while (at + 1 < segments.length && (segments[at + 1] as Segment).from + loadStart <= now) at++;
  return at;
}

/** Brings an account up to `now` and returns the units that it could be charged. */
export function spare(account: Account, now: Micros, loadStart: Micros): number {
  const { segments } = account;
  for (let next = account.segment + 1; next < segments.length; next++) {
    const { from, rule } = segments[next] as Segment;
    if (from + loadStart > now) break;
    carryOver(account, rule, from + loadStart);
    account.segment = next;
  }
  return refill(account, (segments[account.segment] as Segment).rule, now);
}

/** True if `amount` fits. A full bucket or a fresh window takes even what is larger than itself, once. */
export function fits(account: Account, amount: number, now: Micros, loadStart: Micros): boolean {
  const left = spare(account, now, loadStart);
  if (left >= amount) return true;
  return amount > 1 && left > 0 && account.used === 0;
}

/** Whether nothing is used, so that the account could as well be forgotten. */
export function isFresh(account: Account, now: Micros, loadStart: Micros): boolean {
  spare(account, now, loadStart);
  return account.used === 0;
}

/**
 * Units a second that a rule allows in the long run: Infinity for a concurrency cap, 0 for a window that is used up.
 * Undefined account: nothing used yet.
 */
export function sustainedRate(
  rule: Rule,
  account: Account | undefined,
  now: Micros,
  loadStart: Micros,
): number {
  switch (rule.kind) {
    case 'bucket':
      return rule.rate;
    case 'window':
      if (rule.per === null) return Number.POSITIVE_INFINITY;
      return account && spare(account, now, loadStart) <= 0 ? 0 : (rule.count / rule.per) * 1e6;
    case 'concurrency':
      return Number.POSITIVE_INFINITY;
  }
}

/** Brings `origin` and `used` up to `now` under one rule and returns what is left. */
function refill(account: Account, rule: Rule, now: Micros): number {
  switch (rule.kind) {
    case 'bucket': {
      const elapsed = now - account.origin;
      if (elapsed >= rule.per) {
        // Whole periods are booked exactly, so that the product below stays a small whole number.
        const periods = Math.floor(elapsed / rule.per);
        account.origin += periods * rule.per;
        account.used -= periods * rule.count;
      }
      const owed = account.used - Math.floor(((now - account.origin) * rule.count) / rule.per);
      if (owed <= 0) {
        account.origin = now;
        account.used = 0;
        return rule.burst;
      }
      return rule.burst - owed;
    }
    case 'window':
      if (rule.per !== null && now >= account.origin + rule.per) account.used = 0;
      // An unused window has not opened.
      if (account.used === 0) account.origin = now;
      return rule.count - account.used;
    case 'concurrency':
      return rule.max - account.used;
  }
}

/**
 * Moves an account to the rule that holds from `at` on. A bucket keeps what it held, at most what the new one holds;
 * a part of a unit is forfeited. Windows and places held go on as they are.
 */
function carryOver(account: Account, next: Rule, at: Micros): void {
  const { rule } = account.segments[account.segment] as Segment;
  const left = refill(account, rule, at);
  if (next.kind !== 'bucket') return;
  account.origin = at;
  account.used = next.burst - Math.min(left, next.burst);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
