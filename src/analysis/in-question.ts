/** Whose histories are worth telling: recipients with whom something is wrong, or whose end is not known. */
import type { Ledger } from '../record/ledger.ts';
import { type Judgement, judgeRecipient, knownFrom, type MtaEvidence } from './conservation.ts';

/**
 * Why a recipient's history is told, the gravest first; the words are those of the metrics. `duplicated_unconfirmed`:
 * delivered more than once by nobody's fault.
 */
export const HISTORY_KINDS = [
  'lost',
  'duplicated',
  'false_bounce',
  'missing_dsn',
  'unaccounted',
  'crash_duplicated',
  'duplicated_unconfirmed',
  'pending',
] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** How much is told at most. */
export interface Most {
  readonly recipients: number;
  /** Of all these recipients together. */
  readonly attempts: number;
  /** Recipients of a kind of whom there is word in the report itself. */
  readonly sample: number;
}

/** What a report's memory and a reader's patience bear. */
export const MOST_TOLD: Most = { recipients: 100_000, attempts: 500_000, sample: 25 };

/** The recipients in question. */
export interface InQuestion {
  /** Those of whom is told, rising. */
  readonly told: readonly number[];
  /** In the order of HISTORY_KINDS; a recipient can be of several kinds. */
  readonly kinds: readonly {
    readonly kind: HistoryKind;
    readonly count: number;
    /** Those of them that are not told. */
    readonly leftOut: number;
    /** The first of them. */
    readonly sample: readonly number[];
  }[];
}

/** Why a recipient's history is told; nothing: all is well with it. */
export function kindsOf(judgement: Judgement | undefined): HistoryKind[] {
  if (!judgement) return [];
  const { outcome, duplicate, falseBounce, missingDsn } = judgement;
  const applies: Record<HistoryKind, boolean> = {
    lost: outcome === 'lost',
    duplicated: duplicate === 'mta',
    false_bounce: falseBounce,
    missing_dsn: missingDsn,
    unaccounted: outcome === 'unaccounted',
    crash_duplicated: duplicate === 'crash',
    duplicated_unconfirmed: duplicate === 'unconfirmed',
    pending: outcome === 'pending',
  };
  return HISTORY_KINDS.filter((kind) => applies[kind]);
}

/** Chooses recipients: some of each kind, then the gravest kinds first, in the order of their numbers. */
export function inQuestion(ledger: Ledger, evidence: MtaEvidence, most: Most = MOST_TOLD): InQuestion {
  const kinds = (r: number): HistoryKind[] => kindsOf(judgeRecipient(knownFrom(ledger, r), evidence));
  const found = HISTORY_KINDS.map((kind) => ({ kind, count: 0, first: [] as number[], told: 0 }));
  for (const r of ledger.recipients()) {
    for (const kind of kinds(r)) {
      const of = found[HISTORY_KINDS.indexOf(kind)] as (typeof found)[number];
      of.count++;
      if (of.first.length < most.recipients) of.first.push(r);
    }
  }
  const told = new Set<number>();
  let attempts = 0;
  const take = (r: number): boolean => {
    if (told.has(r)) return true;
    const more = ledger.attempts(r);
    if (told.size >= most.recipients || attempts + more > most.attempts) return false;
    told.add(r);
    attempts += more;
    return true;
  };
  const samples = found.map(({ first }) => first.slice(0, most.sample).filter(take));
  for (const { first } of found) for (const r of first) take(r);
  for (const r of told)
    for (const kind of kinds(r)) (found[HISTORY_KINDS.indexOf(kind)] as { told: number }).told++;
  return {
    told: [...told].sort((a, b) => a - b),
    kinds: found.map(({ kind, count, told: n }, i) => ({
      kind,
      count,
      leftOut: count - n,
      sample: samples[i] as number[],
    })),
  };
}
