/**
 * The owner's side of an ISP on several processes: it has the true accounts of shared limits, judges shared standings,
 * and passes on what one worker has seen and the others must know.
 */
import type { Micros } from '../../src/core/clock.ts';
import { allowance, type Line } from './allowance.ts';
import type { Volume } from './authenticator.ts';
import { CreditMeter } from './credit-meter.ts';
import type { Sighting } from './greylist.ts';
import type { OwnerNews, PartReport, StandingNews } from './isp-part.ts';
import { LeaseOwner } from './lease-owner.ts';
import type { StandingKey } from './limit-words.ts';
import { clientOf, netblockOf } from './networks.ts';
import type { ResolvedIsp } from './resolved-isp.ts';
import { scoresOf } from './scores.ts';
import {
  noteConduct,
  noteInsistence,
  noteViolation,
  type Spell,
  type Standing,
  settle,
  standingOf,
} from './standing.ts';
import { createState, type IspState } from './state.ts';

/** What a worker was told of a standing. */
interface Told {
  readonly spell: Spell;
  readonly changes: Micros;
}

/** Owns what the workers of one ISP share. It makes no step of its own: whoever has it carries reports and news. */
export class IspOwner {
  readonly #state: IspState;
  readonly #parts: number;
  readonly #leases: LeaseOwner;
  /** For the credit of all sources: it knows the rules that they share. */
  readonly credit: CreditMeter;
  readonly #told = new WeakMap<Standing, Told>();
  readonly #changed = new Map<Standing, StandingKey>();
  #news: {
    punished: string[];
    sightings: Sighting[];
    volumes: Volume[];
  }[] = [];

  constructor(isp: ResolvedIsp, parts: number) {
    this.#state = createState(isp);
    this.#parts = parts;
    this.#leases = new LeaseOwner(this.#state, parts);
    this.credit = new CreditMeter(this.#state);
    this.#clearNews();
  }

  /** A source has connected, from this address in the simulated world. */
  connected(source: number, address: string): void {
    const { clients } = this.#state;
    if (!clients.has(source))
      clients.set(source, { client: clientOf(address), netblock: netblockOf(address) });
  }

  /** Takes in what a worker reports. */
  report(part: number, { leases, deeds, violations, sightings, volumes }: PartReport, now: Micros): void {
    const { standings, tables } = this.#state;
    for (const { kind, key, limit, client } of violations) {
      const standing = this.#standing(kind, key, now);
      if (noteViolation(standings[kind], standing, limit, tables, now))
        this.#news[part]?.punished.push(client);
    }
    for (const { kind, key, what, times } of deeds) {
      const standing = this.#standing(kind, key, now);
      for (let i = 0; i < times; i++) {
        if (what === 'insistence') noteInsistence(standings[kind], standing, tables, now);
        else noteConduct(standings[kind], standing, what, tables, now);
      }
    }
    this.#news.forEach((news, other) => {
      if (other === part) return;
      news.sightings.push(...sightings);
      news.volumes.push(...volumes);
    });
    for (const report of leases) this.#leases.report(part, report, now);
  }

  /** When `tick` is to be called next, beside every few milliseconds while something is pending. */
  get changes(): Micros {
    return this.#leases.changes;
  }

  /** Whether there are workers that wait for units. */
  get pending(): boolean {
    return this.#leases.pending;
  }

  /** Gives out what has come in since. */
  tick(now: Micros): void {
    this.#leases.tick(now);
  }

  /** What there is to say to each worker; undefined: nothing. */
  news(): readonly (OwnerNews | undefined)[] {
    const orders = this.#leases.orders();
    const standings = this.#standingNews();
    const all = this.#news.map(({ punished, sightings, volumes }, part) => {
      const leases = orders[part] ?? [];
      const parts = [leases, standings, punished, sightings, volumes];
      if (parts.every(({ length }) => length === 0)) return undefined;
      return { leases, standings, punished, sightings, volumes };
    });
    this.#clearNews();
    return all;
  }

  /** As `Sink.allowance`. `each`: what the worker of each source says of it. */
  allowance(sources: readonly number[], now: Micros, line: Line, each: readonly number[]): number {
    return allowance(this.#state, sources, now, line, each);
  }

  /** What it thinks of domains; each worker judges its own sources. */
  domainScores(now: Micros): ReadonlyMap<string, number> {
    return scoresOf(this.#state, now).domains;
  }

  #standing(kind: StandingKey, key: string, now: Micros): Standing {
    const { standings, tables } = this.#state;
    const standing = standingOf(standings[kind], key, tables, now);
    settle(standings[kind], standing, tables, now);
    this.#changed.set(standing, kind);
    return standing;
  }

  /** Standings that are not what the workers believe, or will not be. */
  #standingNews(): StandingNews[] {
    const news: StandingNews[] = [];
    for (const [standing, kind] of this.#changed) {
      const { key, penalty, reputation, spell, changes } = standing;
      const told = this.#told.get(standing);
      const asToldAlready = told ? told.spell === spell && told.changes === changes : isPlain(standing);
      if (asToldAlready) continue;
      this.#told.set(standing, { spell, changes });
      news.push({ kind, key, penalty: { ...penalty }, reputation: { ...reputation } });
    }
    this.#changed.clear();
    return news;
  }

  #clearNews(): void {
    this.#news = Array.from({ length: this.#parts }, () => ({ punished: [], sightings: [], volumes: [] }));
  }
}

/** Whether a standing changes nothing and will change by nothing but deeds. */
function isPlain({ spell, changes }: Standing): boolean {
  return spell.step === undefined && spell.tier === undefined && changes === Number.POSITIVE_INFINITY;
}
