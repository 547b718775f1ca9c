/**
 * Names of the processes of a run that measure themselves; samples name them by their place in this list.
 * @param isps names of the processes that own ISPs
 * @param drivers how many processes drive the load
 * @param k6 how many processes drive it by k6
 */
export function workerNames(isps: readonly string[], drivers: number, k6: number): string[] {
  return ['lab', ...isps, ...driverNames(drivers), ...k6Names(k6)];
}

/** Names of the processes that drive the load over SMTP. */
export function driverNames(drivers: number): string[] {
  return drivers === 1 ? ['driver'] : numbered('driver', drivers);
}

/** Names of those that drive it by k6. */
export function k6Names(processes: number): string[] {
  return processes === 1 ? ['driver (k6)'] : numbered('driver (k6)', processes);
}

/** The place of the lab itself. */
export const LAB_WORKER = 0;

/** The place of the first process that owns ISPs. */
export const FIRST_ISP_WORKER = 1;

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index + 1}`);
}
