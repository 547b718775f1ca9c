/**
 * Limits as exact counters. Everything is counted in whole units against whole microseconds; a bucket's refill is
 * computed from the moment it was last full, never added up in steps, so that nothing drifts.
 *
 * Windows are fixed: one opens with the first thing counted and lasts `per`. A provider's "per hour and per day"
 * quotas are such counters, and one costs two numbers a key; a sliding window would keep every moment.
 */
import type { Micros } from '../../src/core/clock.ts';
import { longRunRate, type Rule, scaled, stricter } from './rules.ts';
import { changeAfter, ruleAt, type Timeline } from './timeline.ts';

/** What a key has earned: its limits times a factor, and never more than a cap. */
export interface Terms {
  readonly factor: number;
  readonly cap: Rule | undefined;
}

/** The terms of whoever has earned nothing. */
export const PLAIN: Terms = { factor: 1, cap: undefined };

/** What one key (a source, a domain …) has used of one limit. */
export interface Account {
  readonly timeline: Timeline;
  terms: Terms;
  /** The rule that holds until `until`, unless the terms change. */
  rule: Rule;
  until: Micros;
  /** Bucket: when refilling began to count. Window: when it opened. */
  origin: Micros;
  /** Units charged since `origin`; concurrency: units held. */
  used: number;
}

/** A new account: nothing used. */
export function openAccount(timeline: Timeline, terms: Terms, now: Micros): Account {
  return new NewAccount(timeline, terms, now);
}

/** A class, since V8 makes an object of literal form slowly whose numbers may or may not be whole. */
class NewAccount implements Account {
  readonly timeline: Timeline;
  terms: Terms;
  rule: Rule;
  until: Micros;
  origin: Micros;
  used = 0;

  constructor(timeline: Timeline, terms: Terms, now: Micros) {
    this.timeline = timeline;
    this.terms = terms;
    this.rule = ruleFor(timeline, terms, now);
    this.until = changeAfter(timeline, now);
    this.origin = now;
  }
}

/** The rule that holds for someone on these terms. */
export function ruleFor(timeline: Timeline, { factor, cap }: Terms, at: Micros): Rule {
  const whole = scaled(ruleAt(timeline, at), factor);
  const rule = cap ? stricter(whole, cap) : whole;
  return timeline.partOf ? timeline.partOf(rule) : rule;
}

/** Changes the terms at a moment that is not before any other that the account has seen. */
export function changeTerms(account: Account, terms: Terms, at: Micros): void {
  catchUp(account, at);
  account.terms = terms;
  enter(account, ruleFor(account.timeline, terms, at), at);
}

/** Brings an account up to `now` and returns the units that it could be charged. */
export function spare(account: Account, now: Micros): number {
  catchUp(account, now);
  return refill(account, now);
}

/**
 * True if `amount` fits. A full bucket or a fresh window takes even what is larger than itself, once; the ration of a
 * connection or a transaction does not.
 */
export function fits(account: Account, amount: number, now: Micros): boolean {
  const left = spare(account, now);
  if (left >= amount) return true;
  const { rule, timeline } = account;
  const refills = rule.kind !== 'window' || rule.per !== null;
  return refills && amount > 1 && left > 0 && account.used === 0 && timeline.partOf === undefined;
}

/** Whether nothing is used, so that the account could as well be forgotten. */
export function isFresh(account: Account, now: Micros): boolean {
  spare(account, now);
  return account.used === 0 && account.terms === PLAIN;
}

/** The first moment from `now` on at which one unit fits, if nothing changes before; Infinity if it never will. */
export function nextUnit(account: Account, now: Micros): Micros {
  const left = spare(account, now);
  if (left >= 1) return now;
  const { rule, origin, used } = account;
  switch (rule.kind) {
    case 'bucket': {
      if (rule.count === 0 || rule.burst < 1) return Number.POSITIVE_INFINITY;
      const at = origin + Math.ceil(((used - rule.burst + 1) * rule.per) / rule.count);
      return Math.max(at, now + 1);
    }
    case 'window':
      return rule.per === null || rule.count < 1 ? Number.POSITIVE_INFINITY : origin + rule.per;
    case 'concurrency':
      return Number.POSITIVE_INFINITY;
  }
}

/** Units that come before `end`, if nothing changes before and each is charged as soon as it is there. */
export function spareBefore(account: Account, now: Micros, end: Micros): number {
  const left = spare(account, now);
  const { rule, origin, used } = account;
  if (rule.kind !== 'bucket') return left;
  // As in nextUnit, a unit is there at the first whole microsecond at which all of it is.
  const elapsed = Math.ceil(end - origin) - 1;
  return rule.burst - used + Math.floor((elapsed * rule.count) / rule.per);
}

/** The next moment at which an account may not go on as it does; for an account that is up to date. */
export function changeOf({ rule, origin, until }: Account): Micros {
  return rule.kind === 'window' && rule.per !== null ? Math.min(until, origin + rule.per) : until;
}

/** Units a second that an account allows in the long run: Infinity for a cap, 0 for a window that is used up. */
export function sustainedRate(account: Account, now: Micros): number {
  const left = spare(account, now);
  if (account.rule.kind === 'window' && account.rule.per !== null && left <= 0) return 0;
  return longRunRate(account.rule);
}

function catchUp(account: Account, now: Micros): void {
  while (account.until <= now) {
    const at = account.until;
    enter(account, ruleFor(account.timeline, account.terms, at), at);
    account.until = changeAfter(account.timeline, at);
  }
}

/** Brings `origin` and `used` up to `now` and returns what is left. */
function refill(account: Account, now: Micros): number {
  const { rule } = account;
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
 * Moves an account to the rule that holds from `at` on. A bucket keeps what it held, at most what the new one holds,
 * and the part of a unit that was under way. Windows and places held go on as they are.
 */
function enter(account: Account, rule: Rule, at: Micros): void {
  const old = account.rule;
  if (rule === old) return;
  const left = refill(account, at);
  account.rule = rule;
  if (rule.kind !== 'bucket' || old.kind !== 'bucket') return;
  const part = (((at - account.origin) * old.count) % old.per) / old.per;
  account.used = rule.burst - Math.min(left, rule.burst);
  account.origin = rule.count === 0 ? at : at - Math.floor((part * rule.per) / rule.count);
}
