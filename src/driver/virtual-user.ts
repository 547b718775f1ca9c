import { after } from '../core/clock.ts';
import { type Dialer, RETRY_CONNECT_MS } from './dialer.ts';
import type { Injections } from './injections.ts';
import type { LoadPlan } from './load.ts';
import type { Probe, ProbeResult, Session, SessionEnd, SessionOwner } from './session.ts';
import type { Job, JobResult } from './transaction.ts';

/** Whom a virtual user asks and tells. */
export interface UserCare {
  readonly plan: Pick<LoadPlan, 'action' | 'pause' | 'messagesPerConnection' | 'retry'>;
  readonly dialer: Dialer;
  /** The number of the user's next message, or undefined if there is none any more. */
  nextMessage(): number | undefined;
  /** Whether a connection may be begun now; if not, `connect` is called later. */
  mayConnect(user: VirtualUser): boolean;
  /** The connection that was begun has been made, or has failed. */
  connected(): void;
  /** An iteration is due. */
  due(): void;
  /** The user has sent its last message. */
  spent(): void;
  /** The user is at work; it has come to rest. They take turns. */
  joined(): void;
  left(): void;
}

/** One user of a closed load: it holds one connection and begins an iteration when the one before has ended. */
export class VirtualUser implements SessionOwner {
  readonly #care: UserCare;
  readonly #injections: Injections;
  #session: Session | undefined;
  #wanted = false;
  #busy = false;
  #spent = false;
  /** The driver itself ends the session. */
  #ending = false;
  /** Messages and NOOPs on this connection. */
  #carried = 0;
  /** A message that was refused for now. */
  #again: Job | undefined;
  /** The number of the next message, once it was asked for. */
  #upcoming: number | undefined;
  #cancelWait: (() => void) | undefined;

  constructor(care: UserCare) {
    this.#care = care;
    this.#injections = care.dialer.options.injections;
  }

  /** Whether it has a connection, or is about to. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** The message that it asked for and has not begun. */
  get unbegun(): number | undefined {
    return this.#upcoming;
  }

  /** Begins, unless it has sent its last message. */
  activate(): void {
    if (this.#wanted || this.#spent) return;
    this.#wanted = true;
    if (!this.#busy) {
      this.#busy = true;
      this.#care.joined();
    }
    if (!this.#session) this.connect();
  }

  /** Ends after the iteration that is under way. */
  deactivate(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    const waits = this.#stopWaiting();
    if (!this.#session) this.#rest();
    else if (!this.#session.wasReady) this.destroy();
    else if (waits) this.#quit();
  }

  /** Ends at once. */
  destroy(): void {
    this.#wanted = false;
    this.#stopWaiting();
    this.#ending = true;
    if (this.#session) this.#session.destroy('the load is over');
    else this.#rest();
  }

  /** Begins a connection, if one may be begun now. */
  connect(): void {
    if (!this.#wanted || this.#session || !this.#care.mayConnect(this)) return;
    this.#ending = false;
    this.#carried = 0;
    this.#session = this.#care.dialer.dial(this);
  }

  opened(_session: Session, readyAfter: number): void {
    this.#care.connected();
    this.#injections.opened(readyAfter);
  }

  ready(session: Session): void {
    if (!this.#goesOn() || this.#isWorn) {
      this.#quit();
      return;
    }
    const { plan } = this.#care;
    const wait = this.#again ? (plan.retry?.wait ?? 0) : this.#carried === 0 ? 0 : plan.pause;
    if (wait === 0) this.#iterate(session);
    else {
      this.#cancelWait = after(wait / 1e3, () => {
        this.#cancelWait = undefined;
        this.#iterate(session);
      });
    }
  }

  done(session: Session, job: Job, result: JobResult): void {
    if (!this.#injections.ended(job, session.number, result)) return;
    // With pipelining the next message may be on its way already, so one can be refused behind another.
    if (this.#wanted && !this.#again) this.#again = job;
    else this.#injections.givenUp(job, 'refused');
  }

  answered(_session: Session, probe: Probe, result: ProbeResult): void {
    this.#injections.answered(probe, result);
  }

  next(): Job | undefined {
    const { plan, dialer } = this.#care;
    if (!dialer.options.pipelineAcrossMessages || !this.#wanted || this.#isWorn || plan.pause > 0)
      return undefined;
    return this.#hasMore() ? this.#begin() : undefined;
  }

  closed(_session: Session, end: SessionEnd): void {
    this.#session = undefined;
    if (!end.wasReady) this.#care.connected();
    this.#injections.closed(end, this.#ending);
    const waits = this.#cancelWait !== undefined;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    if (!this.#goesOn()) this.#rest();
    else if (this.#ending || waits) this.connect();
    else {
      this.#cancelWait = after(RETRY_CONNECT_MS, () => {
        this.#cancelWait = undefined;
        this.connect();
      });
    }
  }

  /** Whether the connection has carried all that it may. */
  get #isWorn(): boolean {
    return this.#carried >= (this.#care.plan.messagesPerConnection ?? Number.POSITIVE_INFINITY);
  }

  #iterate(session: Session): void {
    if (this.#care.plan.action === 'noop') {
      const probe = { due: this.#care.dialer.options.clock.now() };
      this.#carried++;
      this.#care.due();
      this.#injections.begun(probe);
      session.noop(probe);
      return;
    }
    session.start(this.#begin());
  }

  /** Whether there is something to send. Without an answer to its last message that may still change. */
  #hasMore(): boolean {
    if (this.#care.plan.action === 'noop' || this.#again) return true;
    this.#upcoming ??= this.#spent ? undefined : this.#care.nextMessage();
    return this.#upcoming !== undefined;
  }

  /** Whether it is wanted and has something to do; if not, it ends here. */
  #goesOn(): boolean {
    if (this.#wanted && !this.#hasMore()) {
      this.#wanted = false;
      this.#spent = true;
      this.#care.spent();
    }
    return this.#wanted;
  }

  /** Takes the message that waits for another try, or the next. Only if there is one. */
  #begin(): Job {
    let job = this.#again;
    if (!job) {
      job = { message: this.#upcoming as number, due: this.#care.dialer.options.clock.now() };
      this.#upcoming = undefined;
      this.#care.due();
    }
    this.#again = undefined;
    this.#carried++;
    this.#injections.begun(job);
    return job;
  }

  #quit(): void {
    this.#ending = true;
    this.#session?.quit();
  }

  #rest(): void {
    if (!this.#busy) return;
    this.#busy = false;
    this.#care.left();
  }

  /** Cancels a wait; true if there was one. What waited for another try is given up. */
  #stopWaiting(): boolean {
    const waits = this.#cancelWait !== undefined;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    if (this.#again) this.#injections.givenUp(this.#again, 'refused');
    this.#again = undefined;
    return waits;
  }
}
