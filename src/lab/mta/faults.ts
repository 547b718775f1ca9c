/** Faults of the MTA under test at their moments, as a plan says: it is killed, paused, without room or without DNS. */
import type { DnsTrouble } from '../../../fakes/dns-answer.ts';
import { type Clock, type Micros, realClock, sleepMs } from '../../core/clock.ts';
import type { MarkName } from '../../record/attempt-log.ts';
import type { FaultOfMta, PlannedFault } from '../../scenario/faults.ts';
import type { QueueDisk } from './queue-disk.ts';

/** What brings a fault about and undoes it. */
export interface FaultSwitches {
  /** Ends every process of the MTA; resolves when they are gone. */
  kill(): Promise<void>;
  /** Tells the MTA's main program to end. */
  terminate(): void;
  /** Starts it again and waits until it takes mail. */
  restart(): Promise<void>;
  pause(paused: boolean): void;
  /** Absent: the queue has no disk of its own, and no fault fills it. */
  readonly disk: Pick<QueueDisk, 'fill' | 'free'> | undefined;
  dns(trouble: DnsTrouble | undefined): void;
  /** Records a moment of a fault, by its place in the plan. */
  mark(name: Extract<MarkName, 'fault_began' | 'fault_ended' | 'mta_starting'>, fault: number): void;
}

/** Whether the MTA is there: it runs; it will be back; it is down for good. */
export type Presence = 'here' | 'away' | 'gone';

/** How often a start that is to be given up is looked for. */
const LOOK_MS = 50;

/** Faults that happen one after the other, since they are about the same thing. */
const LANES: readonly (readonly FaultOfMta['kind'][])[] = [['kill', 'pause'], ['disk'], ['dns']];

/** The faults of a run. They begin when it is made. */
export class FaultSchedule {
  readonly #switches: FaultSwitches;
  readonly #clock: Clock;
  #presence: Presence = 'here';
  /** No fault begins any more; nothing is undone any more, but what would outlive the run. */
  #closed = false;
  #stopped = false;
  /** The MTA is being started again. */
  #starting = false;
  readonly #undo = new Set<() => unknown>();

  /** @param failed is told of what a fault, or its end, failed with */
  constructor(
    faults: readonly PlannedFault[],
    epoch: Micros,
    switches: FaultSwitches,
    failed: (error: unknown) => void,
    clock: Clock = realClock(epoch),
  ) {
    this.#switches = switches;
    this.#clock = clock;
    for (const kinds of LANES) {
      const mine = faults
        .map((fault, index) => ({ ...fault, index }))
        .filter(({ what }) => kinds.includes(what.kind))
        .sort((a, b) => a.start - b.start);
      this.#run(mine).catch((error: unknown) => {
        if (!this.#stopped) failed(error);
      });
    }
  }

  /** Whether the MTA is there, as far as faults go. */
  get presence(): Presence {
    return this.#presence;
  }

  /** Lets faults that have begun come to their end, and none begin. */
  close(): void {
    this.#closed = true;
  }

  /** Ends all faults at once. A paused MTA goes on, so that it can be stopped; a killed one is not started again. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#stopped = true;
    for (const undo of this.#undo) await undo();
    // It may not be there yet when it is looked for.
    for (; this.#starting; await sleepMs(LOOK_MS)) await this.#switches.kill();
  }

  async #run(faults: readonly (PlannedFault & { readonly index: number })[]): Promise<void> {
    for (const { index, start, end, what } of faults) {
      await this.#clock.until(start);
      if (this.#closed) return;
      // Killing takes a moment; all that comes after this is the fault's.
      this.#switches.mark('fault_began', index);
      const undo = await this.#begin(what, end !== undefined);
      if (end === undefined) return;
      const undone = async (): Promise<void> => {
        if (!this.#undo.delete(undone)) return;
        await undo();
      };
      this.#undo.add(undone);
      await this.#clock.until(end);
      if (this.#stopped) return;
      if (what.kind === 'kill') {
        this.#undo.delete(undone);
        await this.#startAgain(index);
      } else await undone();
      this.#switches.mark('fault_ended', index);
    }
  }

  /** Returns what undoes it. */
  async #begin(what: FaultOfMta, comesBack: boolean): Promise<() => unknown> {
    const { kill, terminate, pause, disk, dns } = this.#switches;
    switch (what.kind) {
      case 'kill':
        this.#presence = comesBack ? 'away' : 'gone';
        if (what.signal === 'SIGKILL') await kill();
        else terminate();
        return () => {};
      case 'pause':
        this.#presence = 'away';
        pause(true);
        return () => {
          pause(false);
          this.#presence = 'here';
        };
      case 'disk':
        await disk?.fill();
        return () => disk?.free();
      case 'dns':
        dns(what.how);
        return () => dns(undefined);
    }
  }

  async #startAgain(index: number): Promise<void> {
    // Whoever has not ended by now is ended by force, as a service manager does.
    await this.#switches.kill();
    if (this.#stopped) return;
    this.#switches.mark('mta_starting', index);
    this.#starting = true;
    try {
      await this.#switches.restart();
    } finally {
      this.#starting = false;
    }
    this.#presence = 'here';
  }
}
