/**
 * What became of every recipient: exactly one outcome each, by the table below. It is counted over confirmed
 * injections: the MTA said 250, so from there on each recipient is the MTA's to account for.
 *
 *   1. an ISP said 250                                               delivered
 *   2. no 250, the last answer a 5xx, and reported or gone           bounced
 *   3. only 4xx or no answer, and reported as failed                 expired
 *   4. still listed in the MTA's queue, or a report about it is      pending
 *   5. gone from a queue that can be listed, without a word          lost
 *   6. the queue can't be listed                                     unaccounted
 */
import type { InjectionState } from '../record/attempt-log.ts';
import type { LastAnswer, Ledger, Repeated } from '../record/ledger.ts';

export const OUTCOMES = ['delivered', 'bounced', 'expired', 'pending', 'lost', 'unaccounted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What an MTA can tell; decides between lost and unaccounted, and whether a missing DSN is a fault. */
export interface MtaEvidence {
  /** The queue was listed at the end of the run, so what it does not name is not in it. */
  readonly queueListed: boolean;
  /** The MTA sends a failed DSN for every bounce. */
  readonly sendsDsn: boolean;
  /** The run goes on: whoever has no outcome yet is under way. */
  readonly running?: boolean;
}

/** What is known of one recipient at the end of a run. */
export interface RecipientFacts {
  readonly accepted: number;
  readonly lastAnswer: LastAnswer;
  readonly failedDsn: boolean;
  readonly pending: boolean;
}

/** The outcome of one recipient. */
export function outcomeOf(facts: RecipientFacts, evidence: MtaEvidence): Outcome {
  if (facts.accepted > 0) return 'delivered';
  const rejected = facts.lastAnswer === '5xx';
  if (facts.failedDsn) return rejected ? 'bounced' : 'expired';
  if (facts.pending || evidence.running) return 'pending';
  if (!evidence.queueListed) return 'unaccounted';
  return rejected ? 'bounced' : 'lost';
}

/**
 * Why a recipient was delivered more than once. `unconfirmed`: the MTA can't have read the 250 of any delivery but the
 * last, or the driver never read the MTA's own 250 for the message, so that nobody is to blame (RFC 1047). `crash`: the
 * MTA was killed after a delivery and started again before the next; what it had not noted down by then it has to deliver
 * again. `mta`: anything else.
 */
export type DuplicateCause = 'mta' | 'crash' | 'unconfirmed';

const CAUSE: Readonly<Record<Repeated, DuplicateCause>> = {
  knowingly: 'mta',
  'after a restart': 'crash',
  unknowingly: 'unconfirmed',
};

/** All that is judged of one recipient. */
export interface Judgement {
  /** undefined: the MTA never confirmed the message, so it need not account for it. */
  readonly outcome: Outcome | undefined;
  /** undefined: it was delivered once at most. */
  readonly duplicate: DuplicateCause | undefined;
  /** Delivered, and yet reported as failed; and that not by the ISP. */
  readonly falseBounce: boolean;
  /** Delivered, and bounced by the ISP afterwards. */
  readonly asyncBounce: boolean;
  /** Bounced without a DSN, by an MTA that sends them. */
  readonly missingDsn: boolean;
}

/** What is known of one recipient at the end of a run, its message's injection included. */
export interface KnownRecipient extends RecipientFacts {
  /** undefined: there is no record of it. */
  readonly injection: InjectionState | undefined;
  /** What the MTA could know when it delivered it again; of whom it did not, anything. */
  readonly repeated: Repeated;
  /** The ISP sends a DSN about what it has accepted. */
  readonly bouncedLater: boolean;
}

/** Judges one recipient; undefined if the MTA never had it: its message was refused, or never handed over. */
export function judgeRecipient(
  { injection, repeated, bouncedLater, ...facts }: KnownRecipient,
  evidence: MtaEvidence,
): Judgement | undefined {
  const { accepted, failedDsn } = facts;
  if (injection === 'unconfirmed') {
    const duplicate = accepted > 1 ? 'unconfirmed' : undefined;
    return { outcome: undefined, duplicate, falseBounce: false, asyncBounce: false, missingDsn: false };
  }
  if (injection !== 'confirmed') return undefined;
  const outcome = outcomeOf(facts, evidence);
  return {
    outcome,
    duplicate: accepted > 1 ? CAUSE[repeated] : undefined,
    falseBounce: accepted > 0 && failedDsn && !bouncedLater,
    asyncBounce: accepted > 0 && bouncedLater,
    missingDsn: outcome === 'bounced' && !failedDsn && evidence.sendsDsn,
  };
}

/** What the ledger knows of a recipient. */
export function knownFrom(ledger: Ledger, recipient: number): KnownRecipient {
  return {
    injection: ledger.injection(recipient),
    accepted: ledger.accepted(recipient),
    lastAnswer: ledger.lastAnswer(recipient),
    failedDsn: ledger.hasFailedDsn(recipient),
    pending: ledger.isPending(recipient),
    repeated: ledger.repeated(recipient),
    bouncedLater: ledger.isBouncedLater(recipient),
  };
}

/** Counts for one ISP, or for all. */
export interface OutcomeCounts {
  recipients: number;
  readonly outcomes: Record<Outcome, number>;
  /** Delivered more than once, by the MTA's fault. */
  duplicated: number;
  /** Delivered more than once, by nobody's fault. */
  duplicatedUnconfirmed: number;
  /** Delivered before the MTA was killed, and again after. */
  duplicatedAfterCrash: number;
  falseBounces: number;
  /** Accepted, then bounced by the ISP. */
  asyncBounces: number;
  missingDsns: number;
}

export interface Conservation {
  readonly total: OutcomeCounts;
  readonly byIsp: readonly OutcomeCounts[];
  /** Recipients of injections that were never confirmed, how many were delivered all the same, and more than once. */
  readonly unconfirmed: {
    readonly recipients: number;
    readonly delivered: number;
    readonly duplicated: number;
  };
}

/** Goes through the ledger once. */
export function conservation(ledger: Ledger, isps: number, evidence: MtaEvidence): Conservation {
  const byIsp = Array.from({ length: isps }, emptyCounts);
  const total = emptyCounts();
  const unconfirmed = { recipients: 0, delivered: 0, duplicated: 0 };
  for (const r of ledger.recipients()) {
    const judgement = judgeRecipient(knownFrom(ledger, r), evidence);
    if (!judgement) continue;
    if (judgement.outcome === undefined) {
      unconfirmed.recipients++;
      if (ledger.accepted(r) > 0) unconfirmed.delivered++;
      if (judgement.duplicate) unconfirmed.duplicated++;
      continue;
    }
    for (const counts of [total, byIsp[ledger.isp(r)]])
      if (counts) count(counts, judgement.outcome, judgement);
  }
  return { total, byIsp, unconfirmed };
}

function count(
  counts: OutcomeCounts,
  outcome: Outcome,
  { duplicate, falseBounce, asyncBounce, missingDsn }: Judgement,
): void {
  counts.recipients++;
  counts.outcomes[outcome]++;
  if (duplicate === 'mta') counts.duplicated++;
  if (duplicate === 'unconfirmed') counts.duplicatedUnconfirmed++;
  if (duplicate === 'crash') counts.duplicatedAfterCrash++;
  if (falseBounce) counts.falseBounces++;
  if (asyncBounce) counts.asyncBounces++;
  if (missingDsn) counts.missingDsns++;
}

function emptyCounts(): OutcomeCounts {
  return {
    recipients: 0,
    outcomes: { delivered: 0, bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 },
    duplicated: 0,
    duplicatedUnconfirmed: 0,
    duplicatedAfterCrash: 0,
    falseBounces: 0,
    asyncBounces: 0,
    missingDsns: 0,
  };
}

/** Whether some confirmed recipient has no end yet: neither accepted nor reported as failed. */
export function someoneWaits(ledger: Ledger): boolean {
  for (const recipient of ledger.recipients()) {
    if (ledger.isConfirmed(recipient) && ledger.endedAt(recipient) === undefined) return true;
  }
  return false;
}
