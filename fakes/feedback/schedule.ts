/** What waits for its moment, in the order of the moments; of the same moment, in the order in which it came. */
import type { Micros } from '../../src/core/clock.ts';

interface Entry<T> {
  readonly at: Micros;
  readonly turn: number;
  readonly what: T;
}

/** A binary heap: to put something in or take the first out costs the logarithm of what waits. */
export class Schedule<T> {
  readonly #heap: Entry<T>[] = [];
  #turns = 0;

  /** How many wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** The first moment; Infinity if nothing waits. */
  get next(): Micros {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(at: Micros, what: T): void {
    const heap = this.#heap;
    const entry = { at, turn: this.#turns++, what };
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above] as Entry<T>;
      if (isBefore(other, entry)) break;
      heap[place] = other;
      place = above;
    }
    heap[place] = entry;
  }

  /** Takes out the first whose moment has come by `now`; undefined: none has. */
  take(now: Micros): T | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (!first || first.at > now) return undefined;
    const last = heap.pop() as Entry<T>;
    if (last !== first) this.#sink(last);
    return first.what;
  }

  /** Puts an entry where the first was, and lets it down to its place. */
  #sink(entry: Entry<T>): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      let least = heap[left];
      if (!least) break;
      const right = heap[left + 1];
      const isRight = right !== undefined && isBefore(right, least);
      if (isRight) least = right;
      if (isBefore(entry, least)) break;
      heap[place] = least;
      place = left + (isRight ? 1 : 0);
    }
    heap[place] = entry;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn);
}
