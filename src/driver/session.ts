/**
 * One SMTP connection of the driver (RFC 5321), persistent, pipelined where the server offers it (RFC 2920). Where
 * the owner wants it, the envelope of the next message follows a body at once.
 */
import { connect, type Socket } from 'node:net';
import type { Clock, Micros } from '../core/clock.ts';
import type { InjectionState } from '../record/attempt-log.ts';
import type { Message, MessageFactory } from './message.ts';

/** One message to be sent. */
export interface Job {
  readonly message: number;
  /** When the schedule wanted it sent. */
  readonly due: Micros;
}

/** How a job ended. */
export interface JobResult {
  readonly state: InjectionState;
  /** The reply that decided it; 0 if none was read. */
  readonly code: number;
  readonly sentAt: Micros;
  readonly doneAt: Micros;
  /** Recipients that the server refused while it took the message for others. */
  readonly refusedSlots: readonly { readonly slot: number; readonly code: number }[];
  readonly recipients: number;
}

/** Whom a session reports to. */
export interface SessionOwner {
  /** The session can take a job now. */
  ready(session: Session): void;
  done(session: Session, job: Job, result: JobResult): void;
  /** A job that may be sent right behind the current one, or undefined. */
  next(session: Session): Job | undefined;
  /** The connection is gone. `code`: the reply that refused it, 0 if there was none. */
  closed(session: Session, code: number, reason: string): void;
}

export interface SessionTarget {
  readonly address: string;
  readonly port: number;
  readonly localAddress?: string;
}

type Expect = 'greeting' | 'ehlo' | 'mail' | 'rcpt' | 'data' | 'dot' | 'reset' | 'quit';

interface Sending {
  readonly job: Job;
  readonly message: Message;
  readonly sentAt: Micros;
  /** The first reply that was not what was hoped for. */
  refusal: number;
  accepted: number;
  readonly refusedSlots: { slot: number; code: number }[];
  answeredRcpts: number;
  contentSent: boolean;
}

const CRLF_DOT = Buffer.from('.\r\n', 'latin1');

/** A connection that sends one message after the other. It connects at once and says when it is ready. */
export class Session {
  readonly #socket: Socket;
  readonly #owner: SessionOwner;
  readonly #clock: Clock;
  readonly #messages: MessageFactory;
  readonly #helo: string;
  /** What the replies to come are to, oldest first. */
  readonly #expected: Expect[] = [];
  /** Jobs under way, oldest first: at most the current one and the one pipelined behind it. */
  readonly #sending: Sending[] = [];
  #pipelining = false;
  #buffered = '';
  #closed = false;
  #refusal = 0;

