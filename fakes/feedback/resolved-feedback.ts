/** What comes back from an ISP in one run: plain data in real time, which survives JSON and structured cloning. */
import type { Micros } from '../../src/core/clock.ts';
import type { FeedbackKind } from '../../src/record/attempt-log.ts';
import type { Mark } from '../isp/replies.ts';
import type { Spread } from '../isp/spread.ts';

/**
 * How an ISP reports a complaint. `yahoo-arf`: RFC 5965 as Yahoo writes it; `jmrp-legacy`: Outlook's until June 2026;
 * `jmrp-arf`: Outlook's since (layout assumed); `arf`: plain RFC 5965; `none`: complaints only count (Gmail).
 */
export const COMPLAINT_FORMS = ['yahoo-arf', 'jmrp-legacy', 'jmrp-arf', 'arf', 'none'] as const;
export type ComplaintForm = (typeof COMPLAINT_FORMS)[number];

/**
 * How an ISP reports what it accepted and then could not deliver. `google`: groups, forwards, routing rules of Gmail;
 * `microsoft`: the NDR of a Microsoft 365 tenant; `rfc3464`: a plain one; `none`: it never does (Yahoo refuses in the session).
 */
export const BOUNCE_FORMS = ['google', 'microsoft', 'rfc3464', 'none'] as const;
export type BounceForm = (typeof BOUNCE_FORMS)[number];

/** Complaint loops that senders have enrolled in: DKIM domains (in small letters), and sources by index. */
export interface EnrolledLoops {
  readonly domains: readonly string[];
  readonly sources: readonly number[];
}

/**
 * A share of what is accepted has a consequence. Of the rules of one kind that hold for a recipient the last one decides, so
 * that incidents come last.
 */
export interface FeedbackRule {
  readonly kind: FeedbackKind;
  /** When the message is accepted; null: to the end of the run. */
  readonly start: Micros;
  readonly end: Micros | null;
  /** Of the recipients that it is about, 0 to 1; of a withdrawal: of the complaints. */
  readonly share: number;
  /** From the acceptance; of a withdrawal: from the complaint's report. */
  readonly delay: Spread;
  /** Only messages with this header field: name in small letters, and what its value must have in it, case ignored. */
  readonly header: { readonly name: string; readonly value: string } | null;
  /** Only this share of the mailboxes, chosen by their addresses: the same group for all rules with the same share. */
  readonly group: number | null;
  /** Only mail from these sources (by index). */
  readonly sources: readonly number[] | null;
}

/** All that an ISP sends back in a run. */
export interface ResolvedFeedback {
  readonly complaints: {
    readonly form: ComplaintForm;
    /** Whom a complaint loop belongs to: only mail of an enrolled key is reported. */
    readonly key: 'dkim-domain' | 'source';
    /** Null: everyone is. */
    readonly loops: EnrolledLoops | null;
    /** Whether reports hide whom the complaint is from. */
    readonly redacted: boolean;
    /** Who sends reports. */
    readonly from: string;
  };
  readonly bounces: { readonly form: BounceForm; readonly from: string };
  /** Whether it asks List-Unsubscribe URLs for its users (RFC 8058). */
  readonly oneClick: boolean;
  /** Aggregate data: what its senders can look up. */
  readonly data: 'postmaster-tools' | 'snds' | 'none';
  /** Waits of its own outbound mail after each try that failed for now; the last repeats until `expire`. */
  readonly retry: readonly Micros[];
  readonly expire: Micros;
  /** A simulated day in real time: what aggregate data counts by. */
  readonly day: Micros;
  readonly rules: readonly FeedbackRule[];
  /** Where the form of its complaints is from; what numbers are worth is marked in the profile. */
  readonly source: string;
  readonly mark: Mark;
}
