/**
 * Welch's t test: whether two samples, of whatever variances, have the same mean, and by how much their means differ
 * (B. L. Welch, Biometrika 34, 1947; degrees of freedom after Satterthwaite).
 */
import jstat from 'jstat';

/** What two samples say about the difference of their means, new less old. */
export interface Welch {
  readonly difference: number;
  /** How likely a difference of at least this size is where there is none, to either side. */
  readonly p: number;
  /** The interval of the difference at a level of significance: 0.05 for one of 95 %. */
  interval(significance: number): readonly [from: number, to: number];
}

/**
 * Compares two samples of at least two values each. Where neither varies, equal means give p = 1 and different ones p = 0,
 * and the interval is a point.
 */
export function welch(before: readonly number[], after: readonly number[]): Welch {
  const [a, b] = [momentsOf(before), momentsOf(after)];
  const difference = b.mean - a.mean;
  const [ofA, ofB] = [a.variance / before.length, b.variance / after.length];
  const squaredError = ofA + ofB;
  if (squaredError === 0)
    return { difference, p: difference === 0 ? 1 : 0, interval: () => [difference, difference] };
  const degrees = squaredError ** 2 / (ofA ** 2 / (before.length - 1) + ofB ** 2 / (after.length - 1));
  // P(|t| > x) = I_z(n/2, 1/2) with z = n / (n + x²); unlike 1 - cdf it keeps its digits where it is tiny.
  const p = jstat.ibeta(degrees / (degrees + difference ** 2 / squaredError), degrees / 2, 0.5);
  return {
    difference,
    p,
    interval(significance) {
      const half = -jstat.studentt.inv(significance / 2, degrees) * Math.sqrt(squaredError);
      return [difference - half, difference + half];
    },
  };
}

/** The mean of some values; exactly the value where all are one. */
export function meanOf(values: readonly number[]): number {
  return momentsOf(values).mean;
}

/** The standard deviation of a sample of at least two; exactly 0 where all values are one. */
export function deviationOf(values: readonly number[]): number {
  return Math.sqrt(momentsOf(values).variance);
}

/** Mean and variance. Values that are all one have no variance: a sum of rounded parts would leave a trace of it. */
function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const [first = Number.NaN] = values;
  if (values.every((value) => value === first)) return { mean: first, variance: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}
