/**
 * The most that a greedy sender could have had: the ground truth for how far a sender overshot. It looks back, so it
 * can be asked about any stretch of time that is over, and adds nothing to a decision.
 */
import type { Micros } from '../../src/core/clock.ts';
import { isBlocked } from './disturbances.ts';
import { type Gate, greedy, type Trial } from './greedy.ts';
import { inAll } from './in-all.ts';
import type { LimitKey } from './limit-words.ts';
import { changeTerms } from './limits.ts';
import { type Stretch, trialAt, warmupIn } from './past-quotas.ts';
import type { QuotaUse } from './quota-use.ts';
import { isUntouched, refusalIn, type Spell, spellsBetween, termsIn } from './standing.ts';
import type { IspState } from './state.ts';
import { limitsMessages } from './tables.ts';

/** Whom rules count for, and whom incidents may name. */
interface Subject {
  readonly key: LimitKey;
  /** As whom it is counted; undefined: it was never seen. */
  readonly of: string | number | undefined;
  readonly exception?: string | number | undefined;
  readonly gateAt: (now: Micros) => Gate;
}

/**
 * Messages that a source could have had accepted in [from, to) if it had tried at every moment, by the rate rules that
 * count for it alone: bursts included, with the penalties and the reputation that it had, as if each message had one
 * recipient. Infinity if there is no such rule. Never less than what anybody could have had: buckets are full at the
 * begin, and quotas (windows, days of warm-up) are as `quotas` knows that they were. Costs one to three microseconds,
 * whatever the rates; more where rules change or windows end within the stretch (greedy.ts).
 */
export function credit(state: IspState, source: number, from: Micros, to: Micros, quotas?: QuotaUse): number {
  const stretch = { from, to };
  const client = state.clients.get(source)?.client;
  const { disturbances } = state;
  const subject: Subject = {
    key: 'source',
    of: client,
    exception: source,
    gateAt: (now) => gateAt(state, now, isBlocked(disturbances, source, undefined, now)),
  };
  return Math.min(byRules(state, subject, stretch, quotas), warmupIn(stretch, state, source, client, quotas));
}

/**
 * Messages that all these sources together could have had accepted in [from, to): shared rules included, as in
 * `allowance`. Never less than that, but possibly more, as every kind of key has the stretch for itself.
 * @param each the credit of each of them, if that is known already
 */
export function creditInAll(
  state: IspState,
  sources: readonly number[],
  from: Micros,
  to: Micros,
  quotas?: QuotaUse,
  each: readonly number[] = sources.map((source) => credit(state, source, from, to, quotas)),
): number {
  const stretch = { from, to };
  const open: Gate = { shut: false, until: Number.POSITIVE_INFINITY };
  return inAll(state, sources, {
    each,
    ofKey(key, of) {
      if (key !== 'sender-domain') return byRules(state, { key, of, gateAt: () => open }, stretch, quotas);
      const shut = (now: Micros): boolean => isBlocked(state.disturbances, undefined, of, now);
      const gate = (now: Micros): Gate => gateAt(state, now, shut(now));
      return byRules(state, { key, of, exception: of, gateAt: gate }, stretch, quotas);
    },
    ofIsp: () => byRules(state, { key: 'isp', of: 0, gateAt: () => open }, stretch, quotas),
  });
}

/** By all rate rules of one key at once, spell by spell. */
function byRules(
  state: IspState,
  { key, of, exception, gateAt }: Subject,
  stretch: Stretch,
  quotas: QuotaUse | undefined,
): number {
  const { from, to } = stretch;
  const trials: Trial[] = [];
  for (const table of state.tables)
    if (table.limit.key === key && limitsMessages(table))
      trials.push(trialAt(stretch, table, of, exception, quotas));
  let got = 0;
  const spells = spellsOf(state, key, of, stretch);
  spells.forEach((spell, index) => {
    const start = Math.max(from, spell.from);
    const end = Math.min(to, spells[index + 1]?.from ?? to);
    for (const { limit, account } of trials) changeTerms(account, termsIn(spell, limit), start);
    if (refusalIn(spell) === undefined) got += greedy(trials, gateAt, start, end);
  });
  return got;
}

function spellsOf(
  { standings }: IspState,
  key: LimitKey,
  of: string | number | undefined,
  { from, to }: Stretch,
): readonly Spell[] {
  const ofKind =
    key === 'source' || key === 'netblock' || key === 'sender-domain' || key === 'dkim-domain'
      ? standings[key]
      : undefined;
  const standing = typeof of === 'string' ? ofKind?.known.get(of) : undefined;
  return ofKind && standing && !isUntouched(standing)
    ? spellsBetween(ofKind, standing, from, to)
    : [{ from, step: undefined, tier: undefined }];
}

/** What holds at a moment, until an incident begins or ends. */
function gateAt({ disturbances }: IspState, now: Micros, shut: boolean): Gate {
  let until = Number.POSITIVE_INFINITY;
  for (const { about } of disturbances) {
    if (about.start > now && about.start < until) until = about.start;
    if (about.end > now && about.end < until) until = about.end;
  }
  return { shut, until };
}
