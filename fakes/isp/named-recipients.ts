/** The recipients that a transaction has named. */
import type { Rendered } from './render.ts';

/** A recipient that was named, and what was said to it at RCPT. */
export interface Named {
  readonly address: string;
  readonly answer: Rendered;
}

/** By address in small letters, in the order in which they were named. Most mail has one recipient, which needs no map. */
export class NamedRecipients {
  #key = '';
  #first: Named | undefined;
  #all: Map<string, Named> | undefined;

  get size(): number {
    return this.#all?.size ?? (this.#first ? 1 : 0);
  }

  get(key: string): Named | undefined {
    if (this.#all) return this.#all.get(key);
    return key === this.#key ? this.#first : undefined;
  }

  /** Adds one that was not named before. */
  add(key: string, named: Named): void {
    if (!this.#first) {
      this.#key = key;
      this.#first = named;
      return;
    }
    this.#all ??= new Map([[this.#key, this.#first]]);
    this.#all.set(key, named);
  }

  /** Their addresses as they were written. */
  addresses(): string[] {
    const all = this.#all ? [...this.#all.values()] : this.#first ? [this.#first] : [];
    return all.map(({ address }) => address);
  }
}
