/** The most that a greedy sender could have had: the ground truth for how far a sender overshot. */
import type { Micros } from '../../src/core/clock.ts';
import { type Line, limitsMessages } from './allowance.ts';
import { isBlocked } from './disturbances.ts';
import { type Account, changeTerms, nextUnit, openAccount, PLAIN, spare } from './limits.ts';
import { refusalIn, type Spell, spellsBetween, termsIn } from './standing.ts';
import type { IspState } from './state.ts';
import { timelineFor } from './tables.ts';
import { countToday, firstDay, isNew, leftToday } from './warmup.ts';

/** A limit that counts for the source alone, as a sender meets it that has used nothing. */
interface Trial {
  readonly limit: number;
  readonly account: Account;
}

/**
 * Messages that a source could have had accepted in [from, to) if it had used nothing before and then tried at every
 * moment: bursts included, by the rate rules that count for it alone. Infinity if there are none. `allowed`: with the
 * penalties and the reputation that it had or has, as far as they are known now. Costs about a microsecond a message.
 */
export function credit(
  state: IspState,
  source: number,
  from: Micros,
  to: Micros,
  line: Line = 'allowed',
): number {
  const client = state.clients.get(source)?.client;
  const trials = state.tables
    .filter((table) => table.limit.key === 'source' && limitsMessages(table))
    .map(
      (table): Trial => ({
        limit: table.index,
        account: openAccount(timelineFor(table, source), PLAIN, from),
      }),
    );
  const standings = state.standings.source;
  const standing = client === undefined || line === 'unpunished' ? undefined : standings.known.get(client);
  const spells: readonly Spell[] = standing
    ? spellsBetween(standings, standing, from, to)
    : [{ from, step: undefined, tier: undefined }];
  const day = dayOf(state, client, source);
  let got = 0;
  spells.forEach((spell, index) => {
    const start = Math.max(from, spell.from);
    const end = Math.min(to, spells[index + 1]?.from ?? to);
    for (const { limit, account } of trials) changeTerms(account, termsIn(spell, limit), start);
    if (refusalIn(spell) === undefined) got += greedy(state, source, trials, day, start, end);
  });
  return got;
}

/** A day of warm-up on which nothing was used. */
interface WarmupDay {
  left(now: Micros): number;
  count(amount: number, now: Micros): void;
  next(): Micros;
}

function dayOf(state: IspState, client: string | undefined, source: number): WarmupDay | undefined {
  const ramp = state.isp.warmup;
  if (!ramp || !isNew(ramp, source)) return undefined;
  const known = client === undefined ? undefined : state.warming.get(client);
  const warming = { ...(known ?? firstDay()), used: 0, punished: false };
  return {
    left: (now) => leftToday(ramp, warming, now),
    count: (amount, now) => countToday(warming, amount, now),
    next: () => warming.opened + ramp.per,
  };
}

/** What is accepted in [start, end) of someone who takes every unit at the moment when it is there. */
function greedy(
  state: IspState,
  source: number,
  trials: readonly Trial[],
  day: WarmupDay | undefined,
  start: Micros,
  end: Micros,
): number {
  let got = 0;
  for (let now = start; now < end; ) {
    const blockEnds = blockedUntil(state, source, now);
    if (blockEnds > now) {
      now = blockEnds;
      continue;
    }
    const taken = Math.max(
      0,
      trials.reduce(
        (least, { account }) => Math.min(least, spare(account, now)),
        day?.left(now) ?? Number.POSITIVE_INFINITY,
      ),
    );
    if (taken === Number.POSITIVE_INFINITY) return taken;
    for (const { account } of trials) account.used += taken;
    if (taken > 0) day?.count(taken, now);
    got += taken;
    let next = day && day.left(now) < 1 ? day.next() : now;
    let change = Number.POSITIVE_INFINITY;
    for (const { account } of trials) {
      next = Math.max(next, nextUnit(account, now));
      change = Math.min(change, account.until);
    }
    now = Math.max(Math.min(next, change), now + 1e-3);
  }
  return got;
}

/** When the block by incidents that holds at a moment ends; the moment itself if there is none. */
function blockedUntil({ disturbances }: IspState, source: number, now: Micros): Micros {
  if (!isBlocked(disturbances, source, undefined, now)) return now;
  return Math.min(...disturbances.map((d) => d.about.end).filter((end) => end > now));
}