  constructor(
    target: SessionTarget,
    options: { helo: string; timeoutMs: number; clock: Clock; messages: MessageFactory; owner: SessionOwner },
  ) {
    this.#owner = options.owner;
    this.#clock = options.clock;
    this.#messages = options.messages;
    this.#helo = options.helo;
    this.#expected.push('greeting');
    this.#socket = connect({
      host: target.address,
      port: target.port,
      ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
      noDelay: true,
    });
    this.#socket.setEncoding('latin1');
    this.#socket.setTimeout(options.timeoutMs, () =>
      this.#end(`no reply within ${options.timeoutMs / 1e3} s`),
    );
    this.#socket.on('data', (chunk) => this.#read(String(chunk)));
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('connection closed'));
  }

  /** True while a job is under way. */
  get busy(): boolean {
    return this.#sending.length > 0;
  }

  /** Sends a message. Only for a session that has said it is ready. */
  start(job: Job): void {
    this.#begin(job);
    this.#sendEnvelope();
  }

  /** Says QUIT and closes. */
  quit(): void {
    if (this.#closed) return;
    this.#expected.push('quit');
    this.#socket.end('QUIT\r\n');
  }

  /** Closes at once; jobs under way end as they stand. */
  destroy(reason: string): void {
    this.#end(reason);
  }

  #begin(job: Job): void {
    const message = this.#messages(job.message);
    this.#sending.push({
      job,
      message,
      sentAt: this.#clock.now(),
      refusal: 0,
      accepted: 0,
      refusedSlots: [],
      answeredRcpts: 0,
      contentSent: false,
    });
  }

  /** Writes the envelope of the newest job: all of it with pipelining, else its first command. */
  #sendEnvelope(): void {
    const { message } = this.#sending[this.#sending.length - 1] as Sending;
    let text = `MAIL FROM:<${message.sender}>\r\n`;
    this.#expected.push('mail');
    if (this.#pipelining) {
      for (const recipient of message.recipients) {
        text += `RCPT TO:<${recipient}>\r\n`;
        this.#expected.push('rcpt');
      }
      text += 'DATA\r\n';
      this.#expected.push('data');
    }
    this.#socket.write(text, 'latin1');
  }

  #read(chunk: string): void {
    this.#buffered += chunk;
    for (;;) {
      const end = this.#buffered.indexOf('\n');
      if (end < 0) return;
      const line = this.#buffered.slice(0, end);
      this.#buffered = this.#buffered.slice(end + 1);
      if (this.#expected[0] === 'ehlo' && /^250[- ]PIPELINING\r?$/i.test(line)) this.#pipelining = true;
      // Only the last line of a reply has a blank (or nothing) after its code.
      if (line[3] === '-') continue;
      this.#reply(Number(line.slice(0, 3)) || 0);
      if (this.#closed) return;
    }
  }

  #reply(code: number): void {
    const expected = this.#expected.shift();
    const current = this.#sending[0];
    if (code === 421) this.#refusal = 421;
    // A reply that nothing asked for: a 421 on an idle connection, most often (RFC 5321 section 3.8).
    if (expected === undefined) this.#refuse(code);
    else if (expected === 'quit') this.#end('quit');
    else if (expected === 'greeting') this.#greeted(code);
    else if (expected === 'ehlo') this.#introduced(code);
    else if (current) this.#transactionReply(expected, code, current);
  }

  #greeted(code: number): void {
    if (code !== 220) {
      this.#refuse(code);
      return;
    }
    this.#expected.push('ehlo');
    this.#socket.write(`EHLO ${this.#helo}\r\n`);
  }

  #introduced(code: number): void {
    if (code === 250) this.#owner.ready(this);
    else this.#refuse(code);
  }

  #transactionReply(expected: Expect, code: number, current: Sending): void {
    switch (expected) {
      case 'mail':
        if (code >= 300) current.refusal ||= code;
        if (this.#pipelining) return;
        if (code < 300) this.#step('rcpt', current);
        else this.#reset();
        return;
      case 'rcpt':
        this.#recipientAnswered(current, code);
        if (this.#pipelining) return;
        if (current.answeredRcpts < current.message.recipients.length) this.#step('rcpt', current);
        else if (current.accepted > 0) this.#step('data', current);
        else this.#reset();
        return;
      case 'data':
        if (code === 354) this.#sendContent(current);
        else {
          current.refusal ||= code;
          this.#reset();
        }
        return;
      case 'dot':
        this.#finish(code >= 200 && code < 300 && current.accepted > 0 ? 'confirmed' : 'refused', code);
        return;
      default:
        this.#finish('refused', current.refusal);
    }
  }

  #recipientAnswered(current: Sending, code: number): void {
    if (code < 300) current.accepted++;
    else {
      current.refusedSlots.push({ slot: current.answeredRcpts, code });
      current.refusal ||= code;
    }
    current.answeredRcpts++;
  }

  #step(command: 'rcpt' | 'data', current: Sending): void {
    this.#expected.push(command);
    if (command === 'data') this.#socket.write('DATA\r\n');
    else this.#socket.write(`RCPT TO:<${current.message.recipients[current.answeredRcpts]}>\r\n`, 'latin1');
  }

  #sendContent(current: Sending): void {
    this.#socket.cork();
    // A server that says 354 although it took no recipient waits for a dot (RFC 2920 section 3.1).
    if (current.accepted > 0) {
      this.#socket.write(current.message.head, 'latin1');
      this.#socket.write(current.message.body);
    }
    this.#socket.write(CRLF_DOT);
    this.#expected.push('dot');
    current.contentSent = current.accepted > 0;
    const next = this.#pipelining ? this.#owner.next(this) : undefined;
    if (next) {
      this.#begin(next);
      this.#sendEnvelope();
    }
    this.#socket.uncork();
  }

  /** Ends a transaction that was refused before its content, so that the next starts clean. */
  #reset(): void {
    this.#expected.push('reset');
    this.#socket.write('RSET\r\n');
  }

  #finish(state: InjectionState, code: number): void {
    const ended = this.#sending.shift();
    if (ended) this.#report(ended, state, code);
    if (this.#sending.length === 0 && !this.#closed) this.#owner.ready(this);
  }

  #report(ended: Sending, state: InjectionState, code: number): void {
    this.#owner.done(this, ended.job, {
      state,
      code: state === 'refused' && ended.accepted === 0 && ended.refusal !== 0 ? ended.refusal : code,
      sentAt: ended.sentAt,
      doneAt: this.#clock.now(),
      refusedSlots: ended.refusedSlots,
      recipients: ended.message.recipients.length,
    });
  }

  #refuse(code: number): void {
    this.#refusal = code;
    this.#end(`refused with ${code}`);
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    for (const ended of this.#sending.splice(0)) {
      this.#report(
        ended,
        ended.contentSent ? 'unconfirmed' : 'refused',
        ended.contentSent ? 0 : this.#refusal,
      );
    }
    this.#owner.closed(this, this.#refusal, reason);
  }
}
