/** Which messages several k6 processes have handed over, and that each was handed over by one of them, once. */
import type { InjectionNote } from '../../driver/k6/script-plan.ts';
import type { LoadPlan } from '../../driver/load.ts';
import type { K6Messages } from '../../report/k6-verdict.ts';

const STATES = ['confirmed', 'refused', 'unconfirmed'] as const satisfies readonly InjectionNote['state'][];

interface Numbers {
  readonly first: number;
  readonly count: number;
  /** By message: 0, or 1 + the place of its state. */
  readonly states: Uint8Array;
  /** By message: the process that told of it. */
  readonly processes: Uint16Array;
  /** One more than the highest that was told of. */
  end: number;
}

/** Takes in what became of each message, whoever tells it. */
export class InjectedOnce {
  readonly #loads: readonly Numbers[];
  #twice = 0;
  /** Messages that no load has. */
  strangers = 0;

  constructor(loads: readonly Pick<LoadPlan, 'recipients' | 'messages'>[]) {
    this.#loads = loads.map(({ recipients, messages }) => ({
      first: recipients.firstMessage,
      count: messages,
      states: new Uint8Array(messages),
      processes: new Uint16Array(messages),
      end: 0,
    }));
  }

  /** Takes in a note of a process. What was refused may be tried again by the same one; the last note of it counts. */
  take({ message, state }: Pick<InjectionNote, 'message' | 'state'>, process: number): void {
    const load = this.#loads.find(({ first, count }) => message >= first && message < first + count);
    if (!load) {
      this.strangers++;
      return;
    }
    const at = message - load.first;
    const before = load.states[at] as number;
    const again = before === 1 + STATES.indexOf('refused') && load.processes[at] === process;
    if (before > 0 && !again) {
      this.#twice++;
      return;
    }
    load.states[at] = 1 + STATES.indexOf(state);
    load.processes[at] = process;
    load.end = Math.max(load.end, at + 1);
  }

  /** What became of all. */
  counts(): K6Messages {
    const counts = [0, 0, 0, 0];
    for (const { states, end } of this.#loads)
      for (const state of states.subarray(0, end)) counts[state] = (counts[state] as number) + 1;
    const [missing = 0, confirmed = 0, refused = 0, unconfirmed = 0] = counts;
    const planned = this.#loads.reduce((sum, { count }) => sum + count, 0);
    return { planned, confirmed, refused, unconfirmed, twice: this.#twice, missing };
  }
}
