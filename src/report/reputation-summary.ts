/** What ISPs think of the sender, as `summary.json` has it. Moments are seconds since the load began. */
import type { SpamLimit } from './reputation-input.ts';

/** At one ISP that judges senders, or from which something comes back. */
export interface IspReputation {
  readonly isp: string;
  readonly scales: readonly ScaleSummary[];
  /** Sources and domains that have lost reputation, the lowest first. */
  readonly standings: readonly StandingSummary[];
  readonly limits: readonly SpamLimit[];
  /** How long a simulated day lasts; null: nothing comes back from this ISP. */
  readonly daySeconds: number | null;
  readonly rates: readonly RateSummary[];
}

/** How the ISP judges sources or domains: by a number that is `best` for whom nothing bad is known. */
export interface ScaleSummary {
  readonly of: 'source' | 'domain';
  readonly best: number;
  /** From the worst on. */
  readonly tiers: readonly TierSummary[];
}

/** What limits are multiplied by for numbers below; 0: everything is refused. */
export interface TierSummary {
  readonly below: number;
  readonly factor: number;
}

/** The ISP's number for a source or a domain. */
export interface StandingSummary {
  readonly of: 'source' | 'domain';
  readonly name: string;
  readonly lowest: number;
  readonly lowestAt: number;
  readonly last: number;
}

/** How many complained. A rate is null where there was too little mail for one. */
export interface RateSummary {
  readonly of: 'domain' | 'feedback-id';
  readonly name: string;
  readonly domain: string;
  readonly recipients: number;
  /** Without those that were taken back. */
  readonly complaints: number;
  readonly rate: number | null;
  readonly days: readonly DayRate[];
}

/** The same of one simulated day. */
export interface DayRate {
  /** 0 begins with the load. */
  readonly day: number;
  readonly recipients: number;
  readonly complaints: number;
  readonly rate: number | null;
}

/** An ISP's number for a source or a domain over time, one entry a bucket; null before it was known. */
export interface StandingSeries {
  readonly of: 'source' | 'domain';
  readonly name: string;
  readonly score: readonly (number | null)[];
}

/** Complaints of a simulated day until then, as a share of its mail until then; null: too little mail. */
export interface RateSeries {
  readonly of: 'domain' | 'feedback-id';
  readonly name: string;
  readonly domain: string;
  readonly rate: readonly (number | null)[];
}
