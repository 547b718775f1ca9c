/** Which of an ISP's workers serves which client: one client is always served by the same. */
export class ClientPlaces {
  readonly #sources: readonly string[];
  readonly #known: ReadonlyMap<string, number>;
  readonly parts: number;

  /** @param sources as whom each of the run's sources is counted (networks.ts); they are dealt out in turn */
  constructor(sources: readonly string[], parts: number) {
    this.#sources = sources;
    this.#known = new Map([...new Set(sources)].map((client, index) => [client, index % parts]));
    this.parts = parts;
  }

  /** The worker of a client. */
  partOf(client: string): number {
    return this.#known.get(client) ?? hashOf(client) % this.parts;
  }

  /** Indexes of the sources that a worker serves. */
  sourcesOf(part: number): number[] {
    return this.#sources.flatMap((client, source) => (this.partOf(client) === part ? [source] : []));
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
