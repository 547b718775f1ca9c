import type { Clock } from '../core/clock.ts';
import type { Packer } from '../record/attempt-log.ts';
import type { LoadPlan } from './load.ts';
import type { Probe, ProbeResult, SessionEnd } from './session.ts';
import { isTemporary, type Job, type JobResult } from './transaction.ts';

/** Whether a reply grants what was asked (RFC 5321 section 4.2.1). */
const isPositive = (code: number): boolean => code >= 200 && code < 300;

/** Iterations begun later than this after their moment count as late. */
export const LATE_MICROS = 10_000;

/** What a driver knows of itself while it runs. */
export interface DriverCounters {
  /** Iterations that the schedule has named so far. */
  due: number;
  begun: number;
  confirmed: number;
  /** Refused or never confirmed. */
  failed: number;
  /** Due and never begun. */
  dropped: number;
  /** Refused for now; each will be begun again. */
  deferred: number;
  /** NOOPs answered. */
  noops: number;
  /** Begun more than LATE_MICROS after they were due. */
  late: number;
  /** Connections open now. */
  connections: number;
}

/** Counters of nothing yet. */
export function noCounts(): DriverCounters {
  return {
    due: 0,
    begun: 0,
    confirmed: 0,
    failed: 0,
    dropped: 0,
    deferred: 0,
    noops: 0,
    late: 0,
    connections: 0,
  };
}

/** Records and counts what comes of a load's iterations and connections. */
export class Injections {
  readonly #plan: LoadPlan;
  readonly #load: number;
  readonly #clock: Clock;
  readonly #packer: Packer;
  readonly #counters: DriverCounters;
  /** How often each message was handed over again. */
  readonly #tries = new Map<number, number>();
  /** Why the last connection ended that the driver did not end itself. */
  lastTrouble: string | undefined;

  /** @param load the load's place among the run's loads */
  constructor(plan: LoadPlan, load: number, clock: Clock, packer: Packer, counters: DriverCounters) {
    this.#plan = plan;
    this.#load = load;
    this.#clock = clock;
    this.#packer = packer;
    this.#counters = counters;
  }

  /** An iteration begins. */
  begun({ due }: Job | Probe): void {
    this.#counters.begun++;
    if (this.#clock.now() - due > LATE_MICROS) this.#counters.late++;
  }

  /** An iteration has ended. True: the message is to be handed over again after the load's wait. */
  ended(job: Job, connection: number, result: JobResult): boolean {
    const { retry } = this.#plan;
    const again = retry !== undefined && isTemporary(result) && this.#mayTryAgain(job.message, retry.times);
    if (again) this.#counters.deferred++;
    else if (result.state === 'confirmed') this.#counters.confirmed++;
    else this.#counters.failed++;
    const { sentAt, doneAt, code, recipients, refusedSlots } = result;
    // Written out, here and below: a spread object is a third of what a message allocates.
    this.#packer.injection({
      due: job.due,
      sentAfter: sentAt - job.due,
      doneAfter: doneAt - job.due,
      message: job.message,
      connection,
      code,
      recipients,
      state: again ? 'deferred' : result.state,
    });
    if (result.state === 'confirmed') {
      for (const refused of refusedSlots) {
        this.#packer.injection({
          due: job.due,
          sentAfter: sentAt - job.due,
          doneAfter: doneAt - job.due,
          message: job.message,
          connection,
          code: refused.code,
          recipients: 1,
          state: 'refused',
          refusedSlot: refused.slot,
        });
      }
    }
    if (!again && retry) this.#tries.delete(job.message);
    return again;
  }

  /** A message will not be handed over any more: it never was (`dropped`), or it waited for another try. */
  givenUp({ due, message }: Job, state: 'dropped' | 'refused'): void {
    if (state === 'dropped') this.#counters.dropped++;
    else this.#counters.failed++;
    this.#packer.injection({
      due,
      sentAfter: 0,
      doneAfter: 0,
      message,
      connection: 0,
      code: 0,
      recipients: this.#plan.recipients.perMessage,
      state,
    });
  }

  /** A NOOP was answered, or will not be. */
  answered({ due }: Probe, { code, sentAt, doneAt }: ProbeResult): void {
    if (isPositive(code)) this.#counters.noops++;
    else this.#counters.failed++;
    this.#packer.probe({ due, sentAfter: sentAt - due, doneAfter: doneAt - due, load: this.#load, code });
  }

  /** A connection is ready for mail. */
  opened(after: number): void {
    this.#counters.connections++;
    this.#packer.injectorConnection({
      at: this.#clock.now(),
      after,
      load: this.#load,
      code: 0,
      event: 'opened',
    });
  }

  /** A connection is gone. `meant`: the driver ended it. */
  closed({ wasReady, code, reason }: SessionEnd, meant: boolean): void {
    if (wasReady) this.#counters.connections--;
    if (meant) return;
    this.lastTrouble = reason;
    const event = wasReady ? 'lost' : code === 0 ? 'failed' : 'refused';
    this.#packer.injectorConnection({ at: this.#clock.now(), after: 0, load: this.#load, code, event });
  }

  #mayTryAgain(message: number, times: number): boolean {
    const tries = this.#tries.get(message) ?? 0;
    if (tries >= times) return false;
    this.#tries.set(message, tries + 1);
    return true;
  }
}
