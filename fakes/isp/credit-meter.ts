/** Credit at work: asked about every second, for many sources. */
import type { Micros } from '../../src/core/clock.ts';
import { credit, creditInAll } from './credit.ts';
import { QuotaUse } from './quota-use.ts';
import { isUntouched } from './standing.ts';
import type { IspState } from './state.ts';

/**
 * Credit of one ISP (credit.ts). Sources of which it knows nothing have it in common, so that a thousand of them cost
 * as much as one, and a look each.
 */
export class CreditMeter {
  readonly #state: IspState;
  readonly #quotas: QuotaUse;
  /** Sources that incidents or the warm-up name: what holds for them may hold for nobody else. */
  readonly #named: ReadonlySet<number>;

  constructor(state: IspState) {
    const { limits, disturbances, warmup } = state.isp;
    this.#state = state;
    this.#quotas = new QuotaUse(state);
    const names = [
      limits.flatMap(({ exceptions }) => exceptions.map(({ of }) => of)),
      disturbances.flatMap(({ sources }) => sources ?? []),
      warmup?.sources ?? [],
    ];
    this.#named = new Set(names.flat().filter((name) => typeof name === 'number'));
  }

  /** Notes what is used of quotas now, for questions about the time after. Call it about once a second. */
  note(now: Micros): void {
    this.#quotas.note(now);
  }

  /** The credit of each of these sources, in their order. */
  ofEach(sources: readonly number[], from: Micros, to: Micros): number[] {
    const { clients } = this.#state;
    const named = new Set<string>();
    for (const source of this.#named) {
      const client = clients.get(source)?.client;
      if (client !== undefined) named.add(client);
    }
    let common: number | undefined;
    return sources.map((source) => {
      const client = clients.get(source)?.client;
      const isCommon =
        !this.#named.has(source) && (client === undefined || (!named.has(client) && this.#isNobody(client)));
      if (!isCommon) return credit(this.#state, source, from, to, this.#quotas);
      common ??= credit(this.#state, source, from, to, this.#quotas);
      return common;
    });
  }

  /**
   * The credit of these sources together.
   * @param each what is known of each of them: by `ofEach`, or from another process
   */
  inAll(
    sources: readonly number[],
    from: Micros,
    to: Micros,
    each: readonly number[] = this.ofEach(sources, from, to),
  ): number {
    return creditInAll(this.#state, sources, from, to, this.#quotas, each);
  }

  /** Whether nothing that a client has done makes a difference. */
  #isNobody(client: string): boolean {
    const standing = this.#state.standings.source.known.get(client);
    return !this.#quotas.ofSources && (standing === undefined || isUntouched(standing));
  }
}
