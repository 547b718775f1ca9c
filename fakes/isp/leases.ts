/**
 * Limits that several processes share. An ISP on several worker processes counts what is about one client where that
 * client is served; what spans clients has one owner, which lends parts of each limit to the workers (lease-owner.ts),
 * and they decide with what they hold (lease-holder.ts).
 *
 * Whatever is said late or not at all, the workers never hold more between them than the limit has left. Each starts
 * with a standing part of every account, without a word, and asks for more when less than half of that is left; the
 * owner gives from its reserve, and takes back from whoever has more than the neediest. What nobody can have is what
 * lies at workers that don't want it for the moment of a message's way. A worker may refuse what a single process
 * would have taken if it is asked for more at once than it holds, as by an amount that is larger than its part.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { LimitKey } from './limit-words.ts';
import type { Rule } from './rules.ts';

/** One of the worker processes of an ISP. */
export interface Part {
  /** Its number, from 0. */
  readonly part: number;
  /** How many there are. */
  readonly parts: number;
}

/** True for limits whose accounts belong to no single client. */
export function isShared(key: LimitKey): boolean {
  return (
    key === 'netblock' ||
    key === 'sender-domain' ||
    key === 'dkim-domain' ||
    key === 'isp' ||
    key === 'mailbox'
  );
}

/** Worker to owner: how one of its accounts stands. */
export interface LeaseReport {
  /** Index of the limit. */
  readonly limit: number;
  readonly key: string | number;
  /** The whole limit's size as this worker knows it (see sizeOf): it tells old terms from new ones. */
  readonly size: number;
  /** Bucket: units spent since the report before. Window: in the window under way. Cap: places taken. */
  readonly used: number;
  /** Bucket: units that it may still spend. Window, cap: units that it may have used, the used ones included. */
  readonly held: number;
  /** When its window opened. */
  readonly origin: Micros;
  /** Units that came from the owner so far, whether or not they could be taken. */
  readonly seen: number;
  /** Units that it would like to have. */
  readonly want: number;
}

/** Owner to worker. */
export interface LeaseOrder {
  readonly limit: number;
  readonly key: string | number;
  /** The limit's size when this was said; on other terms the units are void. */
  readonly size: number;
  /** Units that it may have besides. */
  readonly give: number;
  /** It is to hand back half of what it doesn't need at the moment. */
  readonly recall: boolean;
  /** When the window under way opened; undefined: nothing new. */
  readonly origin: Micros | undefined;
}

/** The most units of a rule that are there at once. */
export function sizeOf(rule: Rule): number {
  switch (rule.kind) {
    case 'bucket':
      return rule.burst;
    case 'window':
      return rule.count;
    case 'concurrency':
      return rule.max;
  }
}

/** So many units every worker has of a limit if it can: who comes twice in a moment is not to be refused. */
const FEW = 4;

/**
 * What a worker may have of a limit of this size before it says a word: all of them together half of it, of a small
 * limit more, of one that has not a unit for each those that there are.
 */
export function standingUnits(size: number, { part, parts }: Part): number {
  const fair = Math.floor(size / parts);
  return fair >= 1 ? Math.max(Math.floor(fair / 2), Math.min(fair, FEW)) : part < size ? 1 : 0;
}

/** The rule by which a worker counts its standing part. A bucket's is one that nothing runs into: the owner refills. */
export function standingRule(rule: Rule, part: Part): Rule {
  const units = standingUnits(sizeOf(rule), part);
  return rule.kind === 'bucket'
    ? { kind: 'bucket', rate: 0, count: 0, per: 1, burst: units }
    : resized(rule, units);
}

/** The same rule with room for another number of units. */
export function resized(rule: Rule, units: number): Rule {
  switch (rule.kind) {
    case 'bucket':
      return { ...rule, burst: units };
    case 'window':
      return { ...rule, count: units };
    case 'concurrency':
      return { ...rule, max: units };
  }
}
