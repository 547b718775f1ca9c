const PAGE_BITS = 14;
const PAGE_SIZE = 1 << PAGE_BITS;

/** Eight flags for each recipient of a run, by number. Where nobody has one, they take no memory. */
export class RecipientFlags {
  readonly #pages = new Map<number, Uint8Array>();

  /** Sets flags; those that were set stay. */
  mark(recipient: number, flags: number): void {
    const number = recipient >>> PAGE_BITS;
    let page = this.#pages.get(number);
    if (!page) {
      page = new Uint8Array(PAGE_SIZE);
      this.#pages.set(number, page);
    }
    const i = recipient & (PAGE_SIZE - 1);
    page[i] = (page[i] as number) | flags;
  }

  /** All flags of a recipient. */
  of(recipient: number): number {
    return this.#pages.get(recipient >>> PAGE_BITS)?.[recipient & (PAGE_SIZE - 1)] ?? 0;
  }

  /** The recipients that have a flag, with all of theirs. */
  *[Symbol.iterator](): IterableIterator<readonly [recipient: number, flags: number]> {
    for (const [number, page] of this.#pages)
      for (const [i, flags] of page.entries()) if (flags !== 0) yield [number * PAGE_SIZE + i, flags];
  }
}
