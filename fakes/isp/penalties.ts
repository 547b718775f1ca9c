/**
 * Penalties: what a key earns that goes over limits again and again. A penalty has steps, each with a time; repeated
 * penalties are of higher levels. Everything happens at an exact moment, whoever looks and when.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { ResolvedPenalty, ResolvedStep } from './resolved-isp.ts';

/** What one key has done and earned. */
export interface Penalty {
  /** When the first of the violations was, and how many there were since. */
  opened: Micros;
  violations: number;
  /** The level of the penalty under way, or of the last one. */
  level: number;
  /** The step under way and its end; -1 and Infinity: none. */
  step: number;
  ends: Micros;
  /** When the last penalty ended. */
  over: Micros;
}

/** Nothing earned. */
export function noPenalty(): Penalty {
  return {
    opened: Number.NEGATIVE_INFINITY,
    violations: 0,
    level: 0,
    step: -1,
    ends: Number.POSITIVE_INFINITY,
    over: Number.NEGATIVE_INFINITY,
  };
}

/** The step under way. */
export function stepOf(
  rule: ResolvedPenalty | undefined,
  { level, step }: Penalty,
): ResolvedStep | undefined {
  return step < 0 ? undefined : rule?.levels[level]?.[step];
}

/** Counts a violation. Returns true if a penalty begins with it, at `now`. */
export function violate(rule: ResolvedPenalty, penalty: Penalty, now: Micros): boolean {
  const step = stepOf(rule, penalty);
  // Who is refused everything already can't earn more, except time.
  if (step && step.reply !== null) return false;
  if (now >= penalty.opened + rule.per) {
    penalty.opened = now;
    penalty.violations = 0;
  }
  if (++penalty.violations < rule.after) return false;
  const again = step !== undefined || now < penalty.over + rule.forget;
  penalty.level = again ? Math.min(penalty.level + 1, rule.levels.length - 1) : 0;
  penalty.opened = Number.NEGATIVE_INFINITY;
  penalty.violations = 0;
  enterStep(rule, penalty, 0, now);
  return true;
}

/** An attempt that the penalty refuses. */
export function insist(rule: ResolvedPenalty, penalty: Penalty, now: Micros): void {
  if (rule.prolong) penalty.ends = now + (stepOf(rule, penalty)?.duration ?? 0);
}

/** Ends the step under way, at the moment when it ends. */
export function nextStep(rule: ResolvedPenalty, penalty: Penalty): void {
  enterStep(rule, penalty, penalty.step + 1, penalty.ends);
}

/** Whether this is as good as none. */
export function isForgotten(rule: ResolvedPenalty, penalty: Penalty, now: Micros): boolean {
  return penalty.step < 0 && now >= penalty.over + rule.forget && now >= penalty.opened + rule.per;
}

function enterStep(rule: ResolvedPenalty, penalty: Penalty, index: number, at: Micros): void {
  const step = rule.levels[penalty.level]?.[index];
  penalty.step = step ? index : -1;
  penalty.ends = step ? at + step.duration : Number.POSITIVE_INFINITY;
  if (!step) penalty.over = at;
}
