/**
 * Names of the processes of a run that measure themselves; samples name them by their place in this list.
 * @param isps names of the processes that own ISPs
 * @param drivers how many processes drive the load
 */
export function workerNames(isps: readonly string[], drivers: number): string[] {
  return ['lab', ...isps, ...(drivers === 1 ? ['driver'] : numbered('driver', drivers))];
}

/** The place of the lab itself. */
export const LAB_WORKER = 0;

/** The place of the first process that owns ISPs. */
export const FIRST_ISP_WORKER = 1;

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index + 1}`);
}
