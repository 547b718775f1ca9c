/** What is used of jstat, which has no types of its own. */
declare module 'jstat' {
  const jstat: {
    /** Student's t distribution. */
    readonly studentt: {
      /** The quantile: the x with P(t <= x) = `probability`. Degrees of freedom need not be whole. */
      inv(probability: number, degreesOfFreedom: number): number;
    };
    /** The regularised incomplete beta function I_x(a, b), for x from 0 to 1. */
    ibeta(x: number, a: number, b: number): number;
  };
  export default jstat;
}
