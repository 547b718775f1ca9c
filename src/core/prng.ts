import seedrandom from 'seedrandom';
import { type Chance, type ChanceKey, keyedChance, keyedHash } from './chance.ts';

export { Purpose } from './chance.ts';

/** Chance that depends on the seed and its arguments alone, never on the order of the questions. */
export interface Prng extends Chance {
  /** A 32-bit number that stands for a text, under this seed. */
  hash(text: string): number;
  /** A generator with its own sequence, for streams of values; the same name gives the same stream. */
  stream(name: string): () => number;
}

/** The source of all chance of a run. seedrandom expands the seed to a key once; HalfSipHash does the rest. */
export function createPrng(seed: number | string): Prng {
  const key = chanceKey(seed);
  return {
    ...keyedChance(key),
    hash: (text) => keyedHash(key, text),
    stream: (name) => {
      const generator = seedrandom(`windtunnel/${seed}/${name}`);
      return () => generator();
    },
  };
}

/** The key that a seed is expanded to. */
export function chanceKey(seed: number | string): ChanceKey {
  const expand = seedrandom(`windtunnel/${seed}`);
  return [expand.int32(), expand.int32()];
}
