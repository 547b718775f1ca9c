/** A limit's rule over time, as profile and incidents set it and the time of day scales it. */
import type { Micros } from '../../src/core/clock.ts';
import { type Day, dayChangeAfter, factorAt } from './day.ts';
import { type Rule, scaled } from './rules.ts';

/** The rule from a moment on. The first one of a list also holds before its moment. */
export interface Segment {
  /** Microseconds since the load began. */
  readonly from: Micros;
  readonly rule: Rule;
}

/** What holds when, before anything is earned by the sender. */
export interface Timeline {
  readonly segments: readonly Segment[];
  /** Scales rates and windows; null: all hours are alike. */
  readonly day: Day | null;
  /** Makes a part of each rule, where an account is one of several that make up the limit (leases.ts). */
  readonly partOf?: ((rule: Rule) => Rule) | undefined;
}

/** The rule at a moment. */
export function ruleAt({ segments, day }: Timeline, at: Micros): Rule {
  let index = 0;
  while (index + 1 < segments.length && (segments[index + 1] as Segment).from <= at) index++;
  const { rule } = segments[index] as Segment;
  // Caps on connections and rations of one connection are about how, not about how much a day.
  const scalable = rule.kind === 'bucket' || (rule.kind === 'window' && rule.per !== null);
  return day && scalable ? scaled(rule, factorAt(day, at)) : rule;
}

/** The next moment at which another rule may hold; Infinity if there is none. */
export function changeAfter({ segments, day }: Timeline, at: Micros): Micros {
  const segment = segments.find((s, index) => index > 0 && s.from > at)?.from ?? Number.POSITIVE_INFINITY;
  return day ? Math.min(segment, dayChangeAfter(day, at)) : segment;
}
