/** How many sessions a machine holds at once: pure arithmetic over its limits. */

/**
 * Bytes that one open, idle session takes, plain text.
 * sink, driver: resident memory each; the budget's goal (DESIGN "Performance budget"), above the 4.5 KB that a bare Node
 * socket takes. kernel: both ends of a loopback connection, from Slab in /proc/meminfo over 15,000 of them (9.6 KB on
 * Linux 6.18).
 */
export const SESSION_BYTES = { sink: 10_000, driver: 10_000, kernel: 10_000 } as const;

/** Resident memory of a worker before its first session. Measured: 79 MB for an ISP worker, 55 for a driver's. */
export const WORKER_BYTES = 70e6;

/** Descriptors of a worker that are no sessions: Node's own (measured: 20), and the sockets that ISPs listen with. */
export const RESERVED_DESCRIPTORS = 500;

/** Threads of a Node process. Measured: 11. */
export const THREADS_PER_WORKER = 12;

/** Memory that the kernel counts for an end with bytes in flight: one page at least (sk_mem_charge). */
export const PAGE_BYTES = 4096;

/** Sessions that one process can hold. */
export function sessionsPerProcess(descriptors: number): number {
  return Math.max(0, descriptors - RESERVED_DESCRIPTORS);
}

/** Processes that it takes to hold the sessions at one side; Infinity if one can't hold any. */
export function processesFor(sessions: number, descriptors: number): number {
  return Math.max(1, Math.ceil(sessions / sessionsPerProcess(descriptors)));
}

/** Bytes of memory that the sessions take: both sides, their workers and the kernel, without an MTA between. */
export function bytesFor(sessions: number, descriptors: number): number {
  const { sink, driver, kernel } = SESSION_BYTES;
  return sessions * (sink + driver + kernel) + 2 * processesFor(sessions, descriptors) * WORKER_BYTES;
}

/** The most sessions that fit into so many bytes of memory. */
export function sessionsIn(bytes: number, descriptors: number): number {
  let most = 0;
  // Whole processes make steps in what sessions cost, so halve the interval instead of solving.
  for (let above = Math.ceil(bytes); above - most > 1; ) {
    const middle = Math.floor((most + above) / 2);
    if (bytesFor(middle, descriptors) <= bytes) most = middle;
    else above = middle;
  }
  return most;
}

/** How many local ports there are. */
export function portCount({ from, to }: { readonly from: number; readonly to: number }): number {
  return Math.max(0, to - from + 1);
}

/** 1 source, 2 sources. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** A whole number for people: 28,232. */
export function whole(value: number): string {
  return value.toLocaleString('en');
}
