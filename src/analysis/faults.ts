/** What each fault of the MTA cost: what became of the mail that it held then, and of what it was to take meanwhile. */
import type { Micros } from '../core/clock.ts';
import type { Measured } from '../gate/threshold.ts';
import type { FaultMoments } from '../record/aggregate.ts';
import type { Ledger } from '../record/ledger.ts';
import { judgeRecipient, knownFrom, type MtaEvidence, type Outcome } from './conservation.ts';

/** Recipients, but for the delay. Those at risk are all of `outcomes` and `meanwhile` and `delayed`. */
export interface FaultCost {
  /** The MTA had confirmed their messages, and had neither delivered them nor reported them as failed. */
  atRisk: number;
  /** Of those at risk: delivered before it was over, as what was under way may be. */
  meanwhile: number;
  /** Of those at risk: delivered when it was over; with how long after the fault's begin the last one was. */
  delayed: number;
  longestDelay: Micros | undefined;
  /** Of those at risk: all that were not delivered. */
  readonly outcomes: Record<Exclude<Outcome, 'delivered'>, number>;
  /** Delivered before the MTA was killed, and again after it was started again. */
  duplicated: number;
  /** Of messages that the MTA refused, never confirmed, or was never handed, from the fault's begin to its end. */
  refused: number;
  unconfirmed: number;
  dropped: number;
}

/** A fault as it was. */
export interface FaultSpan extends FaultMoments {
  /** It ended the MTA. */
  readonly kills: boolean;
}

/** Goes through the ledger once, for all faults. */
export function faultCosts(ledger: Ledger, evidence: MtaEvidence, faults: readonly FaultSpan[]): FaultCost[] {
  const costs = faults.map((fault) => ({ fault, ...times(fault), cost: nothing() }));
  if (costs.length === 0) return [];
  for (const r of ledger.recipients()) {
    const known = knownFrom(ledger, r);
    const judgement = judgeRecipient(known, evidence);
    for (const each of costs) {
      if (known.injection !== 'confirmed') countMeanwhile(each, ledger, r);
      else if (judgement?.outcome !== undefined) countHeld(each, ledger, r, judgement.outcome);
      if (judgement?.duplicate === 'crash' && isRepeatedAt(each.fault, ledger, r)) each.cost.duplicated++;
    }
  }
  return costs.map(({ cost }) => cost);
}

/** How long an MTA that was killed took to take mail again, milliseconds; over several kills the longest. */
export function restartTime(
  faults: ReadonlyMap<number, FaultMoments>,
  number?: string,
): Measured | undefined {
  const restarts = [...faults].filter(
    ([index, { starting }]) =>
      starting !== undefined && (number === undefined || String(index + 1) === number),
  );
  if (faults.size === 0) return undefined;
  const took = restarts.map(([, { starting = 0, ended }]) =>
    ended === undefined ? undefined : (ended - starting) / 1e3,
  );
  const known = took.filter((ms) => ms !== undefined);
  const word = known.length < took.length ? 'never' : known.length === 0 ? 'not applicable' : undefined;
  if (word !== undefined) return { kind: 'gauge', value: Number.NaN, min: Number.NaN, max: Number.NaN, word };
  return { kind: 'gauge', value: Math.max(...known), min: Math.min(...known), max: Math.max(...known) };
}

interface Counted {
  readonly fault: FaultMoments;
  readonly cost: FaultCost;
  /** What was confirmed until then was confirmed by the MTA that had the fault. */
  readonly held: Micros;
  /** From then on it delivers what the fault held up. */
  readonly again: Micros;
  readonly over: Micros;
}

function times({ kills, began, starting, ended }: FaultSpan): Pick<Counted, 'held' | 'again' | 'over'> {
  const never = Number.POSITIVE_INFINITY;
  const over = ended ?? never;
  if (!kills) return { held: began, again: over, over };
  // A killed MTA's last words may be read after the kill, but not after it was started again.
  return { held: starting ?? never, again: starting ?? never, over };
}

function countHeld({ fault, cost, held, again }: Counted, ledger: Ledger, r: number, outcome: Outcome): void {
  const ended = ledger.endedAt(r);
  if (ledger.confirmedAt(r) > held || (ended !== undefined && ended <= fault.began)) return;
  cost.atRisk++;
  if (outcome !== 'delivered') cost.outcomes[outcome]++;
  else if (ledger.acceptedAt(r) < again) cost.meanwhile++;
  else {
    cost.delayed++;
    cost.longestDelay = Math.max(cost.longestDelay ?? 0, ledger.acceptedAt(r) - fault.began);
  }
}

function countMeanwhile({ fault, cost, over }: Counted, ledger: Ledger, r: number): void {
  const state = ledger.injection(r);
  const at = ledger.confirmedAt(r);
  if (at < fault.began || at > over) return;
  if (state === 'refused' || state === 'unconfirmed' || state === 'dropped') cost[state]++;
}

function isRepeatedAt({ starting }: FaultMoments, ledger: Ledger, r: number): boolean {
  return starting !== undefined && ledger.acceptedAt(r) < starting && ledger.lastAcceptedAt(r) >= starting;
}

function nothing(): FaultCost {
  return {
    atRisk: 0,
    meanwhile: 0,
    delayed: 0,
    longestDelay: undefined,
    outcomes: { bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 },
    duplicated: 0,
    refused: 0,
    unconfirmed: 0,
    dropped: 0,
  };
}
