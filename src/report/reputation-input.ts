/** What a report needs to know of how ISPs judge senders, beside the records. Plain data. */
import type { Micros } from '../core/clock.ts';

/** How an ISP judges sources or domains: by a number that is `best` for whom nothing bad is known. */
export interface ReputationScale {
  readonly isp: string;
  readonly of: 'source' | 'domain';
  readonly best: number;
  /** What limits are multiplied by for numbers below, from the worst on; 0: everything is refused. */
  readonly tiers: readonly { readonly below: number; readonly factor: number }[];
}

/** A share of complaints that a sender is to stay below, and how that is known. */
export interface SpamLimit {
  readonly rate: number;
  readonly mark: 'documented' | 'observed' | 'assumed';
}

/** How many complained of what an ISP accepted. */
export interface SpamRates {
  readonly isp: string;
  readonly limits: readonly SpamLimit[];
  /** A simulated day in real time. */
  readonly day: Micros;
  readonly rates: readonly SpamRate[];
}

/** Of one domain, or of mail with one identifier in its Feedback-ID. */
export interface SpamRate {
  readonly of: 'domain' | 'feedback-id';
  readonly name: string;
  /** Whose identifier it is; a domain's own name. */
  readonly domain: string;
  readonly days: readonly SpamDay[];
}

/** Recipients and complaints of a simulated day, in slots of equal length from its begin. */
export interface SpamDay {
  /** 0 begins with the load. */
  readonly day: number;
  readonly slot: Micros;
  readonly recipients: readonly number[];
  /** Below 0 in a slot in which more was taken back than complained of. */
  readonly complaints: readonly number[];
}
