/** Which messages several k6 processes have handed over, and that each was handed over by one of them, once. */
import type { InjectionNote } from '../../driver/k6/script-plan.ts';
import type { LoadPlan } from '../../driver/load.ts';
import { iterationsOf, scheduleOf } from '../../driver/schedule.ts';
import type { K6Messages } from '../../report/k6-verdict.ts';

const STATES = ['confirmed', 'refused', 'unconfirmed'] as const satisfies readonly InjectionNote['state'][];
const REFUSED = 1 + STATES.indexOf('refused');

/** What is known of a load's messages. */
interface Numbers {
  readonly first: number;
  readonly count: number;
  /** By message: 0, or 1 + the place of its state. As long as it need be: a load that goes by time may have a billion. */
  states: Uint8Array;
  /** By message: the process that told of it. */
  processes: Uint16Array;
  /** For each process's turn, one more than the highest that was told of. */
  readonly ends: number[];
}

/** Takes in what became of each message, whoever tells it. */
export class InjectedOnce {
  readonly #loads: readonly Numbers[];
  /** Undefined: a load goes by time, so nobody can say. */
  readonly #planned: number | undefined;
  #twice = 0;
  /** Messages that no load has. */
  strangers = 0;

  /** @param processes how many there are, who take turns: each has every so manyth message, and may be slower than others */
  constructor(loads: readonly Pick<LoadPlan, 'recipients' | 'messages' | 'shape'>[], processes: number) {
    this.#loads = loads.map(({ recipients, messages }) => ({
      first: recipients.firstMessage,
      count: messages,
      states: new Uint8Array(1024),
      processes: new Uint16Array(1024),
      ends: Array.from({ length: processes }, () => 0),
    }));
    const planned = loads.map(({ shape }) => iterationsOf(scheduleOf(shape)));
    this.#planned = planned.reduce(
      (sum, count) => (sum !== undefined && count !== undefined ? sum + count : undefined),
      0,
    );
  }

  /** Takes in a note of a process. What was refused may be tried again by the same one; the last note of it counts. */
  take({ message, state }: Pick<InjectionNote, 'message' | 'state'>, process: number): void {
    const load = this.#loads.find(({ first, count }) => message >= first && message < first + count);
    if (!load) {
      this.strangers++;
      return;
    }
    const at = message - load.first;
    makeRoom(load, at);
    const before = load.states[at] as number;
    const again = before === REFUSED && load.processes[at] === process;
    if (before > 0 && !again) {
      this.#twice++;
      return;
    }
    load.states[at] = 1 + STATES.indexOf(state);
    load.processes[at] = process;
    const turn = at % load.ends.length;
    load.ends[turn] = Math.max(load.ends[turn] as number, at + 1);
  }

  /** What became of all. */
  counts(): K6Messages {
    const counts = [0, 0, 0, 0];
    for (const { states, ends } of this.#loads)
      for (const [turn, end] of ends.entries())
        for (let at = turn; at < end; at += ends.length) {
          const state = states[at] as number;
          counts[state] = (counts[state] as number) + 1;
        }
    const [missing = 0, confirmed = 0, refused = 0, unconfirmed = 0] = counts;
    return { planned: this.#planned ?? null, confirmed, refused, unconfirmed, twice: this.#twice, missing };
  }
}

/** Sees to it that a place is there. */
function makeRoom(load: Numbers, at: number): void {
  if (at < load.states.length) return;
  const length = Math.max(at + 1, 2 * load.states.length);
  const { states, processes } = load;
  load.states = new Uint8Array(length);
  load.states.set(states);
  load.processes = new Uint16Array(length);
  load.processes.set(processes);
}
