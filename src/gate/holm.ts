/** What Holm's method says of one test of several. */
export interface Holm {
  /** The difference is beyond chance. */
  readonly rejected: boolean;
  /** The level of significance that the test was held to. An interval at this level leaves out 0 if, and only if, `rejected`. */
  readonly significance: number;
}

/**
 * Holm's step-down method (S. Holm, Scand. J. Statist. 6, 1979): of several tests the chance that even one of them raises
 * a false alarm stays below `alpha`, however they depend on each other. The smallest p is held to alpha / n, the next one
 * to alpha / (n - 1), and so on until one fails, which ends it for all that follow.
 */
export function holm(ps: readonly number[], alpha: number): Holm[] {
  const verdicts: Holm[] = [];
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  let significance = alpha / ps.length;
  let stopped = false;
  for (const [place, { p, index }] of order.entries()) {
    if (!stopped) significance = alpha / (ps.length - place);
    stopped ||= p > significance;
    verdicts[index] = { rejected: !stopped, significance };
  }
  return verdicts;
}
