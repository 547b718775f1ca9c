/**
 * What became of every recipient: exactly one outcome each, by the table below. It is counted over confirmed
 * injections: the MTA said 250, so from there on each recipient is the MTA's to account for.
 *
 *   1. an ISP said 250                                               delivered
 *   2. no 250, the last answer a 5xx, and reported or gone           bounced
 *   3. only 4xx or no answer, and reported as failed                 expired
 *   4. still listed in the MTA's queue                               pending
 *   5. gone from a queue that can be listed, without a word          lost
 *   6. the queue can't be listed                                     unaccounted
 */
import type { Ledger } from '../record/ledger.ts';

export const OUTCOMES = ['delivered', 'bounced', 'expired', 'pending', 'lost', 'unaccounted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What an MTA can tell; decides between lost and unaccounted, and whether a missing DSN is a fault. */
export interface MtaEvidence {
  /** The queue was listed at the end of the run, so what it does not name is not in it. */
  readonly queueListed: boolean;
  /** The MTA sends a failed DSN for every bounce. */
  readonly sendsDsn: boolean;
}

/** What is known of one recipient at the end of a run. */
export interface RecipientFacts {
  readonly accepted: number;
  readonly lastAnswer: 'none' | 'accepted' | '4xx' | '5xx' | 'no-reply';
  readonly failedDsn: boolean;
  readonly pending: boolean;
}

/** The outcome of one recipient. */
export function outcomeOf(facts: RecipientFacts, evidence: MtaEvidence): Outcome {
  if (facts.accepted > 0) return 'delivered';
  const rejected = facts.lastAnswer === '5xx';
  if (facts.failedDsn) return rejected ? 'bounced' : 'expired';
  if (facts.pending) return 'pending';
  if (!evidence.queueListed) return 'unaccounted';
  return rejected ? 'bounced' : 'lost';
}

/** Counts for one ISP, or for all. */
export interface OutcomeCounts {
  recipients: number;
  readonly outcomes: Record<Outcome, number>;
  /** Delivered more than once. */
  duplicated: number;
  /** Delivered, and yet reported as failed. */
  falseBounces: number;
  /** Bounced without a DSN, by an MTA that sends them. */
  missingDsns: number;
}

export interface Conservation {
  readonly total: OutcomeCounts;
  readonly byIsp: readonly OutcomeCounts[];
  /** Recipients of injections that were never confirmed, and how many of them were delivered all the same. */
  readonly unconfirmed: { readonly recipients: number; readonly delivered: number };
}

/** Goes through the ledger once. */
export function conservation(ledger: Ledger, isps: number, evidence: MtaEvidence): Conservation {
  const byIsp = Array.from({ length: isps }, emptyCounts);
  const total = emptyCounts();
  const unconfirmed = { recipients: 0, delivered: 0 };
  for (const r of ledger.recipients()) {
    if (!ledger.isConfirmed(r)) {
      if (ledger.injection(r) !== 'unconfirmed') continue;
      unconfirmed.recipients++;
      if (ledger.accepted(r) > 0) unconfirmed.delivered++;
      continue;
    }
    const facts: RecipientFacts = {
      accepted: ledger.accepted(r),
      lastAnswer: ledger.lastAnswer(r),
      failedDsn: ledger.hasFailedDsn(r),
      pending: ledger.isPending(r),
    };
    const outcome = outcomeOf(facts, evidence);
    for (const counts of [total, byIsp[ledger.isp(r)]]) if (counts) count(counts, outcome, facts, evidence);
  }
  return { total, byIsp, unconfirmed };
}

function count(counts: OutcomeCounts, outcome: Outcome, facts: RecipientFacts, evidence: MtaEvidence): void {
  counts.recipients++;
  counts.outcomes[outcome]++;
  if (facts.accepted > 1) counts.duplicated++;
  if (facts.accepted > 0 && facts.failedDsn) counts.falseBounces++;
  if (outcome === 'bounced' && !facts.failedDsn && evidence.sendsDsn) counts.missingDsns++;
}

function emptyCounts(): OutcomeCounts {
  return {
    recipients: 0,
    outcomes: { delivered: 0, bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 },
    duplicated: 0,
    falseBounces: 0,
    missingDsns: 0,
  };
}
