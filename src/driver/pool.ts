import { after } from '../core/clock.ts';
import { type Dialer, RETRY_CONNECT_MS } from './dialer.ts';
import type { Session, SessionEnd, SessionOwner } from './session.ts';
import type { Job, JobResult } from './transaction.ts';

/** How many connections a pool keeps, for how many messages each. */
export interface PoolLimits {
  readonly connections: number;
  readonly messagesPerConnection: number | undefined;
  /** How long a message that was refused for now waits for its next try. */
  readonly retryWaitMs: number;
}

/** Connections to one target for a load that does not wait. Jobs wait here, first come first served, until one is free. */
export class ConnectionPool implements SessionOwner {
  readonly #dialer: Dialer;
  readonly #limits: PoolLimits;
  readonly #waiting: Job[] = [];
  #head = 0;
  /** Jobs that were refused for now, with what cancels their next try. */
  readonly #deferred = new Map<Job, () => void>();
  readonly #idle: Session[] = [];
  readonly #sessions = new Set<Session>();
  /** Sessions that are told to end. */
  readonly #ending = new Set<Session>();
  /** Messages on each session; kept only where their number is limited. */
  readonly #carried = new Map<Session, number>();
  #connecting = 0;
  #pausedUntil: (() => void) | undefined;
  #closing = false;
  #whenClosed: (() => void) | undefined;

  constructor(dialer: Dialer, limits: PoolLimits) {
    this.#dialer = dialer;
    this.#limits = limits;
  }

  /** Sends a job as soon as a connection is free. */
  submit(job: Job): void {
    const session = this.#idle.pop();
    if (session) this.#give(session, job);
    else {
      this.#waiting.push(job);
      this.#connect();
    }
  }

  /** Takes back the jobs that no connection has begun, and those that wait for another try. */
  withdraw(): { readonly unbegun: readonly Job[]; readonly refused: readonly Job[] } {
    const unbegun = this.#waiting.slice(this.#head);
    this.#waiting.length = 0;
    this.#head = 0;
    const refused = [...this.#deferred.keys()];
    for (const cancel of this.#deferred.values()) cancel();
    this.#deferred.clear();
    return { unbegun, refused };
  }

  /** Closes each connection once its jobs have ended; resolves when all are closed. */
  close(): Promise<void> {
    this.#closing = true;
    this.#pausedUntil?.();
    for (const session of this.#idle.splice(0)) this.#quit(session);
    for (const session of this.#sessions) if (!session.wasReady) this.#destroy(session);
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed = resolve;
    });
  }

  /** Ends every connection at once; jobs under way end as they stand. */
  destroy(): void {
    for (const session of [...this.#sessions]) this.#destroy(session);
  }

  opened(_session: Session, readyAfter: number): void {
    this.#connecting--;
    this.#dialer.options.injections.opened(readyAfter);
  }

  ready(session: Session): void {
    if (this.#isWorn(session)) {
      this.#quit(session);
      return;
    }
    const job = this.#shift();
    if (job) this.#give(session, job);
    else if (this.#closing) this.#quit(session);
    else this.#idle.push(session);
  }

  done(session: Session, job: Job, result: JobResult): void {
    if (!this.#dialer.options.injections.ended(job, session.number, result)) return;
    if (this.#closing) {
      this.#dialer.options.injections.givenUp(job, 'refused');
      return;
    }
    const cancel = after(this.#limits.retryWaitMs, () => {
      this.#deferred.delete(job);
      this.submit(job);
    });
    this.#deferred.set(job, cancel);
  }

  next(session: Session): Job | undefined {
    if (!this.#dialer.options.pipelineAcrossMessages || this.#isWorn(session)) return undefined;
    const job = this.#shift();
    if (job) this.#begin(session, job);
    return job;
  }

  answered(): void {}

  closed(session: Session, end: SessionEnd): void {
    if (!end.wasReady) this.#connecting--;
    this.#sessions.delete(session);
    this.#carried.delete(session);
    this.#dialer.options.injections.closed(end, this.#ending.delete(session));
    const at = this.#idle.indexOf(session);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#closing) {
      if (this.#sessions.size === 0) this.#whenClosed?.();
      return;
    }
    if (end.wasReady) this.#connect();
    else if (!this.#pausedUntil) {
      this.#pausedUntil = after(RETRY_CONNECT_MS, () => {
        this.#pausedUntil = undefined;
        this.#connect();
      });
    }
  }

  #give(session: Session, job: Job): void {
    this.#begin(session, job);
    session.start(job);
  }

  #begin(session: Session, job: Job): void {
    this.#dialer.options.injections.begun(job);
    if (this.#limits.messagesPerConnection !== undefined)
      this.#carried.set(session, (this.#carried.get(session) ?? 0) + 1);
  }

  /** Whether a connection has carried all that it may. */
  #isWorn(session: Session): boolean {
    const { messagesPerConnection } = this.#limits;
    return messagesPerConnection !== undefined && (this.#carried.get(session) ?? 0) >= messagesPerConnection;
  }

  #quit(session: Session): void {
    this.#ending.add(session);
    session.quit();
  }

  #destroy(session: Session): void {
    this.#ending.add(session);
    session.destroy('the load is over');
  }

  /** Opens more connections, one for each job that waits for one, as far as the limit allows. */
  #connect(): void {
    while (
      !this.#pausedUntil &&
      !this.#closing &&
      this.#connecting < this.#waiting.length - this.#head &&
      this.#sessions.size < this.#limits.connections
    ) {
      this.#connecting++;
      this.#sessions.add(this.#dialer.dial(this));
    }
  }

  #shift(): Job | undefined {
    if (this.#head === this.#waiting.length) return undefined;
    const job = this.#waiting[this.#head++];
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    return job;
  }
}
