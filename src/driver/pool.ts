import { after, type Clock } from '../core/clock.ts';
import type { MessageFactory } from './message.ts';
import { Session, type SessionEnd, type SessionOwner, type SessionTarget } from './session.ts';
import type { Job, JobResult } from './transaction.ts';

/** How long a target that refused or dropped a fresh connection is left alone before the next try. */
const RETRY_CONNECT_MS = 250;

interface PoolOptions {
  readonly clock: Clock;
  readonly messages: MessageFactory;
  readonly helo: string;
  readonly timeoutMs: number;
  readonly pipelineAcrossMessages: boolean;
  begun(job: Job): void;
  done(job: Job, connection: number, result: JobResult): void;
}

/** Connections to one target. Jobs wait here, first come first served, until one is free. */
export class ConnectionPool implements SessionOwner {
  readonly #endpoints: readonly SessionTarget[];
  readonly #limit: number;
  readonly #options: PoolOptions;
  readonly #waiting: Job[] = [];
  #head = 0;
  readonly #idle: Session[] = [];
  readonly #sessions = new Set<Session>();
  #opened = 0;
  #connecting = 0;
  #pausedUntil: (() => void) | undefined;
  #closing = false;
  #whenClosed: (() => void) | undefined;

  constructor(endpoints: readonly SessionTarget[], limit: number, options: PoolOptions) {
    this.#endpoints = endpoints;
    this.#limit = limit;
    this.#options = options;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sessions.size;
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

  /** Takes back the jobs that no connection has begun. */
  withdraw(): Job[] {
    const jobs = this.#waiting.slice(this.#head);
    this.#waiting.length = 0;
    this.#head = 0;
    return jobs;
  }

  /** Closes each connection once its jobs have ended; resolves when all are closed. */
  close(): Promise<void> {
    this.#closing = true;
    this.#pausedUntil?.();
    for (const session of this.#idle.splice(0)) session.quit();
    for (const session of this.#sessions) if (!session.wasReady) session.destroy('the load is over');
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed = resolve;
    });
  }

  opened(): void {
    this.#connecting--;
  }

  ready(session: Session): void {
    const job = this.#shift();
    if (job) this.#give(session, job);
    else if (this.#closing) session.quit();
    else this.#idle.push(session);
  }

  done(session: Session, job: Job, result: JobResult): void {
    this.#options.done(job, session.number, result);
  }

  next(): Job | undefined {
    if (!this.#options.pipelineAcrossMessages) return undefined;
    const job = this.#shift();
    if (job) this.#options.begun(job);
    return job;
  }

  answered(): void {}

  closed(session: Session, { wasReady }: SessionEnd): void {
    if (!wasReady) this.#connecting--;
    this.#sessions.delete(session);
    const at = this.#idle.indexOf(session);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#closing) {
      if (this.#sessions.size === 0) this.#whenClosed?.();
      return;
    }
    if (wasReady) this.#connect();
    else if (!this.#pausedUntil) {
      this.#pausedUntil = after(RETRY_CONNECT_MS, () => {
        this.#pausedUntil = undefined;
        this.#connect();
      });
    }
  }

  #give(session: Session, job: Job): void {
    this.#options.begun(job);
    session.start(job);
  }

  /** Opens one more connection, if jobs wait for one and the limit allows. */
  #connect(): void {
    const wanted = this.#waiting.length - this.#head - this.#connecting;
    if (wanted <= 0 || this.#sessions.size >= this.#limit || this.#pausedUntil || this.#closing) return;
    const number = ++this.#opened;
    this.#connecting++;
    const endpoint = this.#endpoints[(number - 1) % this.#endpoints.length] as SessionTarget;
    const { helo, timeoutMs, clock, messages } = this.#options;
    this.#sessions.add(new Session(number, endpoint, { helo, timeoutMs, clock, messages, owner: this }));
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
