/**
 * The worker's side of an ISP on several processes: it decides with what it holds of shared limits and with copies of
 * shared standings, and tells the owner (isp-owner.ts) what happens that others must know.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { Volume } from './authenticator.ts';
import { learn, type Sighting } from './greylist.ts';
import { LeaseHolder } from './lease-holder.ts';
import type { LeaseOrder, LeaseReport, Part } from './leases.ts';
import { STANDING_KEYS, type StandingKey } from './limit-words.ts';
import type { Penalty } from './penalties.ts';
import type { Conduct } from './profile-schema.ts';
import type { Reputation } from './reputation.ts';
import { copyStanding, standingOf, type Witness } from './standing.ts';
import type { IspState } from './state.ts';

/** Something that counts for or against a key, so many times. */
export interface Deed {
  readonly kind: StandingKey;
  readonly key: string;
  readonly what: Conduct | 'insistence';
  times: number;
}

/** Something that went over a limit. */
export interface Violation {
  readonly kind: StandingKey;
  readonly key: string;
  readonly limit: number;
  readonly client: string;
}

/** Worker to owner. */
export interface PartReport {
  readonly leases: readonly LeaseReport[];
  readonly deeds: readonly Deed[];
  readonly violations: readonly Violation[];
  readonly sightings: readonly Sighting[];
  readonly volumes: readonly Volume[];
}

/** What a key has earned, as its judge says. */
export interface StandingNews {
  readonly kind: StandingKey;
  readonly key: string;
  readonly penalty: Penalty;
  readonly reputation: Reputation;
}

/** Owner to worker. */
export interface OwnerNews {
  readonly leases: readonly LeaseOrder[];
  readonly standings: readonly StandingNews[];
  /** Clients whose violation began a penalty. */
  readonly punished: readonly string[];
  /** What the other workers have seen. */
  readonly sightings: readonly Sighting[];
  readonly volumes: readonly Volume[];
}

/** Standings that belong to no single client. */
const SHARED_STANDINGS = STANDING_KEYS.filter((kind) => kind !== 'source');

/** One worker's part of an ISP. It makes no step of its own: whoever has it carries reports and news. */
export class IspPart {
  readonly #state: IspState;
  readonly #leases: LeaseHolder;
  readonly #learnVolume: (volume: Volume) => void;
  readonly #onNews: () => void;
  #waiting = false;
  #deeds = new Map<string, Deed>();
  #violations: Violation[] = [];
  #sightings: Sighting[] = [];
  #volumes: Volume[] = [];

  /**
   * @param state of this part; what is shared of it is bound to the owner from now on
   * @param learnVolume takes in what others have counted of a sender
   * @param onNews called when there is something to report, where there was nothing before
   */
  constructor(state: IspState, part: Part, learnVolume: (volume: Volume) => void, onNews: () => void) {
    this.#state = state;
    this.#learnVolume = learnVolume;
    this.#onNews = onNews;
    this.#leases = new LeaseHolder(state, part, () => this.#wake());
    state.leases = this.#leases;
    for (const kind of SHARED_STANDINGS) state.standings[kind].witness = this.#witness();
    state.greylist.tell = (sighting) => {
      this.#sightings.push(sighting);
      this.#wake();
    };
  }

  /** Messages of a sender that were counted here. */
  counted(volume: Volume): void {
    this.#volumes.push(volume);
    this.#wake();
  }

  /** All that there is to report. */
  report(now: Micros): PartReport {
    const report = {
      leases: this.#leases.reports(now),
      deeds: [...this.#deeds.values()],
      violations: this.#violations,
      sightings: this.#sightings,
      volumes: this.#volumes,
    };
    this.#waiting = false;
    this.#deeds = new Map();
    this.#violations = [];
    this.#sightings = [];
    this.#volumes = [];
    return report;
  }

  /** Takes in what the owner says. */
  hear({ leases, standings, punished, sightings, volumes }: OwnerNews, now: Micros): void {
    const { tables, standings: own, greylist, isp, warming } = this.#state;
    for (const { kind, key, penalty, reputation } of standings) {
      const standing = standingOf(own[kind], key, tables, now);
      copyStanding(own[kind], standing, { penalty, reputation }, tables, now);
    }
    for (const client of punished) {
      const day = warming.get(client);
      if (day) day.punished = true;
    }
    if (isp.greylist) for (const sighting of sightings) learn(isp.greylist, greylist, sighting);
    for (const volume of volumes) this.#learnVolume(volume);
    for (const order of leases) this.#leases.obey(order, now);
  }

  #witness(): Witness {
    const deed = (kind: StandingKey, key: string, what: Deed['what']): void => {
      const name = `${kind} ${what} ${key}`;
      const known = this.#deeds.get(name);
      if (known) known.times++;
      else this.#deeds.set(name, { kind, key, what, times: 1 });
      this.#wake();
    };
    return {
      violation: (kind, key, limit, client) => {
        this.#violations.push({ kind, key, limit, client });
        this.#wake();
      },
      insistence: (kind, key) => deed(kind, key, 'insistence'),
      conduct: deed,
    };
  }

  #wake(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#onNews();
  }
}
