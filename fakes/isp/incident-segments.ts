/** From a limit and the incidents that change it to its rule over time. */
import type { Micros } from '../../src/core/clock.ts';
import { bucket, type Rule } from './rules.ts';
import type { Segment } from './timeline.ts';

/** A change of one limit for a time. */
export interface RuleChange {
  readonly start: Micros;
  readonly end: Micros;
  readonly rule: Rule;
  /** The time from `start` in which the limit moves to the rule in a straight line; 0: it jumps. */
  readonly ramp: Micros;
}

/** A ramp is a stair of at most so many steps. */
const STEPS = 50;

/** The rule over time: the base, changed by each incident while it lasts. Of two at once the later one wins. */
export function segmentsOf(base: Rule, changes: readonly RuleChange[]): Segment[] {
  const stairs = changes.flatMap((change) => stairOf(base, change));
  const moments = [...new Set(stairs.flatMap((i) => [i.start, i.end]))].sort((a, b) => a - b);
  const at = (moment: Micros): Rule =>
    stairs.findLast((i) => i.start <= moment && moment < i.end)?.rule ?? base;
  return [{ from: 0, rule: base }, ...moments.map((moment) => ({ from: moment, rule: at(moment) }))];
}

/** A ramp as a stair of equal steps, each with the value of its middle, so that the sum is that of the line. */
function stairOf(base: Rule, change: RuleChange): Omit<RuleChange, 'ramp'>[] {
  const { start, end, rule, ramp } = change;
  const steps = ramp === 0 ? 0 : Math.min(STEPS, Math.ceil(ramp / 1e5));
  const edge = (step: number): Micros => Math.min(end, start + Math.round((ramp * step) / steps));
  const stair = Array.from({ length: steps }, (_, step) => ({
    start: edge(step),
    end: edge(step + 1),
    rule: between(base, rule, (step + 0.5) / steps),
  }));
  return [...stair, { start: Math.min(end, start + ramp), end, rule }].filter((s) => s.start < s.end);
}

/** The rule a part of the way from one to another of its kind. */
function between(from: Rule, to: Rule, part: number): Rule {
  const mix = (a: number, b: number): number => a + (b - a) * part;
  if (from.kind === 'bucket' && to.kind === 'bucket')
    return bucket(mix(from.rate, to.rate), Math.round(mix(from.burst, to.burst)));
  if (from.kind === 'window' && to.kind === 'window')
    return { kind: 'window', count: Math.round(mix(from.count, to.count)), per: to.per };
  if (from.kind === 'concurrency' && to.kind === 'concurrency')
    return { kind: 'concurrency', max: Math.round(mix(from.max, to.max)) };
  return to;
}
