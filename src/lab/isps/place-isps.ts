/** Which process of a run owns which ISPs. */
import { sessionsPerProcess } from '../machine/capacity.ts';

/** An ISP to be placed. */
export interface IspToPlace {
  /** Its share of the recipients. */
  readonly share: number;
  /** Connections that it is sure to have open at once; 0 where nobody knows. */
  readonly connections: number;
  /** Worker processes that the scenario asks for. */
  readonly workers: number | undefined;
}

/** A process that owns ISPs; or, with workers, a process that takes the connections of one ISP for its workers. */
export interface IspProcess {
  /** Indexes of the ISPs, in their order. */
  readonly isps: readonly number[];
  /** Processes that serve the connections; 0: this one does. */
  readonly workers: number;
}

/** Connections that end and begin at once are counted twice for a moment. */
const ROOM = 0.9;

/**
 * Spreads ISPs over processes. Half of the cores are for them, the others for driver and MTA, so that on a small machine
 * one process owns all. The largest come first, each to the process that has the least to do and can hold its
 * connections. An ISP that no single process can hold is split, and so is one that is wished to be.
 * @param descriptors that one process may have; undefined: not known
 */
export function placeIsps(
  isps: readonly IspToPlace[],
  cores: number,
  descriptors: number | undefined,
): IspProcess[] {
  const room =
    descriptors === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor(sessionsPerProcess(descriptors) * ROOM));
  const workersOf = ({ workers, connections }: IspToPlace): number =>
    Math.max(workers ?? 1, Math.ceil(connections / room));
  const split = isps.flatMap((isp, index): IspProcess[] =>
    workersOf(isp) > 1 ? [{ isps: [index], workers: workersOf(isp) }] : [],
  );
  const whole = isps
    .map((isp, index) => ({ ...isp, index }))
    .filter((isp) => workersOf(isp) <= 1)
    .sort((a, b) => b.share - a.share || a.index - b.index);
  const count = Math.max(1, Math.min(whole.length, Math.floor(cores / 2)));
  const processes = Array.from({ length: count }, () => ({ isps: [] as number[], share: 0, connections: 0 }));
  for (const { index, share, connections } of whole) {
    const fitting = processes.filter((one) => one.isps.length === 0 || one.connections + connections <= room);
    let chosen = fitting.sort((a, b) => a.share - b.share)[0];
    if (!chosen) {
      chosen = { isps: [], share: 0, connections: 0 };
      processes.push(chosen);
    }
    chosen.isps.push(index);
    chosen.share += share;
    chosen.connections += connections;
  }
  return [
    ...processes
      .filter((one) => one.isps.length > 0)
      .map((one) => ({ isps: one.isps.sort((a, b) => a - b), workers: 0 })),
    ...split,
  ].sort((a, b) => (a.isps[0] ?? 0) - (b.isps[0] ?? 0));
}

/** How many of the processes have connections open. */
export function servingProcesses(processes: readonly IspProcess[]): number {
  return processes.reduce((sum, { workers }) => sum + Math.max(1, workers), 0);
}
