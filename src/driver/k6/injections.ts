/** Records what k6's script tells of its injections, as driver/injections.ts does for messages sent over SMTP. */
import type { Clock, Micros } from '../../core/clock.ts';
import type { Packer } from '../../record/attempt-log.ts';
import type { DriverCounters } from '../injections.ts';
import type { LoadPlan } from '../load.ts';
import { partOf, type WorkerShare } from '../running-load.ts';
import type { InjectionNote } from './script-plan.ts';

/** Turns Unix time in milliseconds into moments of the run's clock; never one before the load could begin. */
export function runClock(clock: Clock, wallMs: () => number): (unixMs: number) => Micros {
  // Measured each time: scripts have the wall clock alone (Date.now()), and that may be set during the run.
  return (unixMs) => Math.max(0, Math.round(unixMs * 1e3 - (wallMs() * 1e3 - clock.now())));
}

/** What is recorded with. */
export interface K6Recording {
  readonly loads: readonly LoadPlan[];
  readonly share: WorkerShare;
  readonly moment: (unixMs: number) => Micros;
  readonly packer: Packer;
  readonly counters: DriverCounters;
}

/** The injections of one k6 process. */
export class K6Injections {
  readonly #loads: readonly LoadState[];
  readonly #recording: K6Recording;
  /** Messages that no load has, or that are told of again though they were not refused. */
  strangers = 0;

  constructor(recording: K6Recording) {
    this.#recording = recording;
    this.#loads = recording.loads.map((plan) => new LoadState(plan, recording.share));
  }

  /** Takes in what became of a message; `durationMs`: from the request to its answer. */
  take(note: InjectionNote, durationMs: number): void {
    const { message, sentAtMs, state, status, refusedSlots } = note;
    const load = this.#loads.find((each) => each.has(message));
    const { moment, packer, counters } = this.#recording;
    if (!load || !(load.see(message) || load.refused.has(message))) {
      this.strangers++;
      return;
    }
    const due = moment(sentAtMs);
    load.lastDue = due;
    if (load.refused.delete(message)) counters.failed--;
    else {
      counters.due++;
      counters.begun++;
    }
    if (state === 'refused') load.refused.add(message);
    if (state === 'confirmed') counters.confirmed++;
    else counters.failed++;
    // k6 begins what is late at once or not at all: nothing waits between the moment due and the moment sent.
    const common = {
      due,
      sentAfter: 0,
      doneAfter: Math.round(durationMs * 1e3),
      message,
      connection: 0,
      code: status,
    };
    packer.injection({ ...common, recipients: load.plan.recipients.perMessage, state });
    if (state !== 'confirmed') return;
    for (const refusedSlot of refusedSlots)
      packer.injection({ ...common, recipients: 1, state: 'refused', refusedSlot });
  }

  /**
   * k6 had nobody free for so many iterations of a load.
   * @param name undefined: the script's `options.systemTags` leave it out, so it is known where there is one load alone
   */
  dropped(name: string | undefined, count: number, atMs: number): void {
    const only = this.#loads.length === 1 ? this.#loads[0] : undefined;
    const load = name === undefined ? only : this.#loads.find(({ plan }) => plan.name === name);
    if (!load) return;
    const { counters, moment } = this.#recording;
    counters.due += count;
    counters.dropped += count;
    for (let n = 0; n < count; n++) load.dropped.push(moment(atMs));
  }

  /**
   * Nothing more comes: records what was dropped, with numbers that no message had, and what was cut off, of which k6 tells
   * nothing.
   */
  end(): void {
    for (const load of this.#loads) {
      // A script of the user's need not send a message for each number.
      if (load.plan.k6?.script === undefined)
        for (const message of load.missing()) {
          const { counters } = this.#recording;
          counters.due++;
          counters.begun++;
          counters.failed++;
          this.#unanswered(load, message, 'unconfirmed', load.lastDue);
        }
      load.unused(load.dropped.length).forEach((message, at) => {
        this.#unanswered(load, message, 'dropped', load.dropped[at] ?? 0);
      });
    }
  }

  #unanswered({ plan }: LoadState, message: number, state: 'unconfirmed' | 'dropped', due: Micros): void {
    this.#recording.packer.injection({
      due,
      sentAfter: 0,
      doneAfter: 0,
      message,
      connection: 0,
      code: 0,
      recipients: plan.recipients.perMessage,
      state,
    });
  }
}

/**
 * Which of a load's messages this process has told of. Its own are every `of`th, from its place on, and k6 takes them in
 * their order (k6 documentation, "Execution segment": iterations are striped), so those seen are all up to some, and a few
 * beyond. Should k6 ever part them in another way, nothing is concluded from those that were not seen.
 */
class LoadState {
  readonly plan: LoadPlan;
  /** When iterations were dropped, in k6's order. */
  readonly dropped: Micros[] = [];
  /** Messages that were refused: a script may hand them over again, and what it tells last of one counts. */
  readonly refused = new Set<number>();
  lastDue: Micros = 0;
  readonly #share: WorkerShare;
  /** Own messages before this place were all seen. */
  #next = 0;
  readonly #beyond = new Set<number>();
  #last = -1;
  /** Of the numbers that are not its own. */
  readonly #others = new Set<number>();

  constructor(plan: LoadPlan, share: WorkerShare) {
    this.plan = plan;
    this.#share = share;
  }

  has(message: number): boolean {
    const number = message - this.plan.recipients.firstMessage;
    return number >= 0 && number < this.plan.messages;
  }

  /** False if it was seen before. */
  see(message: number): boolean {
    const number = message - this.plan.recipients.firstMessage;
    const { worker, of } = this.#share;
    if (number % of !== worker) {
      const before = this.#others.size;
      return this.#others.add(number).size > before;
    }
    const place = (number - worker) / of;
    if (place < this.#next || this.#beyond.has(place)) return false;
    this.#beyond.add(place);
    this.#last = Math.max(this.#last, place);
    while (this.#beyond.delete(this.#next)) this.#next++;
    return true;
  }

  /** Messages before the last seen of which there is no word. */
  missing(): number[] {
    const missing: number[] = [];
    if (this.#others.size > 0) return missing;
    for (let place = this.#next; place < this.#last; place++)
      if (!this.#beyond.has(place)) missing.push(this.#message(place));
    return missing;
  }

  /** The last `count` of its messages that come after all that were seen; fewer if there are not so many. */
  unused(count: number): number[] {
    if (this.#others.size > 0) return [];
    const own = partOf(this.plan.messages, this.#share);
    const first = Math.max(this.#last + 1, own - count);
    return Array.from({ length: Math.max(0, own - first) }, (_, at) => this.#message(first + at));
  }

  #message(place: number): number {
    const { worker, of } = this.#share;
    return this.plan.recipients.firstMessage + worker + place * of;
  }
}
