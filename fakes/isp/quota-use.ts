/**
 * What was used of windows and of days of warm-up at past moments: a quota that was used up before a stretch of time
 * gives nobody anything in it. Noted from time to time, so that nothing is added to a decision.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { IspState } from './state.ts';
import { type LimitTable, limitsMessages } from './tables.ts';

/** A quota at a moment: when it was opened, and what was used of it. */
interface Note {
  readonly at: Micros;
  readonly day: number;
  readonly origin: Micros;
  readonly used: number;
}

/** Notes are kept so long, and the one before. */
const KEPT_MICROS = 11e6;

/** Remembers what was used of quotas. */
export class QuotaUse {
  readonly #state: IspState;
  readonly #windows: readonly LimitTable[];
  readonly #notes = new WeakMap<object, Note[]>();
  /** Whether single sources have quotas. */
  readonly ofSources: boolean;

  constructor(state: IspState) {
    this.#state = state;
    this.#windows = state.tables.filter((table) => limitsMessages(table) && limitsByWindow(table));
    this.ofSources = state.isp.warmup !== null || this.#windows.some(({ limit }) => limit.key === 'source');
  }

  /** Notes what is used now. Call it about once a second; it costs a glance at every account of a window. */
  note(now: Micros): void {
    for (const { accounts } of this.#windows)
      for (const account of accounts.values())
        this.#add(account, { at: now, day: 0, origin: account.origin, used: account.used });
    for (const warming of this.#state.warming.values())
      this.#add(warming, { at: now, day: warming.day, origin: warming.opened, used: warming.used });
  }

  /** How an account or a day stood at the last note up to a moment. */
  before(quota: object, moment: Micros): Note | undefined {
    return this.#notes.get(quota)?.findLast(({ at }) => at <= moment);
  }

  #add(quota: object, note: Note): void {
    const notes = this.#notes.get(quota) ?? [];
    if (notes.length === 0) this.#notes.set(quota, notes);
    const last = notes.at(-1);
    if (last && last.used === note.used && last.origin === note.origin && last.day === note.day) return;
    notes.push(note);
    while (notes.length > 1 && (notes[1] as Note).at <= note.at - KEPT_MICROS) notes.shift();
  }
}

/** True for quotas over time, but for those of a mailbox: they say nothing about a sender. */
function limitsByWindow({ limit }: LimitTable): boolean {
  const rule = limit.segments[0]?.rule;
  return rule?.kind === 'window' && rule.per !== null && limit.key !== 'mailbox';
}
