/** What came back of accepted mail, as reports tell it: plain data. */

/** What comes back of accepted mail (FEEDBACK_KINDS in src/record/attempt-log.ts). */
export type FeedbackKind =
  | 'complaint'
  | 'withdrawal'
  | 'bounce'
  | 'auto-reply'
  | 'challenge'
  | 'malformed'
  | 'unsubscribe'
  | 'trap';

/**
 * `due`: the ISP is to send it; `happened`: the recipient did it, reported or not; `sent`: the other side confirmed it; `failed`:
 * refused for good, or given up; `received`: the mailroom has read it.
 */
export type FeedbackState = 'due' | 'happened' | 'sent' | 'failed' | 'received';

export interface FeedbackSummary {
  /** Who takes by SMTP what comes back: the MTA under test, or the mailroom. */
  readonly to: 'mta' | 'mailroom';
  /** Where complaint reports are addressed to. */
  readonly address: string;
  /** What was given up, waits or is gone, a sentence each; none: all that was sent has come. */
  readonly findings: readonly string[];
  /** Those of which anything comes back, or did. */
  readonly isps: readonly IspFeedback[];
}

/** What came back from one ISP. */
export interface IspFeedback {
  /** null: what the mailroom received and could not tell whose it is. */
  readonly isp: string | null;
  /** Recipient attempts that it accepted. */
  readonly accepted: number;
  readonly complaints: number;
  /** Complaints as a share of those; 0 where nothing was accepted. */
  readonly complaintRate: number;
  /** The kinds that there were. */
  readonly kinds: readonly FeedbackCount[];
}

/** One kind of what came back from one ISP. */
export interface FeedbackCount {
  readonly kind: FeedbackKind;
  /** Complaints and withdrawals that users made, reported or not; hits of traps; of other kinds what is due. */
  readonly happened: number;
  /** What the ISP is to send for it. */
  readonly due: number;
  /** What was taken from it; what was refused or given up; what waits for its time, or for another try. */
  readonly sent: number;
  readonly failed: number;
  readonly waiting: number;
  /** What the mailroom has read. */
  readonly received: number;
  /** Times that it was tried to hand something over. */
  readonly tries: number;
  /** Medians: from the acceptance until it was handed over, and from then until the mailroom had read it; null: none was. */
  readonly sentAfterMs: number | null;
  readonly receivedAfterMs: number | null;
}
