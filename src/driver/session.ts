/**
 * One SMTP connection of the driver (RFC 5321), persistent, pipelined where the server offers it (RFC 2920). Where
 * the owner wants it, the envelope of the next message follows a body at once.
 */
import { connect, type Socket } from 'node:net';
import type { Clock, Micros } from '../core/clock.ts';
import type { MessageFactory } from './message.ts';
import {
  type Extensions,
  Opening,
  type OpeningPlan,
  type OpeningStep,
  type SessionStage,
} from './opening.ts';
import { isIntermediate, ReplyReader } from './reply-reader.ts';
import { secure } from './secure.ts';
import { type Job, type JobResult, Transaction } from './transaction.ts';
import { writeMessage } from './write-message.ts';

/** Where a session connects to, from where and how. */
export interface SessionTarget extends OpeningPlan {
  readonly address: string;
  readonly port: number;
  /** The injector's own address; default: the system's choice. */
  readonly localAddress?: string;
}

/** A NOOP to be sent (RFC 5321 section 4.1.1.9), which shows that an open connection is alive. */
export interface Probe {
  /** When the schedule wanted it sent. */
  readonly due: Micros;
}

/** How a NOOP ended. */
export interface ProbeResult {
  /** The reply; 0 if none was read. */
  readonly code: number;
  readonly sentAt: Micros;
  readonly doneAt: Micros;
}

/** How a connection ended. */
export interface SessionEnd {
  /** The reply that refused or ended the connection (221 after QUIT); 0 if there was none. */
  readonly code: number;
  /** What it was at when it ended. */
  readonly stage: SessionStage;
  readonly reason: string;
  readonly wasReady: boolean;
}

/** Whom a session reports to. */
export interface SessionOwner {
  /** The session is open: greeting, TLS, EHLO and AUTH are done, so long after it began to connect. Called once. */
  opened(session: Session, readyAfter: Micros): void;
  /** The session can take a job or a probe now. Called after `opened`, and whenever it has nothing more to do. */
  ready(session: Session): void;
  done(session: Session, job: Job, result: JobResult): void;
  answered(session: Session, probe: Probe, result: ProbeResult): void;
  /** A job that may be sent right behind the current one, or undefined. */
  next(session: Session): Job | undefined;
  /** The connection is gone. What was under way has been reported before. */
  closed(session: Session, end: SessionEnd): void;
}

/** What all sessions of an owner have in common. */
export interface SessionOptions {
  readonly helo: string;
  /** A connection on which nothing moves for so long while a reply is due is given up. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly messages: MessageFactory;
  readonly owner: SessionOwner;
}

/** What the next reply is to. */
type Awaited = 'opening' | 'nothing' | 'mail' | 'rcpt' | 'data' | 'dot' | 'reset' | 'noop' | 'quit';

/**
 * Where all sockets of the process put what they have read: it is dealt with before the next one reads. Without it,
 * Node makes new memory for each read.
 */
const RECEIVED = Buffer.allocUnsafeSlow(65_536);

/** A connection that sends one message after the other. It connects at once and says when it is ready. */
export class Session {
  /** The number that its owner gave it. */
  readonly number: number;
  readonly #options: SessionOptions;
  readonly #reader = new ReplyReader();
  readonly #beganAt: Micros;
  #socket: Socket;
  /** Until the session is open. */
  #opening: Opening | undefined;
  #awaited: Awaited = 'opening';
  #extensions: Extensions = { pipelining: false, eightBit: false };
  #closed = false;
  #current: Transaction | undefined;
  /** Pipelined behind the current one. */
  #following: Transaction | undefined;
  #probe: { readonly probe: Probe; readonly sentAt: Micros } | undefined;

