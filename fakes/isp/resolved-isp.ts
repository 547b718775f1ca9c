/** An ISP as it behaves in one run: plain data in real time, which survives JSON and structured cloning. */
import type { Micros } from '../../src/core/clock.ts';
import type { ResolvedFeedback } from '../feedback/resolved-feedback.ts';
import type { Latency } from './answer-times.ts';
import type { ResolvedAuthentication } from './authentication.ts';
import type { Day } from './day.ts';
import type { LimitKey, LimitStage, LimitUnit, StandingKey } from './limit-words.ts';
import type { Answered, MoreAnswered, WeighedConduct } from './profile-schema.ts';
import type { EngineName, ProtocolError, ProtocolRules } from './protocol.ts';
import type { Mark, Reply } from './replies.ts';
import type { Rule } from './rules.ts';
import type { Segment } from './timeline.ts';
import type { Effect } from './verdict.ts';

/** Replies are named by their index in `replies`, limits by theirs in `limits`. */
export interface ResolvedIsp {
  readonly id: string;
  readonly name: string;
  /** Stands for the id in keyed chance. */
  readonly number: number;
  /** All that mail can be addressed to: consumer domains, then hosted ones. */
  readonly domains: readonly string[];
  /** Which hosts take mail for which of them. */
  readonly mx: readonly MailGroup[];
  /** The name that its servers go by. */
  readonly mta: string;
  /** The longest line of a reply, with its codes; longer ones are wrapped. Null: none is. */
  readonly wrap: number | null;
  readonly engine: EngineName;
  readonly rules: ProtocolRules;
  /** How long answers take; null: no time. */
  readonly latency: Latency | null;
  readonly replies: readonly Reply[];
  readonly answers: Readonly<Record<Answered, number> & Partial<Record<MoreAnswered, number>>>;
  readonly errors: Readonly<Partial<Record<ProtocolError, number>>>;
  readonly limits: readonly ResolvedLimit[];
  readonly penalties: readonly ResolvedPenalty[];
  readonly reputation: readonly ResolvedReputation[];
  readonly warmup: ResolvedWarmup | null;
  readonly greylist: { readonly delay: Micros; readonly lifetime: Micros; readonly reply: number } | null;
  readonly day: Day | null;
  readonly mailboxes: readonly ResolvedMailbox[];
  /** Mailboxes of hosted domains, and the domains that they are in. */
  readonly hosted: { readonly domains: readonly string[]; readonly mailboxes: readonly ResolvedMailbox[] };
  /** What becomes of a message when, after its dot, only some of its recipients turn out to take mail. */
  readonly mixed: 'accept' | 'reject';
  readonly authentication: ResolvedAuthentication;
  readonly disturbances: readonly Disturbance[];
  /** What comes back of what it accepted; null: nothing. */
  readonly feedback: ResolvedFeedback | null;
}

/** Domains that share mail hosts. */
export interface MailGroup {
  readonly domains: readonly string[];
  readonly hosts: readonly MailGroupHost[];
}

export interface MailGroupHost {
  readonly host: string;
  /** The name in its certificate, which may be a wildcard. */
  readonly certified: string;
  readonly preference: number;
  readonly ipv6: boolean;
  /** Numbers of its addresses at this ISP; hosts may share them. */
  readonly places: readonly number[];
}

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
  /** The same for the sources (by index) or sender domains that an incident names. */
  readonly exceptions: readonly { readonly of: number | string; readonly segments: readonly Segment[] }[];
  readonly source: string;
  readonly mark: Mark;
}

/** Stands among the indexes of limits for the daily quota of sources that are new. */
export const WARMUP = -1;

/** What whoever goes over limits again and again has to bear. */
export interface ResolvedPenalty {
  readonly key: StandingKey;
  /** The limits whose refusals are violations; WARMUP: the quota of a new source. */
  readonly on: readonly number[];
  /** A penalty starts with this many of them within `per`, counted from the first. */
  readonly after: number;
  readonly per: Micros;
  /** What the first penalty is, and the ones after it; the last repeats. */
  readonly levels: readonly (readonly ResolvedStep[])[];
  /** A penalty that starts sooner than this after the last one ended is of the next level. */
  readonly forget: Micros;
  /** Whether an attempt that is refused by a penalty begins the time of its step anew. */
  readonly prolong: boolean;
}

/** A part of a penalty. */
export interface ResolvedStep {
  readonly duration: Micros;
  /** Everything is refused with it, at its stage; null: mail is taken within the caps. */
  readonly reply: number | null;
  readonly caps: readonly { readonly limit: number; readonly rule: Rule }[];
}

/** How a number is kept for each key, and what it does to the key's limits. */
export interface ResolvedReputation {
  readonly key: StandingKey;
  /** The number of whom nothing bad is known, and the most that there is. */
  readonly best: number;
  /** Points that come back in a microsecond. */
  readonly recovery: number;
  readonly weights: Readonly<Record<WeighedConduct, number>>;
  /** From the worst to the best; above all of them limits hold as they are. */
  readonly tiers: readonly ResolvedTier[];
  /** Sudden volume: more than `times` what was accepted in the window before, and more than `least`. */
  readonly spike: { readonly times: number; readonly per: Micros; readonly least: number } | null;
}

export interface ResolvedTier {
  /** For numbers below this one. */
  readonly below: number;
  /** Times the limits; 0: the reply refuses everything at its stage. */
  readonly factor: number;
  /** What is said at its stage instead of a limit's own reply; null: what the limit says. */
  readonly reply: number | null;
}

/** What sources that nobody knows may send on each day with mail, until they are known. */
export interface ResolvedWarmup {
  readonly days: readonly number[];
  /** What a day lasts. */
  readonly per: Micros;
  readonly unit: 'transactions' | 'recipients';
  readonly stage: LimitStage;
  readonly reply: number;
  /** Indexes of the sources that are new; null: all. */
  readonly sources: readonly number[] | null;
}

/** A kind of mailbox that takes no mail. */
export interface ResolvedMailbox {
  readonly name: string;
  /** Share of all mailboxes, 0 to 1. */
  readonly share: number;
  readonly reply: number;
}

/** What an incident does besides changing limits, to whom it is about. */
export interface Disturbance {
  readonly start: Micros;
  readonly end: Micros;
  /** Indexes of the sources that it is about; null: all. */
  readonly sources: readonly number[] | null;
  /** The sender domain that it is about; null: all. */
  readonly domain: string | null;
  /** The share of connections or messages that it hits, 0 to 1. */
  readonly share: number;
  /** What they hear, at its stage; null: see `effect`. */
  readonly reply: number | null;
  readonly effect: Effect | null;
}
