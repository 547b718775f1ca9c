/** What a limit allows, as exact numbers in real time: rates are ratios of whole units to whole microseconds. */
import type { Micros } from '../../src/core/clock.ts';

/** One rule: how much of its unit one key may have. */
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
      /** Length of a window; null: as long as the connection or the transaction lives. */
      readonly per: Micros | null;
    }
  | { readonly kind: 'concurrency'; readonly max: number };

/** A bucket with this rate (units a second) and burst. */
export function bucket(perSecond: number, burst: number): Rule {
  return { kind: 'bucket', rate: perSecond, ...ratioOf(perSecond), burst };
}

/** A rate as the smallest whole ratio of units per microseconds. Exact for all rates with up to three decimals a day. */
export function ratioOf(perSecond: number): { count: number; per: Micros } {
  const scale = 1000;
  const count = Math.round(perSecond * 86400 * scale);
  const per = 86400e6 * scale;
  const divisor = gcd(count, per);
  return { count: count / divisor, per: per / divisor };
}

/** A rule times a factor. What allowed something still allows one unit, unless the factor is 0. */
export function scaled(rule: Rule, factor: number): Rule {
  if (factor === 1) return rule;
  switch (rule.kind) {
    case 'bucket':
      return bucket(rule.rate * factor, times(rule.burst, factor));
    case 'window':
      return { ...rule, count: times(rule.count, factor) };
    case 'concurrency':
      return { ...rule, max: times(rule.max, factor) };
  }
}

/** The rule that allows less in the long run; both are of one kind. */
export function stricter(a: Rule, b: Rule): Rule {
  const size = (rule: Rule): number => {
    if (rule.kind === 'concurrency') return rule.max;
    return rule.kind === 'window' && rule.per === null ? rule.count : longRunRate(rule);
  };
  return size(b) < size(a) ? b : a;
}

/** Units a second that a rule allows in the long run; Infinity where it limits no rate. */
export function longRunRate(rule: Rule): number {
  switch (rule.kind) {
    case 'bucket':
      return rule.rate;
    case 'window':
      return rule.per === null ? Number.POSITIVE_INFINITY : (rule.count / rule.per) * 1e6;
    case 'concurrency':
      return Number.POSITIVE_INFINITY;
  }
}

function times(units: number, factor: number): number {
  // A product such as 100 × 0.29 lies a hair below the whole number that is meant.
  return factor === 0 ? 0 : Math.max(Math.min(1, units), Math.floor(units * factor + 1e-9));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