  constructor(number: number, target: SessionTarget, options: SessionOptions) {
    this.number = number;
    this.#options = options;
    this.#beganAt = options.clock.now();
    this.#opening = new Opening(target, options.helo);
    this.#reader.keepText = true;
    this.#socket = connect({
      host: target.address,
      port: target.port,
      ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
      noDelay: true,
      onread: {
        buffer: RECEIVED,
        callback: (length) => {
          this.#read(RECEIVED, length);
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#take(this.#opening?.connected()));
    // Not as an argument of setTimeout, which listens once: an idle session's first silence would be the last noticed.
    this.#socket.setTimeout(options.timeoutMs).on('timeout', () => this.#timedOut());
    this.#listen();
  }

  /** Whether it has come so far as to take messages. */
  get wasReady(): boolean {
    return this.#opening === undefined;
  }

  /** Sends a message. Only for a session that has said it is ready. */
  start(job: Job): void {
    this.#current = this.#begin(job);
    this.#awaited = 'mail';
    this.#say(this.#envelope(this.#current));
  }

  /** Sends NOOP. Only for a session that has said it is ready. */
  noop(probe: Probe): void {
    this.#probe = { probe, sentAt: this.#options.clock.now() };
    this.#awaited = 'noop';
    this.#say('NOOP\r\n');
  }

  /** Says QUIT, and closes when that is answered. Only for a session that has said it is ready. */
  quit(): void {
    if (this.#closed) return;
    this.#awaited = 'quit';
    this.#say('QUIT\r\n');
  }

  /** Closes at once; what is under way ends as it stands. */
  destroy(reason: string): void {
    this.#end(0, reason);
  }

  #listen(): void {
    this.#socket.on('error', (error) => this.#end(0, error.message));
    this.#socket.on('close', () => this.#end(0, 'the connection was closed'));
  }

  #timedOut(): void {
    // A session that waits for its next job may do so for ever.
    if (this.#awaited !== 'nothing') this.#end(0, `no reply within ${this.#options.timeoutMs / 1e3} s`);
  }

  #read(chunk: Buffer, length: number): void {
    this.#reader.take(chunk, length);
    while (!this.#closed && this.#reader.next()) this.#reply(this.#reader.code);
  }

  #reply(code: number): void {
    if (code === 0) this.#end(0, 'the server says what is not SMTP');
    else if (this.#opening) this.#take(this.#opening.replied(code, this.#reader.text));
    // The server closes, whatever it was asked (RFC 5321 section 3.8).
    else if (code === 421) this.#end(code, 'the server closes the connection with 421');
    else this.#answer(code);
  }

  /** The next step of the opening. */
  #take(step: OpeningStep | undefined): void {
    switch (step?.do) {
      case 'say':
        this.#say(`${step.line}\r\n`);
        return;
      case 'secure':
        this.#secure();
        return;
      case 'open':
        this.#open(step.extensions);
        return;
      case 'fail':
        this.#end(step.code, step.reason);
    }
  }

  #secure(): void {
    // Whatever was said in the clear behind the reply to STARTTLS may be another's words (RFC 3207 section 6).
    this.#reader.discard();
    const socket = secure(this.#socket);
    socket.on('data', (chunk: Buffer) => this.#read(chunk, chunk.length));
    socket.on('secureConnect', () => this.#take(this.#opening?.secured()));
    this.#socket = socket;
    this.#listen();
  }

  #open(extensions: Extensions): void {
    this.#extensions = extensions;
    this.#opening = undefined;
    this.#reader.keepText = false;
    this.#reader.text = '';
    this.#awaited = 'nothing';
    const { owner, clock } = this.#options;
    owner.opened(this, clock.now() - this.#beganAt);
    if (!this.#closed) owner.ready(this);
  }

  #answer(code: number): void {
    switch (this.#awaited) {
      case 'mail':
        this.#mailAnswered(this.#current as Transaction, code);
        return;
      case 'rcpt':
        this.#recipientAnswered(this.#current as Transaction, code);
        return;
      case 'data':
        this.#dataAnswered(this.#current as Transaction, code);
        return;
      case 'dot':
      case 'reset':
        this.#finish(code);
        return;
      case 'noop':
        this.#probed(code);
        this.#idle();
        return;
      case 'quit':
        this.#end(code, 'quit');
        return;
      default:
        this.#end(code, `the server says ${code} unasked`);
    }
  }

  #mailAnswered(current: Transaction, code: number): void {
    current.mailAnswered(code);
    if (this.#extensions.pipelining) this.#awaited = 'rcpt';
    else if (current.mailRefused) this.#finish(code);
    else this.#ask('rcpt', `RCPT TO:<${current.message.recipients[0]}>\r\n`);
  }

  #recipientAnswered(current: Transaction, code: number): void {
    current.recipientAnswered(code);
    const { recipients } = current.message;
    if (this.#extensions.pipelining) {
      if (current.answered === recipients.length) this.#awaited = 'data';
    } else if (current.answered < recipients.length)
      this.#ask('rcpt', `RCPT TO:<${recipients[current.answered]}>\r\n`);
    else if (current.accepted > 0) this.#ask('data', 'DATA\r\n');
    else this.#ask('reset', 'RSET\r\n');
  }

  #dataAnswered(current: Transaction, code: number): void {
    if (isIntermediate(code)) this.#sendContent(current);
    else {
      current.dataRefused(code);
      // So that the next message starts clean.
      this.#ask('reset', 'RSET\r\n');
    }
  }

  #ask(what: Awaited, line: string): void {
    this.#awaited = what;
    this.#say(line);
  }

  #say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  #begin(job: Job): Transaction {
    const { clock, messages } = this.#options;
    return new Transaction(job, messages(job.message, job.original), clock.now());
  }

  /** All of the envelope with pipelining, else its first command. */
  #envelope({ message }: Transaction): string {
    // To a server that does not offer 8BITMIME an 8-bit message goes as it is, as bulk senders do (RFC 6152 section 3
    // would have it converted or returned).
    const body = message.eightBit && this.#extensions.eightBit ? ' BODY=8BITMIME' : '';
    let text = `MAIL FROM:<${message.sender}>${body}\r\n`;
    if (!this.#extensions.pipelining) return text;
    for (const recipient of message.recipients) text += `RCPT TO:<${recipient}>\r\n`;
    return `${text}DATA\r\n`;
  }

  #sendContent(current: Transaction): void {
    this.#awaited = 'dot';
    const next = this.#extensions.pipelining ? this.#options.owner.next(this) : undefined;
    if (next) this.#following = this.#begin(next);
    const tail = this.#following ? `.\r\n${this.#envelope(this.#following)}` : '.\r\n';
    // A server that says 354 although it took no recipient waits for a dot (RFC 2920 section 3.1).
    if (current.accepted === 0) {
      this.#say(tail);
      return;
    }
    current.contentSent = true;
    writeMessage(this.#socket, current.message.head, current.message.body, tail);
  }

  #finish(code: number): void {
    const ended = this.#current as Transaction;
    this.#current = this.#following;
    this.#following = undefined;
    this.#awaited = this.#current ? 'mail' : 'nothing';
    this.#report(ended, code);
    if (!this.#current) this.#idle();
  }

  #report(ended: Transaction, code: number): void {
    const { owner, clock } = this.#options;
    owner.done(this, ended.job, ended.ended(code, clock.now()));
  }

  #probed(code: number): void {
    const { owner, clock } = this.#options;
    const { probe, sentAt } = this.#probe as { probe: Probe; sentAt: Micros };
    this.#probe = undefined;
    owner.answered(this, probe, { code, sentAt, doneAt: clock.now() });
  }

  /** The owner may have closed the session in what it was just told. */
  #idle(): void {
    if (this.#closed) return;
    this.#awaited = 'nothing';
    this.#options.owner.ready(this);
  }

  /** `code`: the reply that ended the connection, 0 if none did. */
  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    const stage = this.#opening?.stage ?? 'open';
    for (const ended of [this.#current, this.#following]) if (ended) this.#report(ended, code);
    this.#current = undefined;
    this.#following = undefined;
    if (this.#probe) this.#probed(code);
    this.#options.owner.closed(this, { code, stage, reason, wasReady: stage === 'open' });
  }
}
